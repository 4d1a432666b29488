"""Whether a gateway knows the shop's keys: a call that changes nothing, for a few seconds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from enum import StrEnum
from itertools import islice

from app.payments.errors import (
    GatewayKeyRefused,
    GatewayRefused,
    GatewayUnknown,
    GatewayUnreachable,
)
from app.payments.gateways.base import Gateway
from app.shared.clock import now

_PATIENCE = 8.0  # seconds


class Verdict(StrEnum):
    """What came of a check."""

    KNOWN = "known"
    REFUSED = "refused"
    SILENT = "silent"  # nothing is known of the keys


def check_keys(gateway: Gateway, patience: float = _PATIENCE) -> Verdict:
    """Ask for the payments since now, of which there are none."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="key-check")
    try:
        asked = pool.submit(lambda: list(islice(gateway.recent(now()), 1)))
        asked.result(patience)
    except GatewayKeyRefused:
        return Verdict.REFUSED
    except (GatewayRefused, GatewayUnknown, GatewayUnreachable, TooSlow):
        return Verdict.SILENT
    finally:
        pool.shutdown(wait=False)
    return Verdict.KNOWN
