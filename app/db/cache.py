"""Redis as the shop uses it: nothing in it is essential, and everything works without it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import structlog
from redis.exceptions import RedisError

from app.db.redis_client import redis_client

T = TypeVar("T")
_REST = 1.0  # seconds without asking after Redis did not answer, so that nobody waits in a row
_log = structlog.get_logger()


class Cache:
    """A client of Redis whose operations say "nothing there" when Redis is away.

    Everything in the process that asks Redis does it through ``attempt``: once it did not answer,
    nobody asks for a moment, and then one asks for all.
    """

    def __init__(self, url: str) -> None:
        self.client = redis_client(url)
        self._lock = threading.Lock()
        self._is_away = False
        self._ask_again_at = 0.0

    @property
    def is_away(self) -> bool:
        """Whether Redis did not answer lately."""
        return self._is_away

    def attempt(self, work: Callable[[], T]) -> T | None:
        """What ``work`` finds in Redis; None if Redis does not answer, or did not lately."""
        if self._is_away and not self._is_my_turn():
            return None
        try:
            found = work()
        except RedisError as error:
            self._is_away, self._ask_again_at = True, time.monotonic() + _REST
            _log.warning("cache_away", error=type(error).__name__)
            return None
        self._is_away = False
        return found

    def _is_my_turn(self) -> bool:
        with self._lock:
            if time.monotonic() < self._ask_again_at:
                return False
            self._ask_again_at = time.monotonic() + _REST
            return True

    def ping(self) -> bool:
        """Whether Redis answers."""
        return bool(self.attempt(self.client.ping))

    def get(self, key: str) -> bytes | None:
        """The value, or None."""
        found = self.attempt(lambda: self.client.get(key))
        return found if isinstance(found, bytes) else None

    def set(self, key: str, value: bytes, seconds: int, *, only_new: bool = False) -> None:
        """Keep a value for some seconds; ``only_new`` leaves one that is there."""
        self.attempt(lambda: self.client.set(key, value, ex=seconds, nx=only_new))

    def push(self, key: str, value: bytes, seconds: int, most: int) -> None:
        """Put a value in front of a list of at most ``most``, without an older equal one."""

        def work() -> None:
            pipe = self.client.pipeline(transaction=True)
            pipe.lrem(key, 0, value.decode())
            pipe.lpush(key, value)
            pipe.ltrim(key, 0, most - 1)
            pipe.expire(key, seconds)
            pipe.execute()

        self.attempt(work)

    def items(self, key: str) -> list[bytes]:
        """The list, newest first."""
        found: Any = self.attempt(lambda: self.client.lrange(key, 0, -1))
        return list(found or [])

    def clear(self) -> bool:
        """Forget everything, of every process; False if Redis is away."""
        return bool(self.attempt(self.client.flushdb))

    def take(self, key: str) -> list[bytes]:
        """The list, newest first, which is empty afterwards."""

        def work() -> list[bytes]:
            pipe = self.client.pipeline(transaction=True)
            pipe.lrange(key, 0, -1)
            pipe.delete(key)
            return list(pipe.execute()[0])

        return self.attempt(work) or []
