"""The mails about accounts. Links are made when the mail is, so no event ever holds one."""

from __future__ import annotations

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

    def _name(self, account: Account) -> str:
        """How to address the owner: by name once the address is proven to be theirs. Until then
        the name may be a stranger's text, for whose delivery the shop is no postman."""
        return account.name if account.verified else ""

    def _send(
        self, event: Event, to: str, name: str, subject: str, path: str, words: str, button: str
    ) -> None:
        self._mails.send(
            key=event.id.replace(":", "-"),
            to=to,
            subject=subject,
            template="emails/account",
            heading=subject,
            name=name,
            words=words,
            button=button,
            path=path,
        )

    def welcome(self, event: Event) -> None:
        """The link to prove the address; to an owner who has an account already, a hint."""
        account = self._account(event)
        if account is None or account.verified:
            return
        if self._accounts.is_proven(account.email):
            self._send(
                event,
                account.email,
                "",
                "You have an account already",
                "/account/login",
                "Somebody, perhaps you, registered with this e-mail address. It belongs to an "
                "account already, and nothing about that account has changed. Please log in, or "
                "set a new password if you have forgotten yours.",
                "Log in",
            )
            return
        self._send(
            event,
            account.email,
            self._name(account),
            "Please confirm your e-mail address",
            f"/account/verify/{self._links.verification_token(account)}",
            "Welcome. With this link you confirm that this is your address; orders you placed "
            "with it before then join your account. If you did not register, ignore this mail.",
            "Confirm the address",
        )

    def send_reset(self, event: Event) -> None:
        """The link to a new password, if the address has an account."""
        account = self._accounts.find_by_email(event.payload["email"])
        if account is None:
            return
        self._send(
            event,
            account.email,
            self._name(account),
            "Set a new password",
            f"/account/reset/{self._links.reset_token(account)}",
            "With this link you can set a new password within an hour. If you did not ask for "
            "it, ignore this mail: nothing has changed.",
            "Set a new password",
        )

    def tell_password_changed(self, event: Event) -> None:
        """The password is another one now."""
        account = self._account(event)
        if account is not None:
            self._send(
                event,
                account.email,
                self._name(account),
                "Your password was changed",
                "/account/forgot",
                "The password of your account was changed, and other devices were logged out. If "
                "this was not you, set a new one at once.",
                "This was not me",
            )

    def ask_new_address(self, event: Event) -> None:
        """The link by which the new address agrees."""
        account = self._account(event)
        if account is not None:
            email = event.payload["email"]
            self._send(
                event,
                email,
                "",
                "Please confirm your new e-mail address",
                f"/account/email/{self._links.move_token(account, email)}",
                "With this link the address of your account becomes this one, within a day. If "
                "you did not ask for it, ignore this mail.",
                "Use this address",
            )

    def tell_old_address(self, event: Event) -> None:
        """The old address hears that it is not used any more."""
        account = self._account(event)
        if account is not None:
            self._send(
                event,
                event.payload["email"],
                "",
                "Your e-mail address was changed",
                "/account/forgot",
                f"Your account's address is now {account.email}. If this was not you, please "
                "write to us at once.",
                "Go to the shop",
            )

    def tell_token_reused(self, event: Event) -> None:
        """A copy of a login was used: one device is logged out, and perhaps more is wrong."""
        account = self._account(event)
        if account is not None:
            self._send(
                event,
                account.email,
                self._name(account),
                "We logged out one of your devices",
                "/account/sessions",
                "An old copy of your login was used"
                f" from {event.payload['network']}. That can be theft, so we ended that login. "
                "You can log in again; if you did not expect this, change your password too.",
                "See where you are logged in",
            )

    def tell_second_factor(self, event: Event) -> None:
        """The second factor was turned on or off."""
        account = self._account(event)
        if account is not None:
            state = "on" if event.payload["enabled"] else "off"
            self._send(
                event,
                account.email,
                self._name(account),
                f"Your second factor was turned {state}",
                "/account/two-factor",
                f"The second factor of your account was turned {state}. If this was not you, "
                "change your password at once.",
                "See your second factor",
            )

    def say_goodbye(self, event: Event) -> None:
        """The account is gone."""
        self._send(
            event,
            event.payload["email"],
            event.payload["name"],
            "Your account is deleted",
            "/orders/lookup",
            "Your account is deleted. Orders stay findable with their number and this e-mail "
            "address.",
            "Find an order",
        )
