"""What a process holds of a small collection: an immutable snapshot, renewed as soon as something
in it is written."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from app.db.errors import PyMongoError
from app.db.following import Following
from app.db.streams import DocumentStream

T = TypeVar("T")
_LOOK_EVERY = 0.2  # seconds between looks where no thread follows
_LOOK_BESIDE = 5.0  # the same beside a stream, should it leave something out, and where one failed


class Follower(Generic[T]):
    """Gives out the newest snapshot; readers of one that is followed wait for nothing.

    ``start`` makes a thread follow the collection; without it, whoever asks looks now and then.
    ``fallback`` stands in for a collection that could never be read.
    """

    def __init__(
        self, name: str, load: Callable[[], T], watch: Callable[[], DocumentStream], fallback: T
    ) -> None:
        self._read = load
        self._watch = watch
        self._fallback = fallback
        self._lock = threading.Lock()
        self._snapshot: T | None = None
        self._looked = -math.inf
        self._rest = _LOOK_EVERY  # seconds until the next look where no thread follows
        self._listeners: list[Callable[[], None]] = []
        self._following = Following(name, self._follow)

    def snapshot(self) -> T:
        """What there is. The database away, the last snapshot stands in, or the fallback."""
        if self._snapshot is None:
            self._load()
        elif not self._following.has_thread and time.monotonic() - self._looked > self._rest:
            self._look()
        return self._fallback if self._snapshot is None else self._snapshot

    def _look(self) -> None:
        """Look for changes; where that fails, which takes a while, not again at once: a page asks
        many times."""
        self._looked = time.monotonic()
        try:
            self.renew()
            self._rest = _LOOK_EVERY
        except PyMongoError as error:
            self._looked, self._rest = time.monotonic(), _LOOK_BESIDE
            self._following.say_lost(error)

    def _load(self) -> None:
        """Read for the first time; a database that is away is asked now and then."""
        with self._lock:
            if self._snapshot is not None or time.monotonic() - self._looked < _LOOK_BESIDE:
                return
            try:
                self._snapshot = self._read()
            except PyMongoError as error:
                self._following.say_lost(error)
            self._looked = time.monotonic()

    def renew(self) -> None:
        """Read everything again, and tell whoever listens if anything is another than before."""
        with self._lock:
            before = self._snapshot
            self._snapshot = self._read()
            self._looked = time.monotonic()
            changed = before is not None and before != self._snapshot
        for listener in self._listeners if changed else ():
            listener()

    def listen(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` after each change, in the thread that saw it."""
        self._listeners.append(callback)

    # --- following ------------------------------------------------------------------------------

    @property
    def is_following(self) -> bool:
        """Whether every change reaches this process as it happens."""
        return self._following.is_following

    def start(self) -> None:
        """Follow the collection in a thread, which waits for a database that is away."""
        self._following.start()

    def close(self) -> None:
        """End the thread."""
        self._following.close()

    def _follow(self) -> None:
        stream = self._watch()
        try:
            self.renew()
            self._following.begin()
            while not self._following.ends:
                written = stream.take(0.5)
                if written or time.monotonic() - self._looked > _LOOK_BESIDE:
                    self.renew()
        finally:
            stream.close()
