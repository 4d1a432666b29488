"""A language in which every translated text stands in ⟦brackets⟧, and a reader who finds what does
not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from gettext import NullTranslations

import pytest
from bs4 import BeautifulSoup, Comment, Doctype, NavigableString, Tag

from app.shared import texts

LANGUAGE = "de"  # the one whose place it takes
_SPOKEN = ("aria-label", "placeholder", "alt", "title")
_UNSEEN = {"script", "style", "code"}
_WORD = re.compile(r"[^\W\d_]{2,}")
_ADDRESS = re.compile(r"https?://\S+|\S+@\S+|/[\w/.?=&-]+|\b(?:[0-9A-Z]{4}-){3}[0-9A-Z]{4}\b")


class Pseudo(NullTranslations):
    """Translates every text into itself, in brackets."""

    def gettext(self, message: str) -> str:
        """A text."""
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """A text about so many."""
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"

    def pgettext(self, context: str, message: str) -> str:
        """A text that means this only there."""
        return self.gettext(message)

    def npgettext(self, context: str, msgid1: str, msgid2: str, n: int) -> str:
        """Both at once."""
        return self.ngettext(msgid1, msgid2, n)


def speak_pseudo(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the shop speak it instead of ``LANGUAGE``."""
    known = texts._reader
    pseudo = texts._Reader(LANGUAGE, Pseudo())
    monkeypatch.setattr(texts, "_reader", lambda code: pseudo if code == LANGUAGE else known(code))


class Reader:
    """Knows the words that are data: names of things, people, currencies."""

    def __init__(self, *data: str) -> None:
        self._data = {word.casefold() for text in data for word in _WORD.findall(text)}

    def foreign_words(self, text: str) -> list[str]:
        """Pieces of ``text`` outside of every bracket that are no data."""
        outside, depth = [], 0
        for letter in text:
            depth += (letter == "⟦") - (letter == "⟧")
            outside.append("\n" if depth or letter == "⟧" else letter)
        plain = _ADDRESS.sub(" ", "".join(outside))
        return [
            line.strip()
            for line in plain.splitlines()
            if any(word.casefold() not in self._data for word in _WORD.findall(line))
        ]

    def leftovers(self, html: str) -> list[str]:
        """What a page shows, or says to a screen reader, in no language but English."""
        tree = BeautifulSoup(html, "html.parser")
        found = self.foreign_words("".join(_visible(tree)))
        for tag in tree.find_all(True):
            for name in _SPOKEN:
                found += [f"{name}={each}" for each in self.foreign_words(str(tag.get(name, "")))]
        for meta in tree.select("meta[name=description], meta[property='og:title']"):
            found += [f"meta: {each}" for each in self.foreign_words(str(meta["content"]))]
        return found


def _visible(tree: BeautifulSoup) -> Iterator[str]:
    """Text in the order of the page; blocks end lines, so that their words do not run together."""
    for node in tree.descendants:
        if isinstance(node, Tag):
            if node.name not in {"span", "strong", "em", "a", "b", "s"}:
                yield "\n"
        elif isinstance(node, NavigableString) and not isinstance(node, (Comment, Doctype)):
            parent = node.parent
            if parent is not None and parent.name not in _UNSEEN:
                yield str(node)
