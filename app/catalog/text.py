"""Words of texts, folded so that spelling variants meet."""

from __future__ import annotations

import re
import unicodedata

_GONE = dict.fromkeys(map(ord, "™®©℠\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_ACCENTS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff]")  # not the marks of Indic scripts
_LETTERS = str.maketrans(
    {
        "ı": "i", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th",
        "\u093c": None,  # nukta, which many leave out when they type
        "\u0901": "\u0902",  # candrabindu, typed as anusvara
    }
)  # fmt: skip
_JOINED = re.compile(r"(?<=\w)['’ʼ]s\b|['’ʼ](?=\w)")


def _marks() -> str:
    r"""The combining marks, which ``\w`` leaves out, as ranges for a character class."""
    points = [point for point in range(0x300, 0xABFF) if unicodedata.category(chr(point))[0] == "M"]
    gaps = [place for place in range(1, len(points)) if points[place] - points[place - 1] > 1]
    runs = zip([0, *gaps], [*gaps, len(points)], strict=True)
    return "".join(f"{chr(points[first])}-{chr(points[end - 1])}" for first, end in runs)


_LETTER = rf"(?:[^\W_]|[{_marks()}])"
_WORD = re.compile(rf"{_LETTER}+")
_WRITTEN = re.compile(rf"{_LETTER}+(?:['’ʼ]{_LETTER}+)*")


def fold(text: str) -> str:
    """Lower case and compatible forms (Unicode NFKC) without Latin, Greek or Cyrillic accents.

    ``Müsli`` and ``musli`` are the same, ``ＴＥＥ`` and ``tee``; the vowel signs of Devanagari,
    which are combining marks too, stay.
    """
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", text.translate(_GONE)).casefold()
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", folded))
    return unicodedata.normalize("NFC", bare).translate(_LETTERS)


def words(text: str) -> list[str]:
    """The folded words of a text, in order; ``Women's`` is ``women``, ``don't`` is ``dont``."""
    return _WORD.findall(_JOINED.sub("", fold(text)))


def spans(text: str) -> list[tuple[int, int, str]]:
    """Each word of a text as (start, end, folded word), places in the text as it is written."""
    return [
        (found.start(), found.end(), word)
        for found in _WRITTEN.finditer(text)
        for word in words(found[0])[:1]
    ]
