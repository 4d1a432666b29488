"""Waiting for what another thread or process does, and for the moment to act at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def wait_until(condition: Callable[[], object], patience: float = 10.0) -> None:
    """Look until it is so. Fails once patience ends."""
    until = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


def together(*works: Callable[[], Any]) -> list[Any]:
    """Do all of it at the same moment; what each returned."""
    gate = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        gate.wait(10)
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))
