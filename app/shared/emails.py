"""E-mail addresses in one spelling."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from app.shared.texts import Text


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
