"""A line before something that serves few at once: first come, first served, and not for ever."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

Visit = Callable[[], None]


class Line:
    """Runs what stands in it in ``served`` threads, in the order it came. At most ``waiting`` wait
    for that, each for ``patience`` seconds; waiting costs no thread."""

    def __init__(self, *, served: int, waiting: int, patience: float) -> None:
        self._served = served
        self._most = waiting
        self._patience = patience
        self._standing: deque[tuple[float, Visit, Visit]] = deque()  # until when, then what
        self._free = 0  # threads that wait for somebody to come
        self._lock = threading.Lock()
        self._somebody = threading.Condition(self._lock)
        self._somebody_waits = threading.Condition(self._lock)

    def open(self) -> None:
        """Start the threads; they end with the process."""
        for number in range(self._served):
            threading.Thread(target=self._serve, name=f"served-{number}", daemon=True).start()
        threading.Thread(target=self._usher, name="usher", daemon=True).start()

    def join(self, visit: Visit, turned_away: Visit) -> None:
        """Have ``visit`` run when its turn comes, or else ``turned_away``, which must be quick: at
        once where too many wait, later if the turn does not come in time."""
        with self._lock:
            if len(self._standing) < self._most + self._free:
                self._standing.append((time.monotonic() + self._patience, visit, turned_away))
                self._somebody.notify()
                if len(self._standing) == 1:
                    self._somebody_waits.notify()
                return
        turned_away()

    def _serve(self) -> None:
        while True:
            with self._lock:
                self._free += 1
                while not self._standing:
                    self._somebody.wait()
                self._free -= 1
                _, visit, _ = self._standing.popleft()
            visit()

    def _usher(self) -> None:
        """See off who has waited too long. The first of the line is the one that came first."""
        while True:
            with self._lock:
                while not self._standing:
                    self._somebody_waits.wait()
                until, _, turned_away = self._standing[0]
                left = until - time.monotonic()
                if left > 0:
                    self._somebody_waits.wait(left)
                    continue
                self._standing.popleft()
            turned_away()
