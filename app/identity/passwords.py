"""Hashing passwords with argon2id."""

from __future__ import annotations

import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

# OWASP Password Storage Cheat Sheet, argon2id: 19 MiB, two passes, one lane.
_MEMORY_KIB, _PASSES, _LANES = 19_456, 2, 1


class Passwords:
    """Makes and checks hashes; checking costs the same whether there is a hash or not."""

    def __init__(self) -> None:
        self._hasher = _hasher()
        self._nobody = _nobodys_hash()

    def hash(self, password: str) -> str:
        """A salted hash with its parameters in it."""
        return self._hasher.hash(_normal(password))

    def fits(self, password: str, known: str | None) -> bool:
        """Whether ``known`` is a hash of ``password``; None takes as long and never fits."""
        try:
            self._hasher.verify(known or self._nobody, _normal(password))
        except (Argon2Error, InvalidHashError):
            return False
        return known is not None

    def is_dated(self, known: str) -> bool:
        """Whether a hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(known)


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=_LANES)


@cache
def _nobodys_hash() -> str:
    return _hasher().hash("nobody has this password")


def _normal(password: str) -> str:
    """One spelling for what looks the same on every keyboard (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)
