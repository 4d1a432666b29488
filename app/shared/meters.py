"""What this process counts of its own work, for Prometheus; ``app/monitoring`` shows it.

Counters only grow, and begin at nothing with the process. Labels have few values: never an id, an
address or anything else of a person.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Gauge, Histogram

_GATEWAY_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0)
_JOB_BUCKETS = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0)

GATEWAY_CALLS = Counter(
    "mossx_gateway_calls_total",
    "Calls to payment gateways by how they ended: answered, refused, unreachable, unknown.",
    ("gateway", "call", "outcome"),
)
GATEWAY_SECONDS = Histogram(
    "mossx_gateway_call_seconds",
    "Time until a payment gateway answered or was given up.",
    ("gateway", "call"),
    buckets=_GATEWAY_BUCKETS,
)
GATEWAY_RESTS = Gauge(
    "mossx_gateway_breaker_open",
    "1 while a process leaves the gateway alone because it failed too often.",
    ("gateway",),
    multiprocess_mode="livemax",
)
ATTEMPTS = Counter(
    "mossx_payment_attempts_total",
    "Payment attempts that reached a state.",
    ("gateway", "state"),
)
REFUNDS = Counter("mossx_refunds_total", "Refunds that reached a state.", ("gateway", "state"))
DUPLICATES = Counter(
    "mossx_duplicates_prevented_total", "Second charges that were prevented, by how.", ("kind",)
)
CARTS_LOST = Counter(
    "mossx_carts_lost_total", "Carts that a browser's valid cookie names and that are not there."
)
LOGIN_FAILURES = Counter("mossx_login_failures_total", "Logins with a wrong address or password.")
EVENTS = Counter(
    "mossx_events_total",
    "Events that were tried, by whether all handlers did.",
    ("topic", "outcome"),
)
JOBS = Counter("mossx_jobs_total", "Rounds of periodic jobs.", ("task", "outcome"))
JOB_SECONDS = Histogram(
    "mossx_job_seconds", "Time that a round of a job took.", ("task",), buckets=_JOB_BUCKETS
)
WORKER_SEEN = Gauge(
    "mossx_worker_heartbeat_timestamp_seconds",
    "When a thread of the worker last was between two pieces of work, in Unix time.",
    ("thread",),
    multiprocess_mode="mostrecent",
)


@contextmanager
def timed(seconds: Histogram, *labels: str) -> Iterator[None]:
    """Observe how long what is inside takes, however it ends."""
    started = time.perf_counter()
    try:
        yield
    finally:
        seconds.labels(*labels).observe(time.perf_counter() - started)
