"""Watching the servers: a dead one is announced and started again, or the run ends."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from dev.service import ServiceFailed
from dev.stack import Stack

_DEATHS = 5
_WITHIN = 60.0


class TooManyDeaths(Exception):
    """Servers keep dying; the message says which one and what it said last."""


class Supervisor:
    """Restarts what dies, a little later each time."""

    def __init__(self, stack: Stack, say: Callable[[str], None]) -> None:
        self._stack = stack
        self._say = say
        self._deaths: deque[float] = deque()

    def look(self) -> None:
        """Restart every dead server. Raises ``TooManyDeaths``."""
        for name, service in self._stack.services.items():
            if service.process is None or service.alive:
                continue
            code = service.process.returncode
            service.kill()  # what it left behind
            self._count(name, service.tail(8))
            self._say(f"{name} ended unexpectedly ({_reason(code)}); starting it again")
            time.sleep(min(0.2 * 2 ** len(self._deaths), 5))
            try:
                service.start()
            except ServiceFailed as failure:
                self._say(str(failure))
            else:
                self._say(f"{name} is back")

    def _count(self, name: str, tail: str) -> None:
        moment = time.monotonic()
        self._deaths.append(moment)
        while moment - self._deaths[0] > _WITHIN:
            self._deaths.popleft()
        if len(self._deaths) > _DEATHS:
            raise TooManyDeaths(f"{name} and others keep ending. The last words of {name}:\n{tail}")


def _reason(code: int | None) -> str:
    return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
