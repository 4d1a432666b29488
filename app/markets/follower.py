"""The markets of this process: an immutable snapshot, renewed as soon as one is written."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from app.db.errors import PyMongoError
from app.db.streams import DocumentStream
from app.markets.models import Market
from app.markets.repository import MarketRepository
from app.markets.starting import STARTING

_LOOK_EVERY = 0.2  # seconds between looks where no thread follows
_LOOK_BESIDE = 5.0  # the same beside a stream, should it ever leave something out
_PAUSES = (0.025, 0.2)  # seconds before trying to watch again, first and longest
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Every market, in the shop's order."""

    every: tuple[Market, ...]

    @property
    def open(self) -> tuple[Market, ...]:
        """Those the shop sells in, the default one first."""
        return tuple(each for each in self.every if each.open)


class MarketFollower:
    """Gives out the newest snapshot; readers of one that is followed wait for nothing.

    ``start`` makes a thread follow the collection; without it, whoever asks looks now and then.
    """

    def __init__(self, markets: MarketRepository) -> None:
        self._markets = markets
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._looked = -math.inf
        self._listeners: list[Callable[[], None]] = []
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._following = threading.Event()

    def snapshot(self) -> Snapshot:
        """The markets. The database away, the last ones stand in, or those a shop starts with."""
        if self._snapshot is None:
            self._load()
        elif self._thread is None and time.monotonic() - self._looked > _LOOK_EVERY:
            self._looked = time.monotonic()
            try:
                self.renew()
            except PyMongoError as error:
                _log.warning("markets_lost", error=type(error).__name__)
        return self._snapshot or Snapshot(STARTING)

    def _load(self) -> None:
        """Read the markets for the first time; a database that is away is asked now and then."""
        with self._lock:
            if self._snapshot is not None or time.monotonic() - self._looked < _LOOK_BESIDE:
                return
            try:
                self._snapshot = Snapshot(self._markets.all() or STARTING)
            except PyMongoError as error:
                _log.warning("markets_lost", error=type(error).__name__)
            self._looked = time.monotonic()

    def renew(self) -> None:
        """Read all markets again, and tell whoever listens if any is another than before."""
        with self._lock:
            before = self._snapshot
            self._snapshot = Snapshot(self._markets.all() or STARTING)
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
            self._thread = threading.Thread(target=self._run, name="markets", daemon=True)
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
                self._follow(self._markets.watch())
                pause = _PAUSES[0]
            except PyMongoError as error:
                _log.warning("markets_lost", error=type(error).__name__)
            except Exception:
                _log.exception("markets_failed")
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
