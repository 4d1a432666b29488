"""E-mail addresses in one spelling."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from app.shared.ids import new_id
from app.shared.texts import Text

_ERASED = "@erased.invalid"


def normal_email(text: str) -> str:
    """The address in the one spelling the shop knows it by: lower case, Unicode composed.

    Mail providers do not tell letter cases apart. Whether mail arrives there only a mail shows.
    Raises ``ValueError``, fit to be shown, for what is no address.
    """
    try:
        # Longer ones are refused anyway (RFC 5321 allows 254), only after seconds of reading.
        checked = validate_email(text.strip()[:400], check_deliverability=False)
    except EmailNotValidError as error:
        raise ValueError(Text("Please enter a valid e-mail address.")) from error
    return checked.normalized.lower()


def ascii_domain(email: str) -> str:
    """The domain of an address in its normal spelling, as servers know it (RFC 5890)."""
    return str(validate_email(email, check_deliverability=False).ascii_domain)


def erased_email() -> str:
    """What stands for the address of somebody who is forgotten (RFC 2606): no mail goes there."""
    return f"{new_id('gone')}{_ERASED}"


def is_erased(email: str) -> bool:
    """Whether an address stands for somebody who is forgotten."""
    return email.endswith(_ERASED)
