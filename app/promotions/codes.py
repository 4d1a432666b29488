"""Coupon codes: how they are written, and how new ones are made up."""

from __future__ import annotations

import re
import secrets

from app.shared.errors import Invalid

MOST_IN_CART = 5
# No letter that looks or sounds like another or a digit: codes are read aloud and typed.
_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_RANDOM = 10  # 31 letters each: 2**49 codes, so guessing finds none
_SHAPE = re.compile(r"[A-Z0-9_-]{3,40}")


def normal_code(text: str) -> str:
    """The one spelling of a code as typed: capitals, without spaces. "" if it cannot be one."""
    code = "".join(text[:200].split()).upper()
    return code if _SHAPE.fullmatch(code) else ""


def check_code(text: str) -> str:
    """The one spelling of a new code. Raises ``Invalid`` if it cannot be one."""
    code = normal_code(text)
    if not code:
        message = f"{text!r} cannot be a code: 3 to 40 letters A to Z, digits, hyphens."
        raise Invalid(message, {"code": message})
    return code


def make_code(prefix: str = "") -> str:
    """A new code nobody can guess, behind ``prefix``."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM))
    half = _RANDOM // 2
    return "-".join(filter(None, (prefix, letters[:half], letters[half:])))
