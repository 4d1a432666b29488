"""Bodies packed with gzip once and sent many times, with blanks that each visitor's text fills.

A blank lies between two compressed stretches as a stored block of the deflate stream (RFC 1951,
3.2.4), so filling it in compresses nothing anew. The checksum of the whole (RFC 1952, 2.3.1)
follows from the text's own, because a CRC is linear: what a difference of 32 bits at the blank
becomes at the end is one multiplication, laid down in a table for each body.
"""

from __future__ import annotations

import struct
import zlib
from array import array
from functools import lru_cache
from typing import NamedTuple

_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_RAW = -15  # deflate without a wrapper, with the largest window
_WINDOW = 32 * 1024
_POLYNOMIAL = 0xEDB88320
_NEVER = b"\xff"  # no byte of UTF-8 (RFC 3629, 3)
_MOST_UNPACKED = 64  # bodies in this process, for clients that take none packed
_ONE = 0x80000000  # the polynomial 1, bits reversed as zlib has them


class Filling(NamedTuple):
    """A text for blanks, weighed once for all the bodies it fills: as a stored block, and with the
    places where a body's table has what it does to the checksum."""

    text: bytes
    framed: bytes
    places: tuple[int, ...]


def filling_of(text: bytes) -> Filling:
    """The filling with this text."""
    frame, nothing = _frame(len(text))
    change = zlib.crc32(text) ^ nothing
    places = (
        change & 15,
        16 | (change >> 4 & 15),
        32 | (change >> 8 & 15),
        48 | (change >> 12 & 15),
        64 | (change >> 16 & 15),
        80 | (change >> 20 & 15),
        96 | (change >> 24 & 15),
        112 | (change >> 28),
    )
    return Filling(text, frame + text, places)


@lru_cache(maxsize=64)
def _frame(length: int) -> tuple[bytes, int]:
    """What a stored block of this length begins with, and the checksum of a blank as long."""
    return b"\x00" + struct.pack("<HH", length, length ^ 0xFFFF), zlib.crc32(_NEVER * length)


EMPTY = filling_of(b"")


class Packed:
    """A body of UTF-8 in gzip. ``blank`` is the text that stands where each visitor's is to go."""

    __slots__ = (
        "_base",
        "_nothing",
        "_parts",
        "_table",
        "_whole",
        "length",
    )

    def __init__(self, body: bytes, blank: bytes = b"") -> None:
        stretches = body.split(blank) if blank else [body]
        self._nothing = nothing = _NEVER * len(blank)
        self._parts = _compress(stretches, nothing)
        self._parts[0] = _HEADER + self._parts[0]
        plain = nothing.join(stretches)
        self._base = zlib.crc32(plain)
        self._whole = struct.pack("<I", len(plain) & 0xFFFFFFFF)
        holes = len(stretches) - 1
        self._table = _table(_weight(stretches, len(blank))) if holes else None
        frames = holes * (len(_frame(len(blank))[0]) + len(blank))
        self.length = sum(map(len, self._parts)) + frames + 8

    @property
    def has_blanks(self) -> bool:
        """Whether there is something to fill in."""
        return self._table is not None

    def filled(self, filling: Filling = EMPTY) -> bytes:
        """The body with a text in every blank that is as long as the blank was."""
        _, framed, (a, b, c, d, e, f, g, h) = filling
        total, table = self._base, self._table
        if table is not None:
            total ^= (
                table[a] ^ table[b] ^ table[c] ^ table[d]
                ^ table[e] ^ table[f] ^ table[g] ^ table[h]
            )  # fmt: skip
        return framed.join(self._parts) + total.to_bytes(4, "little") + self._whole

    def plain(self, text: bytes = b"") -> bytes:
        """The same without packing."""
        return text.join(_unpacked(self))

    def stretches(self) -> list[bytes]:
        """What stands between the blanks, unpacked."""
        body = zlib.decompress(self.filled(filling_of(self._nothing)), 31)
        return body.split(self._nothing) if self.has_blanks else [body]


@lru_cache(maxsize=_MOST_UNPACKED)
def _unpacked(packed: Packed) -> list[bytes]:
    return packed.stretches()


def _compress(stretches: list[bytes], nothing: bytes) -> list[bytes]:
    """Each stretch as whole bytes of one deflate stream. What came before serves as dictionary;
    its blanks hold what no text has, so that nothing is ever copied from there."""
    parts = []
    before = b""
    for place, stretch in enumerate(stretches):
        packer = zlib.compressobj(6, zlib.DEFLATED, _RAW, zdict=before[-_WINDOW:])
        is_last = place == len(stretches) - 1
        packed = packer.compress(stretch)
        parts.append(packed + packer.flush(zlib.Z_FINISH if is_last else zlib.Z_SYNC_FLUSH))
        before += stretch + nothing
    return parts


def _weight(stretches: list[bytes], blank: int) -> int:
    """What a difference at all blanks is multiplied with, as a polynomial."""
    weight = after = 0
    for stretch in reversed(stretches[1:]):
        after += len(stretch)
        weight ^= zlib.crc32(bytes(after), _ONE) ^ zlib.crc32(bytes(after))
        after += blank
    return weight


def _table(weight: int) -> array[int]:
    """Products of ``weight`` with every half byte at each of its eight places."""
    columns = [0] * 32
    for bit in range(31, -1, -1):
        columns[bit] = weight
        weight = weight >> 1 ^ (_POLYNOMIAL if weight & 1 else 0)
    table = array("I", bytes(8 * 16 * 4))
    for place in range(8):
        for value in range(1, 16):
            low = value & -value
            rest = table[16 * place + (value ^ low)]
            table[16 * place + value] = rest ^ columns[4 * place + low.bit_length() - 1]
    return table
