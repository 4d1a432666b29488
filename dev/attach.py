"""Finding the servers of ``make run``, or starting them for one command."""

from __future__ import annotations

import atexit
import os
import sys
import time
from pathlib import Path

from dev.lock import DataLock
from dev.stack import ROOT, Stack

SHARED = (
    "MONGODB_URI",
    "REDIS_URL",
    "SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "JWT_SECRET_KEY",
    "BASE_URL",
    "MOSSX_DATA_DIR",
    "STRIPE_API_BASE",
    "STRIPE_SECRET_KEY",
    "STRIPE_WEBHOOK_SECRET",
    "RAZORPAY_API_BASE",
    "RAZORPAY_KEY_ID",
    "RAZORPAY_KEY_SECRET",
    "RAZORPAY_WEBHOOK_SECRET",
    "SANDBOX_URL",
)
_PATIENCE = 20.0


def data_folder() -> Path:
    """Where development data is kept."""
    return Path(os.environ.get("MOSSX_DATA_DIR") or ROOT / "var")


def attach() -> None:
    """Put the addresses of running servers into the environment, starting them if need be.

    What is started here is stopped when this process ends.
    """
    lock = DataLock(data_folder())
    deadline = time.monotonic() + _PATIENCE
    while not lock.take():
        known = lock.read()
        if known:
            _fill(known)
            return
        if time.monotonic() > deadline:
            sys.exit("Another MossX process is starting or stopping here; please try again.")
        time.sleep(0.1)
    stack = Stack(data_folder(), parts=("mongo", "redis", "sandbox"))
    atexit.register(lock.free)
    atexit.register(stack.stop)
    stack.start()
    _fill(stack.environment)
    lock.publish(stack.environment, SHARED)


def _fill(known: dict[str, str]) -> None:
    for name in SHARED:
        if known.get(name) and not os.environ.get(name):
            os.environ[name] = known[name]
