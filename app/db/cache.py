"""Redis as the shop uses it: nothing in it is essential, and everything works without it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import redis
import structlog
from redis.exceptions import RedisError

T = TypeVar("T")
_REST = 1.0  # seconds without asking after Redis did not answer, so that nobody waits in a row
_log = structlog.get_logger()


class Cache:
    """A connection pool to Redis whose operations say "nothing there" when Redis is away."""

    def __init__(self, url: str) -> None:
        self.client = redis.Redis.from_url(
            url, socket_connect_timeout=0.5, socket_timeout=1.0, health_check_interval=30
        )
        self._away_until = 0.0

    def _try(self, work: Callable[[], T]) -> T | None:
        if time.monotonic() < self._away_until:
            return None
        try:
            return work()
        except RedisError as error:
            self._away_until = time.monotonic() + _REST
            _log.warning("cache_away", error=type(error).__name__)
            return None

    def ping(self) -> bool:
        """Whether Redis answers."""
        return bool(self._try(self.client.ping))

    def get(self, key: str) -> bytes | None:
        """The value, or None."""
        found = self._try(lambda: self.client.get(key))
        return found if isinstance(found, bytes) else None

    def set(self, key: str, value: bytes, seconds: int, *, only_new: bool = False) -> None:
        """Keep a value for some seconds; ``only_new`` leaves one that is there."""
        self._try(lambda: self.client.set(key, value, ex=seconds, nx=only_new))

    def push(self, key: str, value: bytes, seconds: int, most: int) -> None:
        """Put a value in front of a list of at most ``most``, without an older equal one."""

        def work() -> None:
            pipe = self.client.pipeline()
            pipe.lrem(key, 0, value.decode())
            pipe.lpush(key, value)
            pipe.ltrim(key, 0, most - 1)
            pipe.expire(key, seconds)
            pipe.execute()

        self._try(work)

    def items(self, key: str) -> list[bytes]:
        """The list, newest first."""
        found: Any = self._try(lambda: self.client.lrange(key, 0, -1))
        return list(found or [])

    def clear(self) -> bool:
        """Forget everything, of every process; False if Redis is away."""
        return bool(self._try(self.client.flushdb))

    def take(self, key: str) -> list[bytes]:
        """The list, newest first, which is empty afterwards."""

        def work() -> list[bytes]:
            pipe = self.client.pipeline()
            pipe.lrange(key, 0, -1)
            pipe.delete(key)
            return list(pipe.execute()[0])

        return self._try(work) or []
