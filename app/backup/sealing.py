"""Backups encrypted as they are written, and opened as they are read.

The construction is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015) over AES-256-GCM, as ``age``
has it over ChaCha20: pieces of 64 KiB, each with its number and whether it is the last in the
nonce, under a key that is derived for this file alone. So nothing can be changed, moved, left out
or cut off without being noticed, and memory stays bounded.
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.backup.errors import BackupDamaged, BackupLocked
from app.shared.shop_keys import key_id

if TYPE_CHECKING:
    from typing_extensions import Buffer

MAGIC = b"MOSSX-SEALED-1\n"
_SALT = 32
_NAME = 12  # letters that name the key
_PIECE = 64 * 1024
_TAG = 16


def _cipher(key: str, salt: bytes) -> AESGCM:
    derive = HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"mossx backup")
    return AESGCM(derive.derive(key.encode()))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


class SealedWriter(io.RawIOBase):
    """Encrypts what is written to it into ``target``, which it leaves open."""

    def __init__(self, target: BinaryIO, key: str) -> None:
        self._target = target
        salt = os.urandom(_SALT)
        self._header = MAGIC + key_id(key).encode() + salt
        self._cipher = _cipher(key, salt)
        self._waiting = bytearray()
        self._number = 0
        target.write(self._header)

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: Buffer, /) -> int:
        """Take some bytes; whole pieces are written on."""
        self._waiting += data
        while len(self._waiting) > _PIECE:  # the last piece is written by ``close`` alone
            self._put(bytes(self._waiting[:_PIECE]), last=False)
            del self._waiting[:_PIECE]
        return len(memoryview(data))

    def close(self) -> None:
        """Write the last piece, once."""
        if not self.closed:
            self._put(bytes(self._waiting), last=True)
            super().close()

    def _put(self, piece: bytes, *, last: bool) -> None:
        nonce = _nonce(self._number, last=last)
        self._target.write(self._cipher.encrypt(nonce, piece, self._header))
        self._number += 1


class SealedReader(io.RawIOBase):
    """Reads what a ``SealedWriter`` wrote with one of ``keys``.

    Raises ``BackupLocked`` if it was none of them, and ``BackupDamaged`` from any read.
    """

    def __init__(self, source: BinaryIO, keys: Sequence[str]) -> None:
        self._source = source
        self._header = source.read(len(MAGIC) + _NAME + _SALT)
        if len(self._header) < len(MAGIC) + _NAME + _SALT:
            raise BackupDamaged("The backup was cut off.")
        name = self._header[len(MAGIC) :][:_NAME].decode("ascii", "replace")
        key = next((each for each in keys if key_id(each) == name), None)
        if key is None:
            raise BackupLocked(
                f"The backup is encrypted with the key {name}, which is not in BACKUP_KEY."
            )
        self._cipher = _cipher(key, self._header[-_SALT:])
        self._number = 0
        self._ahead = source.read(_PIECE + _TAG)
        self._ready = b""
        self._over = False

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        """Fill some of the buffer; 0 at the end."""
        if not self._ready and not self._over:
            self._ready = self._next()
        view = memoryview(buffer).cast("B")
        count = min(len(view), len(self._ready))
        view[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _next(self) -> bytes:
        piece, self._ahead = self._ahead, self._source.read(_PIECE + _TAG)
        self._over = not self._ahead
        nonce = _nonce(self._number, last=self._over)
        self._number += 1
        try:
            return self._cipher.decrypt(nonce, piece, self._header)
        except InvalidTag as error:
            raise BackupDamaged("The backup was changed or cut off.") from error
