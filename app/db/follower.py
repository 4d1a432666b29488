"""What a process holds of a small collection: an immutable snapshot, renewed as soon as something
in it is written."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

import structlog

from app.db.errors import PyMongoError
from app.db.streams import DocumentStream

T = TypeVar("T")
_LOOK_EVERY = 0.2  # seconds between looks where no thread follows
_LOOK_BESIDE = 5.0  # the same beside a stream, should it ever leave something out
_PAUSES = (0.025, 0.2)  # seconds before trying to watch again, first and longest
_log = structlog.get_logger()


class Follower(Generic[T]):
    """Gives out the newest snapshot; readers of one that is followed wait for nothing.

    ``start`` makes a thread follow the collection; without it, whoever asks looks now and then.
    ``fallback`` stands in for a collection that could never be read.
    """

    def __init__(
        self, name: str, load: Callable[[], T], watch: Callable[[], DocumentStream], fallback: T
    ) -> None:
        self._name = name
        self._read = load
        self._watch = watch
        self._fallback = fallback
        self._lock = threading.Lock()
        self._snapshot: T | None = None
        self._looked = -math.inf
        self._listeners: list[Callable[[], None]] = []
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._following = threading.Event()

    def snapshot(self) -> T:
        """What there is. The database away, the last snapshot stands in, or the fallback."""
        if self._snapshot is None:
            self._load()
        elif self._thread is None and time.monotonic() - self._looked > _LOOK_EVERY:
            self._looked = time.monotonic()
            try:
                self.renew()
            except PyMongoError as error:
                self._say_lost(error)
        return self._fallback if self._snapshot is None else self._snapshot

    def _say_lost(self, error: PyMongoError) -> None:
        _log.warning(f"{self._name}_lost", error=type(error).__name__)

    def _load(self) -> None:
        """Read for the first time; a database that is away is asked now and then."""
        with self._lock:
            if self._snapshot is not None or time.monotonic() - self._looked < _LOOK_BESIDE:
                return
            try:
                self._snapshot = self._read()
            except PyMongoError as error:
                self._say_lost(error)
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
        return self._following.is_set()

    def start(self) -> None:
        """Follow the collection in a thread, which waits for a database that is away."""
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(2.0)
            self._thread = None

    def _run(self) -> None:
        pause, longest = _PAUSES
        while not self._stop.is_set():
            try:
                self._follow(self._watch())
                pause = _PAUSES[0]
            except PyMongoError as error:
                self._say_lost(error)
            except Exception:
                _log.exception(f"{self._name}_failed")
                pause = longest
            self._stop.wait(pause)
            pause = min(2 * pause, longest)

    def _follow(self, stream: DocumentStream) -> None:
        try:
            self.renew()
            self._following.set()
            while not self._stop.is_set():
                written = stream.take(0.5)
                if written or time.monotonic() - self._looked > _LOOK_BESIDE:
                    self.renew()
        finally:
            self._following.clear()
            stream.close()
