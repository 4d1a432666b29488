"""Those who wait for the same thing: when it is late for several, others had better not join."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Crowd:
    """Counts, in this process, who waits for longer than ``late`` seconds."""

    def __init__(self, *, late: float, most: int) -> None:
        self._late = late
        self._most = most
        self._began: dict[object, float] = {}
        self._lock = threading.Lock()

    @property
    def is_full(self) -> bool:
        """Whether ``most`` have waited for long."""
        moment = time.monotonic()
        with self._lock:
            return sum(moment - began > self._late for began in self._began.values()) >= self._most

    @contextmanager
    def join(self) -> Iterator[None]:
        """Wait with the others while the block lasts."""
        mark = object()
        with self._lock:
            self._began[mark] = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                del self._began[mark]
