"""The mails about accounts. Links are made when the mail is, so no event ever holds one."""

from __future__ import annotations

from dataclasses import dataclass

from app.db.outbox import Event, Outbox
from app.identity.events import (
    ACCOUNT_CLOSED,
    EMAIL_CHANGE_REQUESTED,
    EMAIL_CHANGED,
    PASSWORD_CHANGED,
    PASSWORD_FORGOTTEN,
    REGISTERED,
    SECOND_FACTOR_CHANGED,
    TOKEN_REUSED,
)
from app.identity.links import LinkService
from app.identity.models import Account
from app.identity.service import AccountService
from app.notifications.service import NotificationService
from app.shared.ids import AccountId
from app.shared.texts import Text


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """What a mail says: its subject, a few words, and a button that leads to a page."""

    subject: str
    path: str
    words: str
    button: str


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
            subject=letter.subject,
            template="emails/account",
            heading=letter.subject,
            name=name,
            words=str(letter.words),  # filters see a plain text
            button=letter.button,
            path=letter.path,
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
            self._send(event, account.email, _KNOWN_ALREADY)
            return
        letter = Letter(
            subject=Text("Please confirm your e-mail address"),
            path=f"/account/verify/{self._links.verification_token(account)}",
            words=Text(
                "Welcome. With this link you confirm that this is your address; "
                "orders you placed with it before then join your account. If you "
                "did not register, ignore this mail."
            ),
            button=Text("Confirm the address"),
        )
        self._send_owner(event, account, letter)

    def send_reset(self, event: Event) -> None:
        """The link to a new password, if the address has an account."""
        account = self._accounts.find_by_email(event.payload["email"])
        if account is None:
            return
        letter = Letter(
            subject=Text("Set a new password"),
            path=f"/account/reset/{self._links.reset_token(account)}",
            words=Text(
                "With this link you can set a new password within an hour. If you "
                "did not ask for it, ignore this mail: nothing has changed."
            ),
            button=Text("Set a new password"),
        )
        self._send_owner(event, account, letter)

    def ask_new_address(self, event: Event) -> None:
        """The link by which the new address agrees."""
        account = self._account(event)
        if account is None:
            return
        email = event.payload["email"]
        letter = Letter(
            subject=Text("Please confirm your new e-mail address"),
            path=f"/account/email/{self._links.move_token(account, email)}",
            words=Text(
                "With this link the address of your account becomes this one, "
                "within a day. If you did not ask for it, ignore this mail."
            ),
            button=Text("Use this address"),
        )
        self._send(event, email, letter)

    # --- what has happened -------------------------------------------------------------------

    def tell_password_changed(self, event: Event) -> None:
        """The password is another one now."""
        self._tell(event, _PASSWORD_CHANGED)

    def tell_old_address(self, event: Event) -> None:
        """The old address hears that it is not used any more."""
        account = self._account(event)
        if account is None:
            return
        letter = Letter(
            subject=Text("Your e-mail address was changed"),
            path="/account/forgot",
            words=Text(
                "Your account's address is now %(email)s. If this was not you, "
                "please write to us at once.",
                email=account.email,
            ),
            button=Text("Go to the shop"),
        )
        self._send(event, event.payload["email"], letter)

    def tell_token_reused(self, event: Event) -> None:
        """A copy of a login was used: one device is logged out, and perhaps more is wrong."""
        letter = Letter(
            subject=Text("We logged out one of your devices"),
            path="/account/sessions",
            words=Text(
                "An old copy of your login was used from %(network)s. That can be theft, so we "
                "ended that login. You can log in again; if you did not expect this, change your "
                "password too.",
                network=event.payload["network"],
            ),
            button=Text("See where you are logged in"),
        )
        self._tell(event, letter)

    def tell_second_factor(self, event: Event) -> None:
        """The second factor was turned on or off."""
        self._tell(event, _FACTOR_ON if event.payload["enabled"] else _FACTOR_OFF)

    def say_goodbye(self, event: Event) -> None:
        """The account is gone."""
        self._send(event, event.payload["email"], _GOODBYE, event.payload["name"])


_KNOWN_ALREADY = Letter(
    subject=Text("You have an account already"),
    path="/account/login",
    words=Text(
        "Somebody, perhaps you, registered with this e-mail address. It belongs to "
        "an account already, and nothing about that account has changed. Please "
        "log in, or set a new password if you have forgotten yours."
    ),
    button=Text("Log in"),
)
_PASSWORD_CHANGED = Letter(
    subject=Text("Your password was changed"),
    path="/account/forgot",
    words=Text(
        "The password of your account was changed, and other devices were logged "
        "out. If this was not you, set a new one at once."
    ),
    button=Text("This was not me"),
)
_GOODBYE = Letter(
    subject=Text("Your account is deleted"),
    path="/orders/lookup",
    words=Text("Your account is deleted. Orders stay findable with their number and this address."),
    button=Text("Find an order"),
)
_FACTOR_ON = Letter(
    subject=Text("Your second factor was turned on"),
    path="/account/two-factor",
    words=Text(
        "The second factor of your account was turned on. If this was not you, change your "
        "password at once."
    ),
    button=Text("See your second factor"),
)
_FACTOR_OFF = Letter(
    subject=Text("Your second factor was turned off"),
    path="/account/two-factor",
    words=Text(
        "The second factor of your account was turned off. If this was not you, change your "
        "password at once."
    ),
    button=Text("See your second factor"),
)
