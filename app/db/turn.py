"""Whose turn it is to write what many write at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from enum import IntEnum
from heapq import heapify, heappop, heappush
from itertools import count

from redis.exceptions import LockError
from redis.lock import Lock

from app.db.cache import Cache

_KEY = "mossx:turn"
_PATIENCE = 20.0  # seconds to wait for others that would conflict
_GLANCE = 0.5  # seconds until a look whether waiting is still of use
_LIFE = 5.0  # seconds: so long does the turn of a process last that died in it
_LOOK = 0.01  # seconds until another look whether the other processes are done
_PAUSE = 1.5 * _LOOK  # seconds after a turn, so that the others, who look now and then, find theirs
_CROWDED = 5.0  # seconds for which a conflict is remembered


class Rank(IntEnum):
    """Who goes before whom: work on money that has moved before everything else."""

    MONEY = 0
    OTHER = 1


class Turn:
    """One thread of this process has it at a time and, while there are conflicts nevertheless, of
    all processes that share a Redis.

    Nobody waits for it for long: it saves work that would be done in vain, and keeps no promise.
    What meets nobody asks Redis for nothing.
    """

    def __init__(self, cache: Cache | None) -> None:
        self._here = _Here()
        self._everywhere = _Everywhere(cache) if cache else None
        self._crowded_until = 0.0

    def meet(self) -> None:
        """Say that work conflicted with other work, or would have."""
        self._crowded_until = time.monotonic() + _CROWDED

    @contextmanager
    def taken(self, rank: Rank, in_vain: Callable[[], bool]) -> Iterator[None]:
        """A block that is entered in turn, by rank and then as they came; or without, after a
        while, or once waiting is ``in_vain``."""
        until = time.monotonic() + _PATIENCE

        def is_over() -> bool:
            return time.monotonic() >= until or in_vain()

        with ExitStack() as held:
            if self._here.acquire(rank, is_over):
                held.callback(self._here.release)
                others = self._everywhere
                if others and self._asks(others) and self._wait(others, is_over):
                    held.callback(others.release)
            yield

    def _asks(self, others: _Everywhere) -> bool:
        return not others.is_mine and time.monotonic() < self._crowded_until

    def _wait(self, others: _Everywhere, is_over: Callable[[], bool]) -> bool:
        began = time.monotonic()
        while not is_over():
            if (is_mine := others.acquire(_GLANCE)) is not False:
                if time.monotonic() - began >= _LOOK:
                    self.meet()
                return bool(is_mine)
        return False


class _Here:
    """The turn among the threads of this process. Work may be part of other work, so the thread
    that has it may take it again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holder: int | None = None
        self._depth = 0
        self._came = count()
        self._waiting: list[tuple[Rank, int, _Waiter]] = []

    def acquire(self, rank: Rank, is_over: Callable[[], bool]) -> bool:
        """Whether the turn came before that was over."""
        me = threading.get_ident()
        with self._lock:
            if self._holder in {None, me}:
                self._holder, self._depth = me, self._depth + 1
                return True
            waiter = _Waiter(me)
            heappush(self._waiting, (rank, next(self._came), waiter))
        while not waiter.is_next.wait(_GLANCE):
            if is_over():
                return self._leave(waiter)
        return True

    def _leave(self, waiter: _Waiter) -> bool:
        """Stand there no more; whether the turn came just then."""
        with self._lock:
            if waiter.is_next.is_set():
                return True
            self._waiting = [each for each in self._waiting if each[2] is not waiter]
            heapify(self._waiting)
            return False

    def release(self) -> None:
        """Hand it on, once it was released as often as it was taken."""
        with self._lock:
            self._depth -= 1
            if self._depth:
                return
            self._holder = None
            if self._waiting:
                *_, waiter = heappop(self._waiting)
                self._holder, self._depth = waiter.thread, 1
                waiter.is_next.set()


class _Waiter:
    def __init__(self, thread: int) -> None:
        self.thread = thread
        self.is_next = threading.Event()


class _Everywhere:
    """The turn among processes, for the thread that has that of its own."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._lock: Lock | None = None
        self._not_before = 0.0

    @property
    def is_mine(self) -> bool:
        """Whether this process has it, as far as it knows."""
        return self._lock is not None

    def acquire(self, seconds: float) -> bool | None:
        """Whether it came within so long; None if Redis does not say."""
        time.sleep(max(0.0, self._not_before - time.monotonic()))
        return self._cache.attempt(lambda: self._acquire(seconds))

    def _acquire(self, seconds: float) -> bool:
        lock = Lock(self._cache.client, _KEY, timeout=_LIFE, sleep=_LOOK)  # of a cluster it asks
        if lock.acquire(blocking_timeout=seconds):
            self._lock = lock
        return self.is_mine

    def release(self) -> None:
        """Let another process have it."""
        lock, self._lock = self._lock, None
        if lock is not None:
            self._cache.attempt(lambda: _release(lock))
        self._not_before = time.monotonic() + _PAUSE


def _release(lock: Lock) -> None:
    with suppress(LockError):  # it lasted too long, and is another's now
        lock.release()
