"""The shop's own keys (``SECRET_KEY``): the newest signs and seals, older ones verify and open what
they signed until nothing of it is left.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


@dataclass(frozen=True, slots=True)
class ShopKeys:
    """All keys of the shop, the newest first.

    During a roll-out a process may have one as ``older`` that others sign with already: it only
    means that this process does not sign with it.
    """

    newest: str
    older: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[str]:
        return iter((self.newest, *self.older))

    def for_signer(self) -> list[str]:
        """As ``itsdangerous`` takes them: the one that signs comes last."""
        return [*reversed(self.older), self.newest]

    def box(self, purpose: str) -> SealedBox:
        """What is sealed for one purpose is opened for no other."""
        return SealedBox(self, purpose)


class SealedBox:
    """Keeps texts in the database so that a copy of it is not enough to read them."""

    def __init__(self, keys: ShopKeys, purpose: str) -> None:
        self._boxes = [_fernet(key, purpose) for key in keys]

    def seal(self, text: str) -> str:
        """The text, encrypted with the newest key."""
        return self._boxes[0].encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str | None:
        """The text, or None if none of the keys sealed it."""
        try:
            return MultiFernet(self._boxes).decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None

    def position(self, sealed: str) -> int | None:
        """Which key sealed it: 0 is the newest; None if it is none of them."""
        for position, box in enumerate(self._boxes):
            try:
                box.decrypt(sealed.encode())
            except InvalidToken:
                continue
            return position
        return None

    def renew(self, sealed: str) -> str:
        """The same text sealed with the newest key. Raises ``ValueError`` if none opens it."""
        try:
            return MultiFernet(self._boxes).rotate(sealed.encode()).decode()
        except InvalidToken as error:
            raise ValueError("sealed with none of the shop's keys") from error


@dataclass(frozen=True, kw_only=True, slots=True)
class SealCount:
    """How much is sealed with the newest key, with older ones, and with none of them."""

    newest: int = 0
    older: int = 0
    locked: int = 0

    def __add__(self, other: SealCount) -> SealCount:
        return SealCount(
            newest=self.newest + other.newest,
            older=self.older + other.older,
            locked=self.locked + other.locked,
        )

    @classmethod
    def of(cls, position: int | None) -> SealCount:
        """One text, by the ``position`` of its key."""
        if position is None:
            return cls(locked=1)
        return cls(older=1) if position else cls(newest=1)


def key_id(key: str) -> str:
    """Names a key without giving it away."""
    return hashlib.sha256(b"key-id:" + key.encode()).hexdigest()[:12]


def _fernet(key: str, purpose: str) -> Fernet:
    digest = hashlib.sha256(f"{purpose}:{key}".encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))
