"""How long the shop waits for Redis: once, for a quarter of a second, whoever has to be asked."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis.backoff import NoBackoff
from redis.connection import Connection, SSLConnection
from redis.exceptions import TimeoutError as RedisSilent
from redis.retry import Retry

WAIT = 0.25  # seconds
# Doing without Redis takes milliseconds: whoever waits for it for longer has nothing of it.
PATIENCE: dict[str, Any] = {
    "socket_connect_timeout": WAIT,
    "socket_timeout": WAIT,
    "retry": Retry(NoBackoff(), 0),
}


class _Wait(threading.local):
    """Of one thread: whether it may wait once, and whether it has."""

    is_counted = False
    is_over = False


_wait = _Wait()


@contextmanager
def one_wait() -> Iterator[None]:
    """Within, one ``ImpatientConnection`` may wait in vain; after it the others fail at once.

    Where a node is silent, redis-py asks all others where the keys are now, and sends each command
    of a pipeline once more: as many waits, and all of them may be in vain.
    """
    if _wait.is_counted:
        yield
        return
    _wait.is_counted, _wait.is_over = True, False
    try:
        yield
    finally:
        _wait.is_counted = _wait.is_over = False


class ImpatientConnection(Connection):
    """One of several that are asked for one thing."""

    def _connect(self) -> socket.socket:
        _fail_if_over()
        try:
            connected: socket.socket = super()._connect()
        except TimeoutError:
            _wait.is_over = _wait.is_counted
            raise
        return connected

    def read_response(self, *args: Any, **more: Any) -> Any:
        """The answer to what was sent."""
        try:
            _fail_if_over()
            return super().read_response(*args, **more)
        except RedisSilent:
            _wait.is_over = _wait.is_counted
            self.disconnect()  # what comes late is an answer to nobody
            raise


class ImpatientTlsConnection(ImpatientConnection, SSLConnection):
    """The same over TLS."""


def _fail_if_over() -> None:
    if _wait.is_over:
        raise RedisSilent("another node did not answer in time")
