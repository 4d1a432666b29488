"""Figures of one web process that nobody may stop to count: they are carried over now and then.

The page cache only adds to an integer, and the catalog's follower knows by itself where it stands.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict

import prometheus_client as prometheus
from prometheus_client import Gauge
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from app.catalog.follower import CatalogFollower
from app.web.page_cache import PageCache
from app.web.page_store import PageStore

_EVERY = 5.0  # seconds

_PAGES = prometheus.Counter(
    "mossx_page_cache_requests_total",
    "Pages asked of the page cache: hits, not_modified (hits as well), misses.",
    ("result",),
)
_PAGE_BYTES = Gauge(
    "mossx_page_cache_bytes",
    "Memory that finished pages take, in the process with the most.",
    multiprocess_mode="livemax",
)
_MODEL_PRODUCTS = Gauge(
    "mossx_read_model_products",
    "Products in the read model of the process that told last.",
    multiprocess_mode="mostrecent",
)
_MODEL_LAG = Gauge(
    "mossx_read_model_lag_seconds",
    "Time since the process that is furthest behind looked at the feed of catalog changes.",
    multiprocess_mode="livemax",
)
_FOLLOWING = Gauge(
    "mossx_read_model_following",
    "1 while every process hears of every change at once.",
    multiprocess_mode="livemin",
)


class ProcessFigures(Collector):
    """Carries the figures over; as a collector, just before they are read, and shows none of its
    own."""

    def __init__(self, pages: PageCache, store: PageStore, follower: CatalogFollower) -> None:
        self._pages = pages
        self._store = store
        self._follower = follower
        self._told: Counter[str] = Counter()
        self._lock = threading.Lock()

    def start(self) -> None:
        """Carry over every few seconds, in a thread."""
        threading.Thread(target=self._run, name="figures", daemon=True).start()

    def _run(self) -> None:
        while True:
            self.tell()
            time.sleep(_EVERY)

    def tell(self) -> None:
        """Carry over what happened since the last time."""
        with self._lock:
            for result, number in asdict(self._pages.counts).items():
                # Threads count without a lock: rarely one sets the other's steps back.
                more = max(number - self._told[result], 0)
                self._told[result] += more
                _PAGES.labels(result).inc(more)
        _PAGE_BYTES.set(self._store.size)
        _MODEL_PRODUCTS.set(self._follower.size)
        _MODEL_LAG.set(self._follower.looked_ago)
        _FOLLOWING.set(self._follower.is_following)

    def collect(self) -> Iterable[Metric]:
        """Carry over; the figures themselves are read with all others."""
        self.tell()
        return ()
