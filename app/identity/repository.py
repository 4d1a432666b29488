"""Account documents. The unique ``login`` key decides whose password an address asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from app.db.database import Database, Document, Session
from app.db.moments import until
from app.identity.models import Account, Role, SavedAddress
from app.shared.clock import now
from app.shared.ids import AccountId
from app.shared.postal import Address

_VERIFIED, _CLAIMED = "verified", "claimed"


class AccountRepository:
    """Reads and writes ``accounts``.

    ``login`` is ``verified:<email>`` for the account that has proven the address, else
    ``claimed:<email>`` for the newest that names it; older claims have none.
    """

    def __init__(self, database: Database) -> None:
        self._accounts = database["accounts"]

    def insert(self, account: Account, session: Session) -> None:
        """Store a new account. Raises ``DuplicateKeyError`` if its login was taken just now."""
        self._accounts.insert_one(
            {
                "_id": account.id,
                "email": account.email,
                "login": _login(account.email, verified=account.verified),
                "name": account.name,
                "role": account.role.value,
                "password_hash": account.password_hash,
                "verified_at": account.verified_at,
                "created_at": account.created_at,
                "addresses": [],
                "second_factor": None,
                "recovery_codes": [],
                "version": 1,
            },
            session=session,
        )

    def find(self, account_id: AccountId, session: Session | None = None) -> Account | None:
        """The account, or None."""
        return _maybe(self._accounts.find_one({"_id": account_id}, session=session))

    def ids(self) -> Iterator[AccountId]:
        """Every account."""
        return (AccountId(each["_id"]) for each in self._accounts.find({}, {"_id": 1}))

    def in_roles(self, roles: Iterable[Role]) -> list[Account]:
        """Accounts with one of these roles."""
        found = self._accounts.find({"role": {"$in": [role.value for role in roles]}})
        return [account for account in map(_maybe, found) if account]

    def find_verified(self, email: str, session: Session | None = None) -> Account | None:
        """The account that has proven to own this address, or None."""
        login = _login(email, verified=True)
        return _maybe(self._accounts.find_one({"login": login}, session=session))

    def find_claimed(self, email: str, session: Session | None = None) -> Account | None:
        """The newest account that names this address without proof, or None."""
        login = _login(email, verified=False)
        return _maybe(self._accounts.find_one({"login": login}, session=session))

    def displace(self, account: Account, session: Session) -> None:
        """Take the address's claimed login from an account, for a newer claim."""
        self._accounts.update_one(
            {"_id": account.id, "login": _login(account.email, verified=False)},
            {"$unset": {"login": ""}},
            session=session,
        )

    def verify(
        self, account_id: AccountId, email: str, moment: datetime, session: Session | None = None
    ) -> None:
        """Make ``email`` the account's proven address.

        Raises ``DuplicateKeyError`` if another account has proven it.
        """
        self._accounts.update_one(
            {"_id": account_id},
            {
                "$set": {
                    "email": email,
                    "login": _login(email, verified=True),
                    "verified_at": moment,
                }
            },
            session=session,
        )

    def change(
        self, account_id: AccountId, fields: Mapping[str, Any], session: Session | None = None
    ) -> bool:
        """Set plain fields; False if there is no such account."""
        result = self._accounts.update_one(
            {"_id": account_id}, {"$set": dict(fields)}, session=session
        )
        return bool(result.matched_count)

    def change_password(
        self, account_id: AccountId, before: str, after: str, session: Session | None = None
    ) -> bool:
        """Replace the hash if it is still ``before``."""
        result = self._accounts.update_one(
            {"_id": account_id, "password_hash": before},
            {"$set": {"password_hash": after}},
            session=session,
        )
        return bool(result.modified_count)

    def replace_addresses(self, account: Account, addresses: tuple[SavedAddress, ...]) -> bool:
        """Store a new address book over the one that was read; False if it changed meanwhile."""
        result = self._accounts.update_one(
            {"_id": account.id, "addresses": [_address_to(each) for each in account.addresses]},
            {"$set": {"addresses": [_address_to(each) for each in addresses]}},
        )
        return bool(result.matched_count)

    def postpone(self, account: Account, moment: datetime) -> None:
        """Let an account leave later, if it still leaves when it was to."""
        known = {"_id": account.id, "leaves_at": account.leaves_at}
        self._accounts.update_one(known, {"$set": {"leaves_at": moment}})

    def leaving(self, before: datetime, most: int) -> list[Account]:
        """Accounts that were to be deleted by some moment."""
        found = self._accounts.find({"leaves_at": until(before)}).limit(most)
        return [account for account in map(_maybe, found) if account]

    def delete(self, account: Account, session: Session) -> bool:
        """Remove the account, in the role in which it was read, and if its owner has neither asked
        to leave nor to stay since; False if that is another."""
        known = {"_id": account.id, "role": account.role.value, "leaves_at": account.leaves_at}
        return bool(self._accounts.delete_one(known, session=session).deleted_count)

    # --- the second factor -------------------------------------------------------------------

    def find_second_factor(self, account_id: AccountId) -> Document | None:
        """``{secret, confirmed_at, last_step}``, and ``last_entry`` once somebody came in; or
        None."""
        found = self._accounts.find_one({"_id": account_id}, {"second_factor": 1})
        factor: Document | None = found.get("second_factor") if found else None
        return factor

    def set_second_factor(
        self, account_id: AccountId, factor: Document | None, session: Session | None = None
    ) -> None:
        """Store a factor with no recovery codes, or remove it with its codes."""
        self._accounts.update_one(
            {"_id": account_id},
            {"$set": {"second_factor": factor, "recovery_codes": []}},
            session=session,
        )

    def replace_second_factor(
        self, account_id: AccountId, before: Document | None, factor: Document
    ) -> bool:
        """Store a factor with no recovery codes over the one that was read; False if that is
        another by now, or the account is gone."""
        result = self._accounts.update_one(
            {"_id": account_id, "second_factor": before},
            {"$set": {"second_factor": factor, "recovery_codes": []}},
        )
        return bool(result.matched_count)

    def confirm_second_factor(
        self, account_id: AccountId, secret: str, step: int, codes: list[str], session: Session
    ) -> bool:
        """Turn the waiting factor on; False if it is not the one that waits."""
        result = self._accounts.update_one(
            {
                "_id": account_id,
                "second_factor.secret": secret,
                "second_factor.confirmed_at": None,
            },
            {
                "$set": {
                    "second_factor.confirmed_at": now(),
                    "second_factor.last_step": step,
                    "recovery_codes": codes,
                }
            },
            session=session,
        )
        return bool(result.modified_count)

    def renew_recovery_codes(
        self, account_id: AccountId, secret: str, before: int, codes: list[str], session: Session
    ) -> bool:
        """Put other codes in the place of those of round ``before``, whatever is left of these;
        False if they, or the factor, are others by now."""
        result = self._accounts.update_one(
            {
                "_id": account_id,
                "second_factor.secret": secret,
                "second_factor.confirmed_at": {"$ne": None},
                "recovery_round": before or {"$in": [0, None]},
            },
            {"$set": {"recovery_codes": codes, "recovery_round": before + 1}},
            session=session,
        )
        return bool(result.modified_count)

    def sealed_factors(self) -> Iterator[tuple[AccountId, str]]:
        """Every account that has a factor, confirmed or not, with its sealed secret."""
        found = self._accounts.find({"second_factor": {"$ne": None}}, {"second_factor.secret": 1})
        return ((AccountId(each["_id"]), each["second_factor"]["secret"]) for each in found)

    def replace_sealed(self, account_id: AccountId, before: str, after: str) -> None:
        """Store the same secret in another seal, unless the factor is another one by now."""
        known = {"_id": account_id, "second_factor.secret": before}
        self._accounts.update_one(known, {"$set": {"second_factor.secret": after}})

    def use_step(self, account_id: AccountId, step: int, entry: str) -> bool:
        """Spend a time step for an ``entry``; False if it, or a later one, was used before (RFC
        6238, 5.2)."""
        result = self._accounts.update_one(
            {"_id": account_id, "second_factor.last_step": {"$lt": step}},
            {"$set": {"second_factor.last_step": step, "second_factor.last_entry": entry}},
        )
        return bool(result.modified_count)

    def use_recovery_code(self, account_id: AccountId, digest: str, entry: str) -> bool:
        """Spend a recovery code for an ``entry``; False if there is no such code (any more)."""
        result = self._accounts.update_one(
            {"_id": account_id, "recovery_codes": digest},
            {
                "$pull": {"recovery_codes": digest},
                "$set": {"second_factor.last_entry": entry},
            },
        )
        return bool(result.modified_count)


def _login(email: str, *, verified: bool) -> str:
    return f"{_VERIFIED if verified else _CLAIMED}:{email}"


def _address_to(saved: SavedAddress) -> Document:
    return {"id": saved.id, "is_default": saved.is_default, "address": asdict(saved.address)}


def _maybe(document: Document | None) -> Account | None:
    if document is None:
        return None
    factor = document["second_factor"]
    return Account(
        id=AccountId(document["_id"]),
        email=document["email"],
        name=document["name"],
        role=Role(document["role"]),
        password_hash=document["password_hash"],
        verified_at=document["verified_at"],
        created_at=document["created_at"],
        addresses=tuple(
            SavedAddress(
                id=each["id"], is_default=each["is_default"], address=Address(**each["address"])
            )
            for each in document["addresses"]
        ),
        has_second_factor=bool(factor and factor["confirmed_at"]),
        recovery_codes_left=len(document["recovery_codes"]),
        recovery_round=document.get("recovery_round", 0),
        second_factor_required=document.get("second_factor_required", False),
        leaves_at=document.get("leaves_at"),
    )
