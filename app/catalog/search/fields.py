"""What of a product can be searched, and how much a word counts where it stands."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, fields
from enum import IntEnum

from app.catalog.text import fold, words

_LONGEST_TEXT = 2_000  # letters of a description; what comes later says little about the product
_MOST_WORDS = 400
LONGEST_WORD = 40  # letters; of what is longer, only the beginning is looked at
_FIELD, _ITEM = "\x1f", "\x1e"
_HYPHENATED = re.compile(r"[^\W_]+(?:[-‐‑][^\W_]+)+")
_HYPHENS = re.compile(r"[-‐‑]")
SHORT_PREFIX = 2
PREFIX_MARK = "*"


class Group(IntEnum):
    """Where in a product a word stands."""

    TITLE = 0
    KIND = 1  # its type and its category
    VENDOR = 2
    OPTIONS = 3
    TAGS = 4
    TEXT = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchText:
    """The searchable texts of one product. ``text`` is its description without markup."""

    title: str
    vendor: str = ""
    type: str = ""
    category: str = ""
    tags: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    text: str = ""
    skus: tuple[str, ...] = ()

    def of(self, group: Group) -> str:
        """What stands in one group, as one text."""
        parts = {
            Group.TITLE: (self.title,),
            Group.KIND: (self.type, self.category.replace("-", " ")),
            Group.VENDOR: (self.vendor,),
            Group.OPTIONS: self.options,
            Group.TAGS: self.tags,
            Group.TEXT: (self.text[:_LONGEST_TEXT],),
        }
        return " \n".join(parts[group])


def pack(text: SearchText) -> bytes:
    """A text in the fewest bytes that are still quick to read."""
    values = (getattr(text, field.name) for field in fields(text))
    joined = (_clean(value) if isinstance(value, str) else _join(value) for value in values)
    return zlib.compress(_FIELD.join(joined).encode(errors="replace"), 1)


def unpack(packed: bytes) -> SearchText:
    """The text that was packed."""
    title, vendor, kind, category, tags, options, text, skus = (
        zlib.decompress(packed).decode().split(_FIELD)
    )
    return SearchText(
        title=title,
        vendor=vendor,
        type=kind,
        category=category,
        tags=_split(tags),
        options=_split(options),
        text=text,
        skus=_split(skus),
    )


def _clean(value: str) -> str:
    return value[:_LONGEST_TEXT].replace(_FIELD, " ").replace(_ITEM, " ")


def _join(values: tuple[str, ...]) -> str:
    return _ITEM.join(map(_clean, values))


def _split(joined: str) -> tuple[str, ...]:
    return tuple(joined.split(_ITEM)) if joined else ()


def spread(text: SearchText) -> dict[str, int]:
    """Each word with the set of groups it stands in, as bits; short beginnings likewise.

    Beginnings of one or two letters would join thousands of words when they are looked up, so
    they are kept like words, marked with a star, without the description.
    """
    found: dict[str, int] = {}
    for group in Group:
        bit = 1 << group
        for word in index_words(text.of(group)):
            found[word] = found.get(word, 0) | bit
            if group is not Group.TEXT:
                for length in range(1, SHORT_PREFIX + 1):
                    start = word[:length] + PREFIX_MARK
                    found[start] = found.get(start, 0) | bit
    return found


def index_words(text: str) -> set[str]:
    """The words of a text; ``full-zip`` is found under ``full``, ``zip`` and ``fullzip``."""
    found = {word[:LONGEST_WORD] for word in words(text)[:_MOST_WORDS]}
    if "-" in text or "‐" in text or "‑" in text:
        joined = (_HYPHENS.sub("", each) for each in _HYPHENATED.findall(fold(text)))
        found |= {word[:LONGEST_WORD] for word in joined}
    return found
