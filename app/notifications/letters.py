"""What the mails about accounts say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.shared.texts import Text


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """What a mail says: its subject, a few words, and a button that leads to a page."""

    kind: str
    subject: str
    path: str
    words: str
    button: str


def letter_context(letter: Letter, name: str) -> dict[str, Any]:
    """What the letter's template needs, to greet ``name``, "" for nobody by name."""
    return {
        "heading": letter.subject,
        "name": name,
        "words": str(letter.words),  # filters see a plain text
        "button": letter.button,
        "path": letter.path,
    }


def confirm_address(token: str) -> Letter:
    """The link to prove the address."""
    return Letter(
        kind="confirm_address",
        subject=Text("Please confirm your e-mail address"),
        path=f"/account/verify/{token}",
        words=Text(
            "Welcome. With this link you confirm that this is your address; "
            "orders you placed with it before then join your account. If you "
            "did not register, ignore this mail."
        ),
        button=Text("Confirm the address"),
    )


def new_password(token: str) -> Letter:
    """The link to a new password."""
    return Letter(
        kind="new_password",
        subject=Text("Set a new password"),
        path=f"/account/reset/{token}",
        words=Text(
            "With this link you can set a new password within an hour. If you "
            "did not ask for it, ignore this mail: nothing has changed."
        ),
        button=Text("Set a new password"),
    )


def invitation(by: str, token: str) -> Letter:
    """The link to accept an invitation to work here."""
    return Letter(
        kind="staff_invited",
        subject=Text("You are invited to work at our shop"),
        path=f"/account/join/{token}",
        words=Text(
            "%(by)s invites you to work here. With this link you accept, within a week. "
            "If you do not know what this is about, ignore this mail.",
            by=by,
        ),
        button=Text("Accept the invitation"),
    )


def confirm_new_address(token: str) -> Letter:
    """The link by which the new address agrees."""
    return Letter(
        kind="confirm_new_address",
        subject=Text("Please confirm your new e-mail address"),
        path=f"/account/email/{token}",
        words=Text(
            "With this link the address of your account becomes this one, "
            "within a day. If you did not ask for it, ignore this mail."
        ),
        button=Text("Use this address"),
    )


def address_changed(email: str) -> Letter:
    """What the old address hears."""
    return Letter(
        kind="address_changed",
        subject=Text("Your e-mail address was changed"),
        path="/",
        words=Text(
            "Your account's address is now %(email)s. If this was not you, "
            "please write to us at once.",
            email=email,
        ),
        button=Text("Go to the shop"),
    )


def device_logged_out(network: str) -> Letter:
    """A copy of a login was used."""
    return Letter(
        kind="device_logged_out",
        subject=Text("We logged out one of your devices"),
        path="/account/sessions",
        words=Text(
            "An old copy of your login was used from %(network)s. That can be theft, so we "
            "ended that login. You can log in again; if you did not expect this, change your "
            "password too.",
            network=network,
        ),
        button=Text("See where you are logged in"),
    )


ACCOUNT_KNOWN = Letter(
    kind="account_known",
    subject=Text("You have an account already"),
    path="/account/login",
    words=Text(
        "Somebody, perhaps you, registered with this e-mail address. It belongs to "
        "an account already, and nothing about that account has changed. Please "
        "log in, or set a new password if you have forgotten yours."
    ),
    button=Text("Log in"),
)
PASSWORD_CHANGED = Letter(
    kind="password_changed",
    subject=Text("Your password was changed"),
    path="/account/forgot",
    words=Text(
        "The password of your account was changed, and other devices were logged "
        "out. If this was not you, set a new one at once."
    ),
    button=Text("This was not me"),
)


def account_leaves(token: str) -> Letter:
    """The link by which its owner keeps an account that is to be deleted."""
    return Letter(
        kind="account_leaves",
        subject=Text("Your account will be deleted"),
        path=f"/account/stay/{token}",
        words=Text(
            "You asked us to delete your account, and within some days we will. With this link "
            "you keep it. If you did not ask for it, keep it and set a new password at once."
        ),
        button=Text("Keep my account"),
    )


ACCOUNT_DELETED = Letter(
    kind="account_deleted",
    subject=Text("Your account is deleted"),
    path="/",
    words=Text(
        "Your account is deleted. The law makes us keep invoices with their name and address; "
        "everything else about you is gone."
    ),
    button=Text("Go to the shop"),
)
FACTOR_ON = Letter(
    kind="second_factor_on",
    subject=Text("Your second factor was turned on"),
    path="/account/two-factor",
    words=Text(
        "The second factor of your account was turned on. If this was not you, change your "
        "password at once."
    ),
    button=Text("See your second factor"),
)
CODES_RENEWED = Letter(
    kind="recovery_codes_renewed",
    subject=Text("You have new recovery codes"),
    path="/account/two-factor",
    words=Text(
        "The recovery codes of your account were made anew, and the old ones do not work any "
        "more. If this was not you, change your password at once."
    ),
    button=Text("See your second factor"),
)
FACTOR_OFF = Letter(
    kind="second_factor_off",
    subject=Text("Your second factor was turned off"),
    path="/account/two-factor",
    words=Text(
        "The second factor of your account was turned off. If this was not you, change your "
        "password at once."
    ),
    button=Text("See your second factor"),
)
