"""The mails about accounts. Links are made when the mail is, so no event ever holds one."""

from __future__ import annotations

from app.db.outbox import Event, Outbox
from app.identity.events import (
    ACCOUNT_CLOSED,
    ACCOUNT_LEAVES,
    EMAIL_CHANGE_REQUESTED,
    EMAIL_CHANGED,
    PASSWORD_CHANGED,
    PASSWORD_FORGOTTEN,
    RECOVERY_CODES_RENEWED,
    REGISTERED,
    SECOND_FACTOR_CHANGED,
    TOKEN_REUSED,
)
from app.identity.links import LinkService
from app.identity.models import Account
from app.identity.service import AccountService
from app.notifications import letters
from app.notifications.letters import Letter, letter_context
from app.notifications.service import NotificationService
from app.shared.ids import AccountId


class IdentityMails:
    """Handlers of what happens to accounts."""

    def __init__(
        self, mails: NotificationService, accounts: AccountService, links: LinkService
    ) -> None:
        self._mails = mails
        self._accounts = accounts
        self._links = links

    def subscribe(self, outbox: Outbox) -> None:
        """Listen to everything that an account's owner is told."""
        for topic, handler in (
            (REGISTERED, self.welcome),
            (PASSWORD_FORGOTTEN, self.send_reset),
            (PASSWORD_CHANGED, self.tell_password_changed),
            (EMAIL_CHANGE_REQUESTED, self.ask_new_address),
            (EMAIL_CHANGED, self.tell_old_address),
            (TOKEN_REUSED, self.tell_token_reused),
            (SECOND_FACTOR_CHANGED, self.tell_second_factor),
            (RECOVERY_CODES_RENEWED, self.tell_codes_renewed),
            (ACCOUNT_LEAVES, self.offer_to_stay),
            (ACCOUNT_CLOSED, self.say_goodbye),
        ):
            outbox.subscribe(topic, f"mail.{topic}", handler)

    def _account(self, event: Event) -> Account | None:
        """Whom it is about; None if the account is gone, and then there is nobody to tell."""
        return self._accounts.find(AccountId(event.payload["account_id"]))

    def _send(self, event: Event, to: str, letter: Letter, name: str = "") -> None:
        self._mails.send(
            key=event.id.replace(":", "-"),
            to=to,
            kind=letter.kind,
            subject=letter.subject,
            template="emails/account",
            **letter_context(letter, name),
        )

    def _send_owner(self, event: Event, account: Account, letter: Letter) -> None:
        """By name once the address is proven to be theirs. Until then the name may be a stranger's
        text, for whose delivery the shop is no postman."""
        self._send(event, account.email, letter, account.name if account.verified else "")

    def _tell(self, event: Event, letter: Letter) -> None:
        """Send to the owner of the account that the event is about, if it is still there."""
        account = self._account(event)
        if account is not None:
            self._send_owner(event, account, letter)

    # --- links -------------------------------------------------------------------------------

    def welcome(self, event: Event) -> None:
        """The link to prove the address; to an owner who has an account already, a hint."""
        account = self._account(event)
        if account is None or account.verified:
            return
        if self._accounts.is_proven(account.email):
            self._send(event, account.email, letters.ACCOUNT_KNOWN)
            return
        letter = letters.confirm_address(self._links.verification_token(account))
        self._send_owner(event, account, letter)

    def send_reset(self, event: Event) -> None:
        """The link to a new password, if the address has an account."""
        account = self._accounts.find_by_email(event.payload["email"])
        if account is None:
            return
        letter = letters.new_password(self._links.reset_token(account))
        self._send_owner(event, account, letter)

    def ask_new_address(self, event: Event) -> None:
        """The link by which the new address agrees."""
        account = self._account(event)
        if account is None:
            return
        email = event.payload["email"]
        letter = letters.confirm_new_address(self._links.move_token(account, email))
        self._send(event, email, letter)

    def offer_to_stay(self, event: Event) -> None:
        """The link that keeps an account which is to be deleted."""
        account = self._account(event)
        if account is not None and account.leaves_at is not None:
            letter = letters.account_leaves(self._links.stay_token(account))
            self._send_owner(event, account, letter)

    # --- what has happened -------------------------------------------------------------------

    def tell_password_changed(self, event: Event) -> None:
        """The password is another one now."""
        self._tell(event, letters.PASSWORD_CHANGED)

    def tell_old_address(self, event: Event) -> None:
        """The old address hears that it is not used any more."""
        account = self._account(event)
        if account is None:
            return
        letter = letters.address_changed(account.email)
        self._send(event, event.payload["email"], letter)

    def tell_token_reused(self, event: Event) -> None:
        """A copy of a login was used: one device is logged out, and perhaps more is wrong."""
        letter = letters.device_logged_out(event.payload["network"])
        self._tell(event, letter)

    def tell_second_factor(self, event: Event) -> None:
        """The second factor was turned on or off."""
        self._tell(event, letters.FACTOR_ON if event.payload["enabled"] else letters.FACTOR_OFF)

    def tell_codes_renewed(self, event: Event) -> None:
        """There are other recovery codes."""
        self._tell(event, letters.CODES_RENEWED)

    def say_goodbye(self, event: Event) -> None:
        """The account is gone."""
        self._send(event, event.payload["email"], letters.ACCOUNT_DELETED, event.payload["name"])
