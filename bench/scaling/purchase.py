"""What one purchase costs: commands, gateway calls, documents and bytes, on real servers."""

from __future__ import annotations

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from flask import Flask
from pymongo import monitoring

from app import create_app
from app.catalog.service import CatalogService
from app.db.cache import Cache
from app.web.registry import service
from app.worker import Worker
from bench.forms import BUY, MAIN, form_of
from bench.latency import ADDRESS
from bench.scaling.storage import Stored, stored
from bench.shop import Shop

PHASES = ("cart", "checkout", "button", "return", "worker")
_READS = frozenset({"find", "aggregate", "count", "distinct"})
_WRITES = frozenset({"insert", "update", "delete", "findAndModify"})
_ENDS = frozenset({"commitTransaction", "abortTransaction"})
_FOLLOWED = frozenset({"catalog_changes", "markets", "shop_settings"})  # looked at in any case


@dataclass(kw_only=True, slots=True)
class Phase:
    """Of one purchase on average; seconds as they passed."""

    reads: float = 0
    writes: float = 0
    commits: float = 0
    redis: float = 0
    gateway: float = 0
    seconds: float = 0


@dataclass(kw_only=True, slots=True)
class Cost:
    """Everything about one purchase. ``held`` counts the round trips from the first write of a
    document in the placing transaction to its commit, that included."""

    purchases: int
    phases: dict[str, Phase] = field(default_factory=dict)
    stored: dict[str, Stored] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    trips: int = 0  # of the whole placing transaction
    mails: float = 0


class _Meter(monitoring.CommandListener):
    """Counts commands by phase, and round trips of transactions."""

    def __init__(self) -> None:
        self.phase = ""
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        self._open: dict[Any, list[str]] = defaultdict(list)
        self.transactions: list[list[str]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        name, command = event.command_name, event.command
        about = str(command.get(name, ""))
        if not self.phase or about in _FOLLOWED:
            return
        if name in _READS:
            self.counts[self.phase]["reads"] += 1
        elif name in _WRITES:
            many = command.get("documents") or command.get("updates") or command.get("deletes")
            self.counts[self.phase]["writes"] += len(many) if many else 1
        elif name == "commitTransaction":
            self.counts[self.phase]["commits"] += 1
        if "txnNumber" in command and command.get("autocommit") is False:
            self._follow(name, about, (bytes(command["lsid"]["id"]), command["txnNumber"]))

    def _follow(self, name: str, about: str, which: tuple[bytes, int]) -> None:
        self._open[which].append(name if name in _ENDS else f"{name} {about}")
        if name in _ENDS:
            self.transactions.append(self._open.pop(which))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Nothing to do."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing to do."""


class _GatewayCalls(logging.Handler):
    """Counts calls of the gateways' APIs; hosted pages are the shopper's."""

    def __init__(self, meter: _Meter) -> None:
        super().__init__(logging.DEBUG)
        self._meter = meter

    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        if self._meter.phase and " /v1/" in said and "/v1/checkout/embedded" not in said:
            self._meter.counts[self._meter.phase]["gateway"] += 1


def measure(shop: Shop, count: int) -> Cost:
    """Have ``count`` shoppers buy one thing each with a card, one after the other."""
    for name in ("web", "worker"):
        shop.stack.services[name].stop()
    meter = _Meter()
    monitoring.register(meter)
    app = create_app(shop.stack.environment)
    with _counted(meter):
        _warm(app)
        before = stored(app)
        cost = Cost(purchases=count, phases={name: Phase() for name in PHASES})
        slugs = iter(range(shop.size))
        for number in range(count):
            _purchase(app, meter, cost, slugs, number)
        _conclude(app, meter, cost, before)
    return cost


@contextmanager
def _counted(meter: _Meter) -> Iterator[None]:
    log, handler = logging.getLogger("urllib3.connectionpool"), _GatewayCalls(meter)
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    log.propagate = False
    try:
        yield
    finally:
        log.removeHandler(handler)


def _warm(app: Flask) -> None:
    """Whatever is set up once."""
    service(CatalogService, app).model()
    app.test_client().get("/products")
    while service(Worker, app).round():
        pass


def _purchase(app: Flask, meter: _Meter, cost: Cost, slugs: Iterator[int], number: int) -> None:
    client = app.test_client()
    page = ""
    while BUY not in page:
        path = f"/products/product-{next(slugs)}"
        page = client.get(path).text
    item = {**form_of(page, BUY), "quantity": "1"}
    with _phase(app, meter, cost, "cart"):
        client.post("/cart/items", data=item)
    with _phase(app, meter, cost, "checkout"):
        checkout = client.get("/checkout").text
    form = {**form_of(checkout, MAIN), **ADDRESS, "email": f"s{number}@bench.example"}
    with _phase(app, meter, cost, "button"):
        answer = client.post("/checkout", data=form)
    hosted = answer.headers["Location"]
    paid = requests.post(hosted, data={"action": "approve"}, allow_redirects=False, timeout=30)
    back = urlsplit(paid.headers["Location"])
    with _phase(app, meter, cost, "return"):
        client.get(f"{back.path}?{back.query}")
    with _phase(app, meter, cost, "worker"):
        while service(Worker, app).round():
            pass


@contextmanager
def _phase(app: Flask, meter: _Meter, cost: Cost, name: str) -> Iterator[None]:
    redis = service(Cache, app).client
    asked = _commands(redis)
    began = time.perf_counter()
    meter.phase = name
    try:
        yield
    finally:
        meter.phase = ""
        cost.phases[name].seconds += (time.perf_counter() - began) / cost.purchases
        cost.phases[name].redis += (_commands(redis) - asked - 1) / cost.purchases


def _commands(redis: Any) -> int:
    return int(redis.info("stats")["total_commands_processed"])


def _conclude(app: Flask, meter: _Meter, cost: Cost, before: dict[str, Stored]) -> None:
    for name, phase in cost.phases.items():
        counted = meter.counts[name]
        for kind in ("reads", "writes", "commits", "gateway"):
            setattr(phase, kind, counted[kind] / cost.purchases)
    for name, after in stored(app).items():
        grown = after.less(before.get(name), cost.purchases)
        if grown.documents > 0:
            cost.stored[name] = grown
    placing = next(
        each
        for each in meter.transactions
        if "insert orders" in each and each[-1] == "commitTransaction"
    )
    cost.trips = len(placing)
    for thing in ("counters", "stock_levels"):
        first = next(at for at, what in enumerate(placing) if what.split()[-1] == thing)
        cost.held[thing] = len(placing) - first
    cost.mails = cost.stored["sent_messages"].documents if "sent_messages" in cost.stored else 0


def as_json(cost: Cost) -> dict[str, Any]:
    """Plain values, to be kept."""
    return asdict(cost)


def from_json(plain: dict[str, Any]) -> Cost:
    """What ``as_json`` gave."""
    return Cost(
        purchases=plain["purchases"],
        phases={name: Phase(**each) for name, each in plain["phases"].items()},
        stored={name: Stored(**each) for name, each in plain["stored"].items()},
        held=plain["held"],
        trips=plain["trips"],
        mails=plain["mails"],
    )
