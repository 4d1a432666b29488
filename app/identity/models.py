"""People with an account, and the sessions in which they are signed in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from app.shared.ids import AccountId, AddressId, SessionId
from app.shared.postal import Address
from app.shared.texts import Text

InvitationId = NewType("InvitationId", str)


class Role(StrEnum):
    """What an account may do. Everybody but a customer is staff."""

    CUSTOMER = "customer"
    OWNER = "owner"
    MANAGER = "manager"
    SUPPORT = "support"
    ANALYST = "analyst"

    @property
    def is_staff(self) -> bool:
        """Whether the account works here."""
        return self is not Role.CUSTOMER

    @property
    def label(self) -> Text:
        """The role as readers know it."""
        return _ROLES[self]


_ROLES = {
    Role.CUSTOMER: Text("Customer"),
    Role.OWNER: Text("Owner"),
    Role.MANAGER: Text("Manager"),
    Role.SUPPORT: Text("Support"),
    Role.ANALYST: Text("Analyst"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedAddress:
    """An entry of the address book."""

    id: AddressId
    address: Address
    is_default: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A person's account. ``email`` is in lower case.

    ``verified_at`` is when its owner proved to read mail sent there. Of several accounts that
    name the same address only one can be verified: the others are somebody's claim.
    """

    id: AccountId
    email: str
    name: str
    role: Role
    password_hash: str
    verified_at: datetime | None
    created_at: datetime
    addresses: tuple[SavedAddress, ...]
    has_second_factor: bool
    recovery_codes_left: int
    recovery_round: int = 0  # how often the recovery codes were made anew
    second_factor_required: bool = False  # by an owner, of somebody who works here
    leaves_at: datetime | None = None  # when it is deleted, as its owner asked

    @property
    def verified(self) -> bool:
        """Whether the address is proven."""
        return self.verified_at is not None

    @property
    def password_mark(self) -> str:
        """Changes with the password, and says nothing of it."""
        return hashlib.sha256(self.password_hash.encode()).hexdigest()[:16]

    @property
    def default_address(self) -> SavedAddress | None:
        """The address to offer first."""
        chosen = (each for each in self.addresses if each.is_default)
        return next(chosen, self.addresses[0] if self.addresses else None)


@dataclass(frozen=True, kw_only=True, slots=True)
class AuthSession:
    """One sign-in on one device: a family of refresh tokens, each replacing the one before.

    ``csrf`` is the form token of all its pages; ``agent`` and ``network`` are what the browser
    said of itself and where it came from, for the owner to recognise.
    """

    id: SessionId
    account_id: AccountId
    csrf: str
    agent: str
    network: str
    created_at: datetime
    last_seen_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where a request came from, as far as the shop can tell."""

    agent: str
    network: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Renewal:
    """A session with the id of the refresh token that is now its current one."""

    session: AuthSession
    token_id: str


# --- who works here -----------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class StaffMember:
    """Somebody who works here; ``last_seen_at`` is None where they are signed in nowhere."""

    account: Account
    last_seen_at: datetime | None


class InvitationState(StrEnum):
    """What became of an invitation."""

    OPEN = "open"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True, slots=True)
class Invitation:
    """Somebody's way to work here. ``by`` is the address of who invited them."""

    id: InvitationId
    email: str
    role: Role
    state: InvitationState
    by: str
    created_at: datetime
    expires_at: datetime

    def is_good(self, moment: datetime) -> bool:
        """Whether it can be accepted."""
        return self.state is InvitationState.OPEN and moment < self.expires_at
