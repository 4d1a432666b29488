"""Who works here, and in which role."""

from __future__ import annotations

from datetime import datetime

from app.db.database import Database, Session
from app.db.outbox import Outbox
from app.identity.errors import LastOwner, NotStaff, OwnRole, RoleMovedOn
from app.identity.events import ACCOUNT_CHANGED
from app.identity.models import Account, Role, StaffMember
from app.identity.service import AccountService
from app.identity.sessions import SessionService
from app.identity.staff_repository import StaffRepository
from app.shared.ids import AccountId

_STAFF = tuple(role for role in Role if role.is_staff)


class Staffing:
    """What owners may do with the accounts of people who work here. Nobody does it to themselves,
    and the shop always has an owner."""

    def __init__(
        self, database: Database, outbox: Outbox, accounts: AccountService, sessions: SessionService
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._accounts = accounts
        self._sessions = sessions
        self._staff = StaffRepository(database)

    def everybody(self) -> list[StaffMember]:
        """Who works here, by when they came."""
        return [
            StaffMember(account=account, last_seen_at=self._last_seen(account.id))
            for account in self._accounts.in_roles(_STAFF)
        ]

    def _last_seen(self, account_id: AccountId) -> datetime | None:
        newest = next(iter(self._sessions.of_account(account_id)), None)
        return newest.last_seen_at if newest else None

    def get(self, account_id: str) -> Account:
        """Somebody who works here. Raises ``NotStaff``."""
        account = self._accounts.find(AccountId(account_id))
        if account is None or not account.role.is_staff:
            raise NotStaff
        return account

    def change_role(self, account_id: str, before: Role, role: Role, by: AccountId) -> None:
        """Give somebody who works here another role, from the one that was read.

        Raises ``NotStaff``, ``OwnRole``, ``LastOwner``, and ``RoleMovedOn`` if the role is neither
        the one that was read nor the one that is wanted.
        """
        account = self.get(account_id)
        if account.id == by:
            raise OwnRole
        if account.role is role:
            return
        if account.role is not before:
            raise RoleMovedOn
        self._move(account, role)

    def remove(self, account_id: str, before: Role, by: AccountId) -> None:
        """Let somebody go: their account becomes a customer's, and they are logged out.

        Raises as ``change_role``.
        """
        account = self.get(account_id)
        self.change_role(account_id, before, Role.CUSTOMER, by)
        self._sessions.revoke_all(account.id, "They do not work here any more")

    def bring_back(self, account_id: str, role: Role) -> None:
        """Undo a ``remove``. Raises ``NotFound``, and ``RoleMovedOn`` for who works here again."""
        account = self._accounts.get(AccountId(account_id))
        if account.role is not Role.CUSTOMER:
            raise RoleMovedOn
        self._move(account, role)

    def make_owner(self, account: Account) -> None:
        """Have an account own the shop, whatever it did before."""
        self._move(account, Role.OWNER)

    def _move(self, account: Account, role: Role) -> None:
        self._database.in_transaction(lambda session: self.move(account, role, session))

    def move(self, account: Account, role: Role, session: Session) -> None:
        """Change a role in the caller's transaction. Raises ``RoleMovedOn`` and ``LastOwner``."""
        if not self._staff.change_role(account, role, session):
            raise RoleMovedOn
        if not account.role.is_staff:  # who begins to work here does not go
            self._staff.keep(account.id, session)
        if role is Role.OWNER:
            self._staff.add_owner(account.id, session)
        elif account.role is Role.OWNER and not self._staff.remove_owner(account.id, session):
            raise LastOwner
        self._outbox.publish(ACCOUNT_CHANGED, {"account_id": account.id}, session)

    def require_second_factor(self, account_id: str, *, required: bool) -> None:
        """Have somebody need a second factor before they get to work. Raises ``NotStaff``."""
        self._staff.require_second_factor(self.get(account_id).id, required=required)

    def log_out(self, account_id: str) -> int:
        """End every session of somebody who works here; how many. Raises ``NotStaff``."""
        account = self.get(account_id)
        return self._sessions.revoke_all(account.id, "Ended by an owner of the shop")
