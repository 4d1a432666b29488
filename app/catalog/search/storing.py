"""An index as bytes, so that one process builds it and the others load it."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from app.catalog.search.fields import PREFIX_MARK, Group
from app.catalog.search.index import SearchIndex
from app.catalog.search.sharing import Shards
from app.catalog.search.skus import SkuTable
from app.catalog.search.spelling import Spelling
from app.catalog.search.vocabulary import Vocabulary
from app.catalog.search.ways import Lexicon, Posting

N = TypeVar("N", bound=np.generic)
_MARK = b"MossX search 1\n"
_LENGTH = struct.Struct("<Q")
_ALL = range(1 << len(Group))
_GROUPS_OF = tuple(tuple(group for group in Group if bits >> group & 1) for bits in _ALL)


class UnreadableIndex(ValueError):
    """Bytes that are no index, or one of another version: build it from the products instead."""


def dump(index: SearchIndex) -> bytes:
    """The index as bytes, for ``load`` of the same version."""
    postings = dict(index.lexicon.postings.items())
    terms = sorted(postings)
    bitmaps = [rows.serialize() for term in terms for rows in postings[term] if rows is not None]
    texts = sorted(index.texts.items())
    skus = index.skus.merged()
    sections = (
        "\n".join(terms).encode(),
        bytes(_bits(postings[term]) for term in terms),
        *_joined(bitmaps),
        _array([row for row, _ in texts], np.uint32),
        *_joined([packed for _, packed in texts]),
        index.title_lengths.tobytes(),
        skus.keys.tobytes(),
        skus.rows.tobytes(),
    )
    return _MARK + b"".join(_LENGTH.pack(len(each)) + each for each in sections)


def load(data: bytes) -> SearchIndex:
    """The index that was dumped. Raises ``UnreadableIndex``."""
    if not data.startswith(_MARK):
        raise UnreadableIndex("not a search index of this version")
    try:
        return _read(_sections(memoryview(data)[len(_MARK) :]))
    except (ValueError, struct.error, StopIteration) as error:
        raise UnreadableIndex("a search index that is cut off or damaged") from error


def _read(sections: Iterator[memoryview]) -> SearchIndex:
    joined = bytes(next(sections)).decode()
    terms = joined.split("\n") if joined else []
    masks = bytes(next(sections))
    bitmaps = map(BitMap.deserialize, _pieces(next(sections), next(sections)))
    postings = {term: _posting(mask, bitmaps) for term, mask in zip(terms, masks, strict=True)}
    rows = _numbers(next(sections), np.uint32).tolist()
    texts = dict(zip(rows, _pieces(next(sections), next(sections)), strict=True))
    words = [term for term in terms if not term.endswith(PREFIX_MARK)]
    return SearchIndex(
        lexicon=Lexicon(Shards.of(postings), Vocabulary(terms=words, spelling=Spelling(words))),
        texts=Shards.of(texts),
        title_lengths=_numbers(next(sections), np.uint8),
        skus=SkuTable(
            keys=_numbers(next(sections), np.uint64), rows=_numbers(next(sections), np.int32)
        ),
        rows=BitMap(rows),
    )


def _bits(posting: Posting) -> int:
    return sum(1 << group for group, rows in enumerate(posting) if rows is not None)


def _posting(mask: int, bitmaps: Iterator[BitMap]) -> Posting:
    rows: list[BitMap | None] = [None] * len(Group)
    for group in _GROUPS_OF[mask]:
        rows[group] = next(bitmaps)
    return tuple(rows)


def _joined(pieces: Iterable[bytes]) -> tuple[bytes, bytes]:
    """The lengths of the pieces, and the pieces one after another."""
    kept = list(pieces)
    return _array([len(each) for each in kept], np.uint32), b"".join(kept)


def _pieces(lengths: memoryview, joined: memoryview) -> Iterator[bytes]:
    ends = np.cumsum(_numbers(lengths, np.uint32), dtype=np.int64).tolist()
    whole = bytes(joined)
    return (whole[first:end] for first, end in zip([0, *ends], ends, strict=False))


def _array(values: list[int], kind: type[np.uint32]) -> bytes:
    return np.array(values, kind).tobytes()


def _numbers(data: memoryview, kind: type[N]) -> NDArray[N]:
    return np.frombuffer(data, kind).copy()  # not a view, which would keep all the bytes alive


def _sections(data: memoryview) -> Iterator[memoryview]:
    place = 0
    while place < len(data):
        (length,) = _LENGTH.unpack_from(data, place)
        start = place + _LENGTH.size
        place = start + length
        if place > len(data):
            raise ValueError("cut off")
        yield data[start:place]
