"""Identifiers: typed, unguessable where they are secrets, sortable where they are keys."""

from __future__ import annotations

import secrets
import time
from typing import NewType

AccountId = NewType("AccountId", str)
SessionId = NewType("SessionId", str)
AddressId = NewType("AddressId", str)
ProductId = NewType("ProductId", str)
CartId = NewType("CartId", str)
LineId = NewType("LineId", str)
OrderId = NewType("OrderId", str)
AttemptId = NewType("AttemptId", str)
Sku = NewType("Sku", str)
PromotionId = NewType("PromotionId", str)
CreditId = NewType("CreditId", str)

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(prefix: str) -> str:
    """Return ``prefix_`` and a time-ordered 128-bit Crockford base 32 value (48 bit ms, 80 random).

    Index friendly like a ULID, and safe in a URL.
    """
    value = (time.time_ns() // 1_000_000 << 80) | secrets.randbits(80)
    return f"{prefix}_{''.join(_ALPHABET[value >> shift & 31] for shift in range(125, -1, -5))}"


def new_secret() -> str:
    """Return 192 random bits as URL-safe text: whoever holds it is trusted with one thing."""
    return secrets.token_urlsafe(24)
