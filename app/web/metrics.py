"""Figures for Prometheus, of every process of the web server together.

The processes share what they count through files in ``PROMETHEUS_MULTIPROC_DIR``; without it each
process tells of itself alone. What is read from elsewhere is added by collectors.
"""

from __future__ import annotations

import ipaddress
import math
import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from app.shared.errors import NotFound

blueprint = Blueprint("metrics", __name__)
_COLLECTORS = "mossx.collectors"
_FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})  # a client may make any others up
_SUPERVISORS = frozenset({"health", "metrics"})  # blueprints: who asks every second is no shopper
_TURNED_AWAY = "turned_away"  # in place of an endpoint
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_requests = Counter("mossx_requests_total", "Requests answered.", ("endpoint", "method", "status"))
_seconds = Histogram(
    "mossx_request_seconds", "Time from request to answer.", ("endpoint",), buckets=_BUCKETS
)


@blueprint.get("/metrics")
def metrics() -> Response:
    """The figures, for somebody inside; to the public there is no such page."""
    if not _is_inside():
        raise NotFound("We could not find that page.")
    collectors: list[Collector] = current_app.extensions.get(_COLLECTORS, [])
    return Response(exposition(collectors), content_type=CONTENT_TYPE_LATEST)


class _OwnFigures(Collector):
    """All that this process counts."""

    def collect(self) -> Iterable[Metric]:
        return REGISTRY.collect()


def exposition(collectors: Iterable[Collector]) -> bytes:
    """What Prometheus reads: what collectors read, and what the processes counted."""
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(collector)
    if shared := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        _forget_the_dead(Path(shared))
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # has no types
    else:
        registry.register(_OwnFigures())
    return generate_latest(registry)


def _forget_the_dead(folder: Path) -> None:
    """What a process that died had counted stays; how it was is true no more."""
    for path in folder.glob("gauge_live*.db"):
        process = int(path.stem.rpartition("_")[2])
        if not _lives(process):
            with suppress(FileNotFoundError):  # another one was faster
                multiprocess.mark_process_dead(process)  # type: ignore[no-untyped-call]  # has no types


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def show(app: Flask, *collectors: Collector) -> None:
    """Have collectors asked whenever somebody reads the figures, before those are written."""
    app.extensions.setdefault(_COLLECTORS, []).extend(collectors)


def latency(*shares: float) -> tuple[float, ...]:
    """Seconds within which so many of a hundred pages were made since the servers started, as the
    histogram's buckets tell; nothing without any. Pages from the page cache are not in it."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # has no types
    else:
        registry.register(_seconds)
    buckets = dict.fromkeys((*_BUCKETS, math.inf), 0.0)
    for metric in registry.collect():
        for sample in metric.samples:
            if sample.name == "mossx_request_seconds_bucket":
                buckets[float(sample.labels["le"])] += sample.value
    return tuple(_quantile(buckets, share / 100) for share in shares) if buckets[math.inf] else ()


def _quantile(buckets: Mapping[float, float], share: float) -> float:
    """Within a bucket times are taken to be spread evenly."""
    wanted, below, before = buckets[math.inf] * share, 0.0, 0.0
    for bound, count in buckets.items():
        if count >= wanted:
            within = (wanted - before) / (count - before) if count > before else 0.0
            return below + (bound - below) * within if bound < math.inf else below
        below, before = bound, count
    return below


def _is_inside() -> bool:
    """Whether the request comes from a private network, and not through the proxy in front."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.environ.get("REMOTE_ADDR", "")).is_private
    except ValueError:
        return False


def _start() -> None:
    g.metrics_started = time.perf_counter()


def _count(response: Response) -> Response:
    if request.blueprint in _SUPERVISORS:
        return response
    endpoint = request.endpoint or "none"
    try:
        _requests.labels(endpoint, _named(request.method), response.status_code).inc()
        if "metrics_started" in g:
            _seconds.labels(endpoint).observe(time.perf_counter() - g.metrics_started)
    except OSError:  # no room for a new figure in the file that the processes share
        return response
    return response


def count_turned_away(method: str) -> None:
    """Count the answer to somebody whose turn did not come, whatever they asked for."""
    with suppress(OSError):  # no room for a new figure
        _requests.labels(_TURNED_AWAY, _named(method), 503).inc()


def _named(method: str) -> str:
    return method if method in _METHODS else "other"


def init_app(app: Flask) -> None:
    """Count every answer to a shopper or to staff, and show the counts."""
    app.before_request(_start)
    app.after_request(_count)
    app.register_blueprint(blueprint)
