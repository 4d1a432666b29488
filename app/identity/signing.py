"""The keys that sign access and refresh tokens, and their rotation."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


class SigningKeys:
    """The newest key signs; every key of the list still verifies, found by its id (``kid``)."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = {_id(key): key for key in keys}
        self.current_id = _id(keys[0])

    @property
    def current(self) -> str:
        """The key that signs."""
        return self._keys[self.current_id]

    @property
    def ids(self) -> tuple[str, ...]:
        """What the keys are called, the one that signs first."""
        return tuple(self._keys)

    def find(self, key_id: object) -> str | None:
        """The key with this id, or None."""
        return self._keys.get(key_id) if isinstance(key_id, str) else None


def _id(key: str) -> str:
    return hashlib.sha256(b"kid:" + key.encode()).hexdigest()[:12]
