"""Pieces of pages, rendered once for all processes and kept in Redis through Flask-Caching.

A fragment's name holds everything its text depends on: the version of the templates, market,
locale, arguments and the revision of what it shows. A change makes another name, so nothing old
can be shown, and nothing has to be deleted: what is no longer asked for fades away. The long ones,
which show many things and so change with every sale, fade soon: they are there for the other
processes, and each keeps its finished pages. Without Redis each process renders for itself.
"""

from __future__ import annotations

import hashlib
import threading
import time
import zlib
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from cachelib.serializers import BaseSerializer
from flask import Flask
from flask_caching import Cache as FlaskCache

from app.db.cache import Cache
from app.web.registry import service

_LIFE = 24 * 3600  # seconds
_LONG = 4_096  # letters, from which on
_LIFE_OF_LONG = 300  # seconds
_PACKED = b"\xff"  # no text in UTF-8 begins like this (RFC 3629, 3)
_LOCKED = 5_000  # milliseconds that one process may take to render before another tries
_LOOK_EVERY = 0.004


class _Text(BaseSerializer):
    """Text, packed if it is long: what Redis holds is never unpickled."""

    def dumps(self, value: str, protocol: int = 0) -> bytes:
        plain = value.encode()
        return plain if len(value) < _LONG else _PACKED + zlib.compress(plain, 1)

    def loads(self, bvalue: bytes | None) -> str | None:
        if bvalue is None:
            return None
        return (zlib.decompress(bvalue[1:]) if bvalue[:1] == _PACKED else bvalue).decode()


class Fragments:
    """Rendered fragments by name, each made by one renderer at a time."""

    def __init__(self, app: Flask, version: str) -> None:
        self._cache = FlaskCache(
            app,
            config={
                "CACHE_TYPE": "RedisCache",
                "CACHE_REDIS_HOST": service(Cache, app).client,  # a client is taken as it is
                "CACHE_KEY_PREFIX": "mossx:fragment:",
                "CACHE_DEFAULT_TIMEOUT": _LIFE,
                "CACHE_SERIALIZER": _Text,
            },
        )
        self._app = app
        self._version = version
        self._making: dict[str, threading.Event] = {}
        self.rendered = 0

    def key(self, name: str, *arguments: Hashable) -> str:
        """The name of a fragment with these arguments, revision included."""
        told = repr((self._version, arguments)).encode()
        return f"{name}:{hashlib.blake2b(told, digest_size=16).hexdigest()}"

    def get(self, key: str, render: Callable[[], str], life: int = 0) -> str:
        """The fragment, rendered if it is not there. Any number of requests at once, in any
        process, render it once. ``life`` in seconds, 0 for what suits its length."""
        found = self._read(key)
        if found is not None:
            return found
        mine = threading.Event()
        running = self._making.setdefault(key, mine)
        if running is not mine:
            running.wait(_LOCKED / 1000)
            found = self._read(key)
            return found if found is not None else self._render(render)
        try:
            return self._make(key, render, life)
        finally:
            self._making.pop(key, None)
            mine.set()

    def get_many(self, keys: Sequence[str], render: Callable[[list[int]], list[str]]) -> list[str]:
        """Fragments in order, asked for in one round trip. ``render`` makes those whose places
        are given, together: it may need one query for all of them."""
        found = self._read_many(keys)
        missing = [place for place, text in enumerate(found) if text is None]
        if missing:
            made = render(missing)
            for place, text in zip(missing, made, strict=True):
                found[place] = text
            self._write_many({keys[place]: found[place] or "" for place in missing})
        return [text or "" for text in found]

    def get_recent(self, key: str, render: Callable[[], str], fresh: int) -> str:
        """A fragment that may be old for a moment: after ``fresh`` seconds one request renders it
        anew while the others still get the old one. Never for a price or a stock."""
        found = self._read(key)
        client = service(Cache, self._app).client
        is_mine = self._try(lambda: client.set(f"mossx:fresh:{key}", b"1", ex=fresh, nx=True))
        if found is None:
            return self.get(key, render, _LIFE)
        if not is_mine:
            return found
        text = self._render(render)
        self._write_many({key: text}, _LIFE)
        return text

    def _make(self, key: str, render: Callable[[], str], life: int) -> str:
        """Render under a lock that all processes share, or take what another made meanwhile."""
        lock = f"mossx:rendering:{key}"
        client = service(Cache, self._app).client
        until = time.monotonic() + _LOCKED / 1000
        while time.monotonic() < until:
            if self._try(lambda: client.set(lock, b"1", px=_LOCKED, nx=True)):
                return self._make_locked(key, render, lock, life)
            if service(Cache, self._app).is_away:
                break
            time.sleep(_LOOK_EVERY)
            found = self._read(key)
            if found is not None:
                return found
        return self._render(render)

    def _make_locked(self, key: str, render: Callable[[], str], lock: str, life: int) -> str:
        try:
            found = self._read(key)  # it may have come between the look and the lock
            if found is None:
                found = self._render(render)
                self._write_many({key: found}, life)
            return found
        finally:
            self._try(lambda: service(Cache, self._app).client.delete(lock))

    def _render(self, render: Callable[[], str]) -> str:
        self.rendered += 1
        return render()

    # --- Redis, or nothing --------------------------------------------------------------------

    def _read(self, key: str) -> str | None:
        found = self._try(lambda: self._cache.get(key))
        return found if isinstance(found, str) else None

    def _read_many(self, keys: Sequence[str]) -> list[str | None]:
        found = self._try(lambda: self._cache.get_many(*keys)) if keys else None
        return list(found) if found else [None] * len(keys)

    def _write_many(self, texts: dict[str, str], life: int = 0) -> None:
        by_life: dict[int, dict[str, str]] = {}
        for key, text in texts.items():
            suits = _LIFE if len(text) < _LONG else _LIFE_OF_LONG
            by_life.setdefault(life or suits, {})[key] = text
        for seconds, some in by_life.items():
            self._try(partial(self._cache.set_many, some, timeout=seconds))

    def _try(self, work: Callable[[], Any]) -> Any:
        return service(Cache, self._app).attempt(work)


def version_of(*folders: Path) -> str:
    """A digest of everything that makes a page look as it does: templates, static files and
    translations."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]
