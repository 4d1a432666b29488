"""Accounts: registering, proving a password, changing what is known of a person.

No answer tells whether an address has an account. Anybody may register any address and use the
shop at once; the address belongs to whoever proves to read its mail, and until then it is only a
claim, of which a stranger's is as good as the owner's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from app.db.database import Database, Session
from app.db.errors import DuplicateKeyError
from app.db.outbox import Outbox
from app.identity.errors import SignInRefused, WrongPassword
from app.identity.events import (
    ACCOUNT_CHANGED,
    ACCOUNT_CLOSED,
    ACCOUNT_LEAVES,
    EMAIL_CHANGE_REQUESTED,
    PASSWORD_CHANGED,
    PASSWORD_FORGOTTEN,
    REGISTERED,
)
from app.identity.models import Account, Role
from app.identity.passwords import Passwords
from app.identity.repository import AccountRepository
from app.identity.rules import check_password
from app.identity.staff_repository import StaffRepository
from app.shared.clock import now
from app.shared.emails import normal_email
from app.shared.errors import Conflict, NotFound
from app.shared.ids import AccountId, new_id
from app.shared.meters import LOGIN_FAILURES
from app.shared.texts import Text

_TRIES = 3


class AccountService:
    """What may be done with an account."""

    def __init__(self, database: Database, outbox: Outbox) -> None:
        self._database = database
        self._outbox = outbox
        self._accounts = AccountRepository(database)
        self._staff = StaffRepository(database)
        self._passwords = Passwords()

    def find(self, account_id: AccountId) -> Account | None:
        """The account, or None."""
        return self._accounts.find(account_id)

    def get(self, account_id: AccountId) -> Account:
        """The account. Raises ``NotFound``."""
        account = self._accounts.find(account_id)
        if account is None:
            raise NotFound(Text("This account does not exist (any more)."))
        return account

    def ids(self) -> Iterator[AccountId]:
        """Every account."""
        return self._accounts.ids()

    def find_by_email(self, email: str) -> Account | None:
        """The account an address belongs to: proven, else the newest claim, else None."""
        return self._accounts.find_verified(email) or self._accounts.find_claimed(email)

    def find_proven(self, email: str) -> Account | None:
        """The account that has proven to own the address, or None. Raises ``ValueError``."""
        return self._accounts.find_verified(normal_email(email))

    def is_proven(self, email: str) -> bool:
        """Whether some account has proven to own the address. For mails, never for pages."""
        return self._accounts.find_verified(email) is not None

    # --- coming in ---------------------------------------------------------------------------

    def register(self, email: str, password: str, name: str) -> Account:
        """Make an account, and have the address's owner told; repeating it makes no second one.

        Whoever registers an address again with the password of its account gets that account.
        Raises ``ValueError`` for what is no address, and ``WeakPassword``.
        """
        email = normal_email(email)
        check_password(password, (email, name))
        for _ in range(_TRIES):
            known, claim = self._owner_of(email, password)
            if known is not None:
                return known
            try:
                return self._insert(email, password, name, displaced=claim)
            except DuplicateKeyError:
                continue  # the same form came twice at once
        raise Conflict(Text("This account is just being made. Please try again."), retry_after=1)

    def _insert(self, email: str, password: str, name: str, displaced: Account | None) -> Account:
        account = _new_account(email, self._passwords.hash(password), name)

        def work(session: Session) -> None:
            if displaced is not None:
                self._accounts.displace(displaced, session)
            self._accounts.insert(account, session)
            self._outbox.publish(REGISTERED, {"account_id": account.id}, session)
            self._tell_changed(account.id, session)

        self._database.in_transaction(work)
        return account

    def authenticate(self, email: str, password: str) -> Account:
        """The account that address and password belong to.

        Takes as long for an unknown address. Raises ``SignInRefused``.
        """
        try:
            known, _ = self._owner_of(normal_email(email), password)
        except ValueError:
            known, _ = self._owner_of("", password)
        if known is None:
            LOGIN_FAILURES.inc()
            raise SignInRefused
        return known

    def _owner_of(self, email: str, password: str) -> tuple[Account | None, Account | None]:
        """The account of this address that the password opens, if any; and the standing claim."""
        proven, claim = self._accounts.find_verified(email), self._accounts.find_claimed(email)
        opened = None
        for account in (proven, claim):  # both are always tried, so that time tells nothing
            fits = self._passwords.fits(password, account.password_hash if account else None)
            if account is not None and fits and opened is None:
                opened = account
        if opened is not None and self._passwords.is_dated(opened.password_hash):
            fresh = self._passwords.hash(password)
            if not self._accounts.change_password(opened.id, opened.password_hash, fresh):
                return self._owner_of(email, password)  # it was replaced this moment
            opened = replace(opened, password_hash=fresh)
        return opened, claim

    def confirm_password(self, account: Account, password: str) -> None:
        """Ask again before something that cannot be undone. Raises ``WrongPassword``."""
        if not self._passwords.fits(password, account.password_hash):
            raise WrongPassword

    def ask_to_verify(self, account: Account) -> None:
        """Send the mail to prove the address once more."""
        self._outbox.publish(REGISTERED, {"account_id": account.id})

    def forget_password(self, email: str) -> None:
        """Somebody forgot the password of an address; whether it has an account is looked up
        later, so that this takes as long for every address. Raises ``ValueError``."""
        self._outbox.publish(PASSWORD_FORGOTTEN, {"email": normal_email(email)})

    # --- changes -----------------------------------------------------------------------------

    def rename(self, account_id: AccountId, name: str) -> None:
        """Change the name."""

        def work(session: Session) -> None:
            self._accounts.change(account_id, {"name": name}, session)
            self._tell_changed(account_id, session)

        self._database.in_transaction(work)

    def _tell_changed(self, account_id: AccountId, session: Session) -> None:
        self._outbox.publish(ACCOUNT_CHANGED, {"account_id": account_id}, session)

    def in_roles(self, roles: Iterable[Role]) -> list[Account]:
        """Accounts with one of these roles and a proven address, by when they came."""
        found = self._accounts.in_roles(roles)
        return sorted((each for each in found if each.verified), key=lambda each: each.id)

    def change_password(self, account: Account, current: str, new: str) -> None:
        """Replace the password; repeating it changes nothing.

        Raises ``WrongPassword`` and ``WeakPassword``, and ``Conflict`` if it was changed just now.
        """
        try:
            self.confirm_password(account, current)
            self.set_password(account, new)
        except (WrongPassword, Conflict):
            if not self.has_password(account.id, new):  # else the form was sent twice
                raise

    def has_password(self, account_id: AccountId, password: str) -> bool:
        """Whether this is the account's password by now."""
        account = self.find(account_id)
        return account is not None and self._passwords.fits(password, account.password_hash)

    def set_password(self, account: Account, new: str, session: Session | None = None) -> None:
        """Give the account another password and tell its owner.

        Raises ``WeakPassword``, and ``Conflict`` if it was changed just now.
        """
        check_password(new, (account.email, account.name))
        fresh = self._passwords.hash(new)

        def work(session: Session) -> None:
            if not self._accounts.change_password(
                account.id, account.password_hash, fresh, session
            ):
                raise Conflict(Text("The password was changed just now in another window."))
            self._outbox.publish(PASSWORD_CHANGED, {"account_id": account.id}, session)

        if session is not None:
            work(session)
        else:
            self._database.in_transaction(work)

    def request_email_change(self, account: Account, password: str, email: str) -> None:
        """Have the new address asked; nothing changes before its owner agrees.

        Raises ``WrongPassword`` and ``ValueError``.
        """
        email = normal_email(email)
        self.confirm_password(account, password)
        self._outbox.publish(EMAIL_CHANGE_REQUESTED, {"account_id": account.id, "email": email})

    def set_leaving(self, account: Account, moment: datetime) -> bool:
        """Have the account deleted at some moment, and its owner told; False if that was asked for
        before."""

        def work(session: Session) -> bool:
            known = self._accounts.find(account.id, session)
            if known is None or known.leaves_at is not None:
                return False
            self._accounts.change(account.id, {"leaves_at": moment}, session)
            self._outbox.publish(ACCOUNT_LEAVES, {"account_id": account.id}, session)
            return True

        return self._database.in_transaction(work)

    def postpone(self, account: Account, moment: datetime) -> None:
        """Delete the account later, unless it is to stay by now: something of it is still open."""
        self._accounts.postpone(account, moment)

    def stay(self, account_id: AccountId) -> None:
        """Do not delete the account; repeating it changes nothing."""
        self._accounts.change(account_id, {"leaves_at": None})

    def leaving(self, most: int) -> list[Account]:
        """Accounts whose time to be deleted has come."""
        return self._accounts.leaving(now(), most)

    def close(self, account: Account, session: Session) -> None:
        """Delete the account, in the transaction that lets go of all that was its own.

        Raises ``Conflict`` if its role is another by now, or it is to stay."""
        if not self._accounts.delete(account, session):
            raise Conflict(Text("This account was changed just now, so it was not deleted."))
        self._tell_changed(account.id, session)
        name = account.name if account.verified else ""
        self._outbox.publish(ACCOUNT_CLOSED, {"email": account.email, "name": name}, session)

    def create_proven(
        self,
        email: str,
        password: str,
        name: str,
        role: Role,
        also: Callable[[Session], None] = lambda _: None,
    ) -> Account:
        """Make an account from inside the shop, its address taken as proven; ``also`` joins the
        transaction.

        Raises ``ValueError``, ``WeakPassword``, and ``DuplicateKeyError`` if the address has one.
        """
        email = normal_email(email)
        check_password(password, (email,))
        account = replace(
            _new_account(email, self._passwords.hash(password), name), role=role, verified_at=now()
        )

        def work(session: Session) -> None:
            also(session)
            self._accounts.insert(account, session)
            if role is Role.OWNER:
                self._staff.add_owner(account.id, session)
            self._tell_changed(account.id, session)

        self._database.in_transaction(work)
        return account


def _new_account(email: str, password_hash: str, name: str) -> Account:
    return Account(
        id=AccountId(new_id("acc")),
        email=email,
        name=name,
        role=Role.CUSTOMER,
        password_hash=password_hash,
        verified_at=None,
        created_at=now(),
        addresses=(),
        has_second_factor=False,
        recovery_codes_left=0,
    )
