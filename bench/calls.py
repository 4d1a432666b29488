"""How many questions a page asks the database and Redis."""

from __future__ import annotations

import time
from dataclasses import dataclass

import requests
from prometheus_client.parser import text_string_to_metric_families
from pymongo import monitoring

from app import create_app
from app.catalog.service import CatalogService
from app.db.cache import Cache
from app.db.database import Database
from app.web.registry import service
from bench.shop import Shop

_NOT_QUERIES = frozenset({"hello", "ping", "endSessions", "getMore", "isMaster"})
_FEED = "catalog_changes"  # followed all the time, whatever is asked


@dataclass(frozen=True, kw_only=True, slots=True)
class Calls:
    """Commands sent for one page."""

    database: int
    redis: int


class _Counter(monitoring.CommandListener):
    def __init__(self) -> None:
        self.count = 0

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        name = event.command_name
        if name not in _NOT_QUERIES and event.command.get(name) != _FEED:
            self.count += 1

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Nothing to do."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing to do."""


def count_calls(shop: Shop, pages: dict[str, str]) -> dict[str, tuple[Calls, Calls]]:
    """Of each page (by name), when it is made and when it is there. Ends the shop's servers, to
    have its databases to itself."""
    for name in ("web", "worker"):
        shop.stack.services[name].stop()
    counter = _Counter()
    monitoring.register(counter)
    app = create_app(shop.stack.environment)
    client = app.test_client(use_cookies=False)
    redis = service(Cache, app).client
    follower = service(CatalogService, app).follower
    follower.start()
    while not follower.is_following:
        time.sleep(0.01)
    client.get("/robots.txt")  # whatever is set up once

    def calls(path: str) -> Calls:
        before = counter.count, _commands(redis)
        client.get(path)
        return Calls(
            database=counter.count - before[0],
            redis=_commands(redis) - before[1] - 1,  # the question itself
        )

    redis.flushdb(asynchronous=True)  # it may hold more than can be let go in a moment
    counts = {name: (calls(path), calls(path)) for name, path in pages.items()}
    follower.close()
    service(Database, app).close()
    return counts


def pages_made(shop: Shop) -> int:
    """Requests that the page cache could not answer so far, of all web processes."""
    figures = text_string_to_metric_families(requests.get(f"{shop.url}/metrics", timeout=30).text)
    return sum(
        int(sample.value)
        for family in figures
        for sample in family.samples
        if sample.name == "mossx_requests_total"
    )


def _commands(redis: object) -> int:
    return int(redis.info("stats")["total_commands_processed"])
