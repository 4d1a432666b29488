"""Codes that only the shop can make, to know its own words again.

Keyed BLAKE2b is a MAC as it is (RFC 7693, 2.9), and on short texts several times cheaper than an
HMAC through OpenSSL. A page in front of Flask makes two for every new visitor.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from functools import lru_cache

from app.shared.shop_keys import ShopKeys

Seal = Callable[[str], str]


@lru_cache(maxsize=64)
def seal_for(secret: str, purpose: str) -> Seal:
    """How texts are sealed for one ``purpose`` (at most 16 letters): 64 hexadecimal digits."""
    empty = hashlib.blake2b(
        key=hashlib.sha256(secret.encode()).digest(), person=purpose.encode(), digest_size=32
    )

    def seal(text: str) -> str:
        made = empty.copy()
        made.update(text.encode())
        return made.hexdigest()

    return seal


class Seals:
    """Seals for one purpose, made with the newest of the shop's keys and known again by any."""

    def __init__(self, keys: ShopKeys, purpose: str) -> None:
        self._all = tuple(seal_for(key, purpose) for key in keys)
        self.seal = self._all[0]

    def fits(self, text: str, sealed: str) -> bool:
        """Whether the shop sealed this text like that."""
        given = sealed.encode()
        return any(hmac.compare_digest(seal(text).encode(), given) for seal in self._all)

    def is_old(self, text: str, sealed: str) -> bool:
        """Whether it was another key than the newest that did."""
        return self.seal(text) != sealed
