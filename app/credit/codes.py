"""Gift card codes: read aloud, typed by hand, guessed by nobody.

Sixteen characters, the last of which checks the others: weights modulo 31, a prime, find every
single mistake and every two neighbours that were swapped. Fifteen free ones are 2**74 codes.
"""

from __future__ import annotations

import hashlib
import hmac

# No letter that looks or sounds like another or a digit.
_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_FREE = 15
_GROUP = 4
_PURPOSE = b"gift-card-code:"


def derive_code(secret: str, credit_id: str) -> str:
    """A card's code, the same each time: it need not be kept to be sent again."""
    digest = hmac.new(secret.encode(), _PURPOSE + credit_id.encode(), hashlib.sha256).digest()
    # 256 bits onto 31**15 codes: the skew is below 2**-180.
    number = int.from_bytes(digest, "big")
    letters = []
    for _ in range(_FREE):
        number, letter = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[letter])
    body = "".join(letters)
    return body + _check(body)


def normal_code(typed: str) -> str:
    """The one spelling of a code: capitals without spaces and hyphens. "" if it cannot be one."""
    code = "".join(each for each in typed[:200].upper() if each.isalnum())
    whole = len(code) == _FREE + 1 and all(each in _ALPHABET for each in code)
    return code if whole and code[-1] == _check(code[:-1]) else ""


def show_code(code: str) -> str:
    """A code in groups, as it is printed."""
    return "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))


def digest_of(code: str) -> str:
    """What is kept of a code. No salt: nobody can try 2**74 codes."""
    return hashlib.sha256(code.encode()).hexdigest()


def _check(body: str) -> str:
    weighted = (place * _ALPHABET.index(letter) for place, letter in enumerate(body, 1))
    return _ALPHABET[sum(weighted) % len(_ALPHABET)]
