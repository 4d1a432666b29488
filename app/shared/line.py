"""A line before something that serves few at once: first come, first served, and not for ever."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

Visit = Callable[[], None]
_GLANCE = 0.05  # seconds until a look whether the other line is gone
_Place = tuple[float, Visit, Visit]


class Line:
    """Runs what stands in it in ``served`` threads, in the order it came. At most ``waiting`` wait
    for that, each for ``patience`` seconds; waiting costs no thread.

    While somebody waits in another line that it ``yields_to``, it serves no more than ``few``.
    """

    def __init__(
        self,
        *,
        served: int,
        waiting: int,
        patience: float,
        few: int = 0,
        yields_to: Line | None = None,
    ) -> None:
        self._served = served
        self._few = few
        self._yields_to = yields_to
        self._most = waiting
        self._patience = patience
        # Until when, then what: those who go first, and the others.
        self._standing: tuple[deque[_Place], ...] = (deque(), deque())
        self._free = 0  # threads that wait for somebody to come
        self._lock = threading.Lock()
        self._somebody = threading.Condition(self._lock)
        self._somebody_waits = threading.Condition(self._lock)

    @property
    def is_long(self) -> bool:
        """Whether somebody waits."""
        return any(self._standing)

    def open(self) -> None:
        """Start the threads; they end with the process."""
        for number in range(self._served):
            threading.Thread(target=self._serve, name=f"served-{number}", daemon=True).start()
        threading.Thread(target=self._usher, name="usher", daemon=True).start()

    def join(self, visit: Visit, turned_away: Visit, *, first: bool = False) -> None:
        """Have ``visit`` run when its turn comes, or else ``turned_away``, which must be quick: at
        once where too many wait, later if the turn does not come in time. Who goes ``first`` stands
        behind nobody but others who do."""
        with self._lock:
            length = sum(map(len, self._standing))
            if length < self._most + self._free:
                place = (time.monotonic() + self._patience, visit, turned_away)
                self._standing[not first].append(place)
                self._somebody.notify()
                if length == 0:
                    self._somebody_waits.notify()
                return
        turned_away()

    def _serve(self) -> None:
        while True:
            with self._lock:
                self._free += 1
                while not self._may_serve():
                    self._somebody.wait(_GLANCE if self.is_long else None)
                self._free -= 1
                _, visit, _ = next(filter(None, self._standing)).popleft()
                if self.is_long:  # whoever was called for them may have held back
                    self._somebody.notify()
            visit()

    def _may_serve(self) -> bool:
        if not self.is_long:
            return False
        holds_back = self._yields_to is not None and self._yields_to.is_long
        return not holds_back or self._served - self._free < self._few

    def _usher(self) -> None:
        """See off who has waited too long: of each kind the first is the one that came first."""
        while True:
            with self._lock:
                while not self.is_long:
                    self._somebody_waits.wait()
                longest = min(filter(None, self._standing), key=lambda each: each[0][0])
                until, _, turned_away = longest[0]
                left = until - time.monotonic()
                if left > 0:
                    self._somebody_waits.wait(left)
                    continue
                longest.popleft()
            turned_away()
