"""Processes that die by kill -9 at a named point, and tests that make them.

A point is a method: the process dies just before or just after it runs.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from typing import Any

from pymongo import MongoClient

from tests.support.processes import run_module

Point = tuple[type, str, bool]  # the class, its method, whether to die after it


def arm(
    point: Point,
    strikes: Callable[[], bool] = lambda: True,
    note: Callable[[], None] = lambda: None,
) -> None:
    """Make the point deadly whenever ``strikes``; ``note`` hears of it first."""
    kind, name, after = point
    original: Callable[..., Any] = getattr(kind, name)

    def dying(*args: Any, **kwargs: Any) -> Any:
        strike = strikes()
        result = original(*args, **kwargs) if after or not strike else None
        if strike:
            note()
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(kind, name, dying)


def die(module: str, environment: Mapping[str, str], point: str, *action: str) -> None:
    """Run one action of ``module`` in a process that dies at ``point``."""
    done = run_module(module, environment, point, *action)
    assert done.code == -signal.SIGKILL, done.output
    end_abandoned_transactions(environment["MONGODB_URI"])


def end_abandoned_transactions(uri: str) -> None:
    """Do at once what the database does by itself a minute after a process died half-way
    (``transactionLifetimeLimitSeconds``)."""
    with MongoClient[dict[str, Any]](uri) as client:
        client.admin.command("killAllSessions", [])
