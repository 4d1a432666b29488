"""Finished pages in the memory of one process: bounded, what nobody asks for first to go.

A page is dropped by tags, which name what it shows. A page whose making began before one of its
tags was dropped is never kept: it may show what was true before. What was dropped stays aside for a
while, where there is room, for when no new page can be made (stale-if-error: RFC 5861, 4).
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Hashable, Iterable

from app.web.packing import EMPTY, Filling, Packed

Headers = list[tuple[str, str]]
_MOST_REMEMBERED_DROPS = 50_000
_OVERHEAD = 2_500  # bytes that an entry costs beside its body
_OLD = 3600.0  # seconds after which a page that was dropped is of no use in any trouble


class Page:
    """A finished page, packed with gzip. ``blank`` stands where a visitor's form token goes."""

    __slots__ = ("_bodiless", "_body", "_headers", "_packed", "digest", "subject", "was_used")

    def __init__(
        self, body: bytes, headers: Headers, subject: str = "", blank: bytes = b""
    ) -> None:
        self.digest = hashlib.sha256(body).hexdigest()[:20]
        self.subject = subject
        self.was_used = False
        self._body = Packed(body, blank)
        self._headers = headers
        self._bodiless = [pair for pair in headers if pair[0].lower() != "content-type"]
        length = ("Content-Length", str(self._body.length))
        self._packed = [*headers, length, ("Content-Encoding", "gzip")]

    @property
    def has_forms(self) -> bool:
        """Whether it takes a token to send it."""
        return self._body.has_blanks

    def packed(self, etag: str, token: Filling = EMPTY) -> tuple[Headers, bytes]:
        """The page in gzip, with the token in its forms."""
        return [*self._packed, ("ETag", etag)], self._body.filled(token)

    def plain(self, etag: str, token: Filling = EMPTY) -> tuple[Headers, bytes]:
        """The same as it is."""
        body = self._body.plain(token.text)
        return [*self._headers, ("Content-Length", str(len(body))), ("ETag", etag)], body

    def not_modified(self, etag: str) -> Headers:
        """The headers for who has this page already (RFC 9110, 15.4.5)."""
        return [*self._bodiless, ("ETag", etag)]

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return self._body.length + _OVERHEAD


class PageStore:
    """Pages by key. All methods may be called from any thread."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._pages: OrderedDict[Hashable, Page] = OrderedDict()
        self._aside: OrderedDict[Hashable, tuple[Page, float]] = OrderedDict()
        self._tags_of: dict[Hashable, frozenset[str]] = {}
        self._keys_of: dict[str, set[Hashable]] = {}
        self._size = 0
        self._lock = threading.Lock()
        self._clock = 0
        self._cleared = 0
        self._dropped: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._pages)

    @property
    def size(self) -> int:
        """Bytes in use, about."""
        return self._size

    def get(self, key: Hashable) -> Page | None:
        """The page, which thereby is spared when room is made; None if it is not there."""
        page = self._pages.get(key)
        if page is not None:
            page.was_used = True  # a mark costs less than moving it to the end each time
        return page

    def mark(self) -> int:
        """The moment before a page is made, for ``put``."""
        return self._clock

    def put(self, key: Hashable, page: Page, tags: Iterable[str], mark: int) -> bool:
        """Keep a page that was begun at ``mark``, unless something it shows changed since."""
        named = frozenset(tags)
        with self._lock:
            if self._cleared > mark or any(self._dropped.get(tag, 0) > mark for tag in named):
                return False
            self._remove(key)
            self._discard(key)
            self._make_room(page.size)
            self._pages[key] = page
            self._tags_of[key] = named
            for tag in named:
                self._keys_of.setdefault(tag, set()).add(key)
            self._size += page.size
        return True

    def drop(self, tags: Iterable[str]) -> None:
        """Forget every page that has one of the tags."""
        with self._lock:
            self._clock += 1
            for tag in tags:
                self._dropped[tag] = self._clock
                for key in list(self._keys_of.get(tag, ())):
                    self._set_aside(key)
            if len(self._dropped) > _MOST_REMEMBERED_DROPS:
                self._dropped.clear()
                self._cleared = self._clock  # what is being made now is not kept, to be safe

    def drop_all(self) -> None:
        """Forget every page, as if each had one of the tags."""
        with self._lock:
            self._clock += 1
            self._cleared = self._clock
            self._dropped.clear()
            for key in list(self._pages):
                self._set_aside(key)

    def clear(self) -> None:
        """Have nothing any more, not even aside."""
        with self._lock:
            self._clock += 1
            self._cleared = self._clock
            self._pages.clear()
            self._aside.clear()
            self._tags_of.clear()
            self._keys_of.clear()
            self._dropped.clear()
            self._size = 0

    def former(self, key: Hashable) -> Page | None:
        """The page as it was until it was dropped, if that is not long ago."""
        page, dropped_at = self._aside.get(key, (None, 0.0))
        return page if time.monotonic() - dropped_at < _OLD else None

    def _make_room(self, wanted: int) -> None:
        while self._size + wanted > self._most and self._aside:
            self._discard(next(iter(self._aside)))
        while self._size + wanted > self._most and self._pages:
            self._remove_oldest()

    def _remove_oldest(self) -> None:
        """Remove the oldest page that was not used since it last was; those that were begin anew
        (the second chance of Corbató's clock)."""
        key, page = next(iter(self._pages.items()))
        while page.was_used:
            page.was_used = False
            self._pages.move_to_end(key)
            key, page = next(iter(self._pages.items()))
        self._remove(key)

    def _set_aside(self, key: Hashable) -> None:
        page = self._remove(key)
        if page is not None:
            self._aside[key] = page, time.monotonic()
            self._size += page.size

    def _discard(self, key: Hashable) -> None:
        page, _ = self._aside.pop(key, (None, 0.0))
        if page is not None:
            self._size -= page.size

    def _remove(self, key: Hashable) -> Page | None:
        page = self._pages.pop(key, None)
        if page is None:
            return None
        self._size -= page.size
        for tag in self._tags_of.pop(key, ()):
            keys = self._keys_of[tag]
            keys.discard(key)
            if not keys:
                del self._keys_of[tag]
        return page
