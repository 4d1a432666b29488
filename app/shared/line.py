"""A line before something that serves few at once: first come, first served, and not for ever."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Line:
    """Lets ``served`` in at once, in this process; at most ``waiting`` others wait for their turn,
    each for ``patience`` seconds."""

    def __init__(self, *, served: int, waiting: int, patience: float) -> None:
        self._free = served
        self._most = waiting
        self._patience = patience
        self._turns: deque[threading.Event] = deque()
        self._lock = threading.Lock()

    @contextmanager
    def join(self) -> Iterator[bool]:
        """One's turn, while the block lasts. False where too many wait already, or where it did not
        come in time: the block has to do without."""
        if not self._enter():
            yield False
            return
        try:
            yield True
        finally:
            self._leave()

    def _enter(self) -> bool:
        with self._lock:
            if self._free:  # so nobody waits
                self._free -= 1
                return True
            if len(self._turns) >= self._most:
                return False
            turn = threading.Event()
            self._turns.append(turn)
        if turn.wait(self._patience):
            return True
        with self._lock:
            if turn.is_set():  # in the very last moment
                return True
            self._turns.remove(turn)
        return False

    def _leave(self) -> None:
        with self._lock:
            if self._turns:
                self._turns.popleft().set()
            else:
                self._free += 1
