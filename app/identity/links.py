"""Links in mails: they prove that their reader reads the address's mail.

Signed, so nothing is stored; each is bound to what it is to change, so using it ends it.
"""

from __future__ import annotations

from itsdangerous import BadData, URLSafeTimedSerializer

from app.db.database import Database, Session
from app.db.errors import DuplicateKeyError
from app.db.outbox import Outbox
from app.identity.errors import EmailTaken, LinkExpired
from app.identity.events import ACCOUNT_CHANGED, EMAIL_CHANGED
from app.identity.models import Account
from app.identity.repository import AccountRepository
from app.identity.service import AccountService
from app.identity.sessions import SessionService
from app.shared.clock import now
from app.shared.errors import Conflict
from app.shared.ids import AccountId
from app.shared.shop_keys import ShopKeys

_VERIFY, _RESET, _MOVE, _STAY = "verify-email", "reset-password", "change-email", "stay"
_HOUR, _DAY = 3600, 24 * 3600
_LIFE = {_VERIFY: 30 * _DAY, _RESET: _HOUR, _MOVE: _DAY, _STAY: 90 * _DAY}  # seconds


class LinkService:
    """Makes such links' tokens, and does what they are for."""

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        accounts: AccountService,
        sessions: SessionService,
        keys: ShopKeys,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._accounts = accounts
        self._sessions = sessions
        self._repository = AccountRepository(database)
        self._keys = keys

    def _signer(self, purpose: str) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._keys.for_signer(), salt=f"link:{purpose}")

    def _read(self, purpose: str, token: str) -> tuple[Account, list[str]]:
        """The account and the rest of what was signed. Raises ``LinkExpired``."""
        try:
            account_id, *rest = self._signer(purpose).loads(token, max_age=_LIFE[purpose])
        except (BadData, ValueError, TypeError) as error:
            raise LinkExpired from error
        account = self._accounts.find(AccountId(account_id))
        if account is None:
            raise LinkExpired
        return account, rest

    # --- proving an address --------------------------------------------------------------------

    def verification_token(self, account: Account) -> str:
        """For the mail to somebody who registered."""
        return str(self._signer(_VERIFY).dumps([account.id, account.email]))

    def check_verification(self, token: str) -> Account:
        """The account whose address the link may prove. Raises ``LinkExpired``."""
        account, rest = self._read(_VERIFY, token)
        if rest != [account.email]:
            raise LinkExpired
        return account

    def verify_email(self, token: str) -> None:
        """The address is proven; doing it again changes nothing.

        Raises ``LinkExpired``, and ``EmailTaken`` if another account has proven it.
        """
        account = self.check_verification(token)
        if not account.verified:
            self._database.in_transaction(
                lambda session: self._prove(account, account.email, session)
            )

    def _prove(self, account: Account, email: str, session: Session) -> None:
        try:
            self._repository.verify(account.id, email, now(), session)
            self._outbox.publish(ACCOUNT_CHANGED, {"account_id": account.id}, session)
        except DuplicateKeyError as error:
            raise EmailTaken from error

    # --- another password ----------------------------------------------------------------------

    def reset_token(self, account: Account) -> str:
        """For the mail to somebody who forgot the password; ends with the password, and with the
        address it was sent to."""
        return str(self._signer(_RESET).dumps([account.id, account.password_mark, account.email]))

    def check_reset(self, token: str) -> Account:
        """The account whose password the link may change. Raises ``LinkExpired``."""
        account, rest = self._read(_RESET, token)
        if rest != [account.password_mark, account.email]:
            raise LinkExpired
        return account

    def reset_password(self, token: str, password: str) -> Account:
        """Set a new password, end every session, and take the address as proven; repeating it
        with the same password changes nothing.

        Raises ``LinkExpired`` and ``WeakPassword``.
        """
        try:
            return self._reset(self.check_reset(token), password)
        except (LinkExpired, Conflict):
            account, _ = self._read(_RESET, token)
            if not self._accounts.has_password(account.id, password):
                raise
            return self._accounts.get(account.id)  # the form was sent twice

    def _reset(self, account: Account, password: str) -> Account:

        def work(session: Session) -> None:
            self._accounts.set_password(account, password, session)
            if account.verified:
                return
            # Whoever claimed the address so far may have been somebody else: their second factor
            # must not lock its owner out.
            self._repository.set_second_factor(account.id, None, session)
            if self._repository.find_verified(account.email, session) is None:
                self._prove(account, account.email, session)

        self._database.in_transaction(work)
        self._sessions.revoke_all(account.id, "The password was reset")
        return self._accounts.get(account.id)

    # --- another address -----------------------------------------------------------------------

    def move_token(self, account: Account, email: str) -> str:
        """For the mail to an account's new address."""
        return str(self._signer(_MOVE).dumps([account.id, account.email, email]))

    def check_move(self, token: str) -> tuple[Account, str]:
        """The account and its new address. Raises ``LinkExpired``."""
        account, rest = self._read(_MOVE, token)
        if len(rest) != 2 or rest[0] != account.email:
            raise LinkExpired
        return account, rest[1]

    def move(self, token: str) -> Account:
        """Make the new address the account's own. Raises ``LinkExpired`` and ``EmailTaken``."""
        account, email = self.check_move(token)

        def work(session: Session) -> None:
            self._prove(account, email, session)
            payload = {"account_id": account.id, "email": account.email}
            self._outbox.publish(EMAIL_CHANGED, payload, session)

        self._database.in_transaction(work)
        return self._accounts.get(account.id)

    # --- staying after all ----------------------------------------------------------------------

    def stay_token(self, account: Account) -> str:
        """For the mail to somebody whose account is to be deleted."""
        return str(self._signer(_STAY).dumps([account.id]))

    def check_stay(self, token: str) -> Account:
        """The account that the link may keep. Raises ``LinkExpired``, also once it is kept."""
        account, _ = self._read(_STAY, token)
        if account.leaves_at is None:
            raise LinkExpired
        return account

    def stay(self, token: str) -> Account:
        """Keep the account. Raises ``LinkExpired``."""
        account = self.check_stay(token)
        self._accounts.stay(account.id)
        return account
