"""Changing the words of an index: collected by word, so that each set of rows is touched once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from pyroaring import BitMap

from app.catalog.search.fields import PREFIX_MARK, Group, SearchText, spread
from app.catalog.search.ways import Lexicon

_TOGETHER = 5_000  # products whose words are collected before they are written
# Plain numbers: a member of an enumeration takes much longer to look up.
_GROUPS = tuple(tuple(int(group) for group in Group if bits >> group & 1) for bits in range(64))
_NONE: Mapping[str, int] = {}
_Collected = tuple[defaultdict[str, list[int]], ...]  # rows by word, for each group


class LexiconEdit:
    """The next lexicon in the making; the one it comes from stays as it is."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._before = lexicon
        self._rows: dict[str, list[BitMap | None]] = {}
        self._own: set[tuple[str, int]] = set()
        self._added: _Collected = tuple(defaultdict(list) for _ in Group)
        self._taken: _Collected = tuple(defaultdict(list) for _ in Group)
        self._collected = 0

    def change(self, row: int, before: SearchText | None, after: SearchText | None) -> None:
        """Let a row have other words, or its first, or none."""
        old = spread(before) if before else _NONE
        new = spread(after) if after else _NONE
        for word, groups in new.items():
            for group in _GROUPS[groups & ~old.get(word, 0)]:
                self._added[group][word].append(row)
        for word, groups in old.items():
            for group in _GROUPS[groups & ~new.get(word, 0)]:
                self._taken[group][word].append(row)
        self._collected += 1
        if self._collected == _TOGETHER:
            self._write()

    def done(self) -> Lexicon:
        """The new lexicon; this edit must not be used any longer."""
        self._write()
        postings = self._before.postings.edit()
        added: set[str] = set()
        gone: set[str] = set()
        for word, rows in self._rows.items():
            known = self._before.knows(word)
            kept = tuple(each or None for each in rows)
            if any(kept):
                postings.set(word, kept)
            elif known:
                postings.drop(word)
            if known != any(kept) and not word.endswith(PREFIX_MARK):
                (gone if known else added).add(word)
        return Lexicon(postings.done(), self._before.vocabulary.changed(added, gone))

    def _write(self) -> None:
        for group in range(len(Group)):
            for word, rows in self._taken[group].items():
                self._owned(word, group).difference_update(BitMap(rows))
            for word, rows in self._added[group].items():
                self._owned(word, group).update(rows)
            self._taken[group].clear()
            self._added[group].clear()
        self._collected = 0

    def _owned(self, word: str, group: int) -> BitMap:
        """The rows of a word in a group, as a copy that readers of the old lexicon do not see."""
        rows = self._rows.get(word)
        if rows is None:
            rows = self._rows[word] = list(self._before.postings.get(word) or (None,) * len(Group))
        known = rows[group]
        if known is None or (word, group) not in self._own:
            self._own.add((word, group))
            known = rows[group] = BitMap() if known is None else known.copy()
        return known
