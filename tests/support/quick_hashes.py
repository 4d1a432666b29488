"""Passwords that are hashed cheaply: the real cost, times hundreds of logins, proves nothing more."""

from __future__ import annotations

from argon2 import PasswordHasher

from app.identity import passwords

own_hasher = passwords._hasher  # with what the shop pays


def hash_quickly() -> None:
    """Have every shop of this process hash with argon2id's least memory and passes."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    passwords._hasher = lambda: quick
