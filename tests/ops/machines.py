"""The shop of ``test_several_machines``: two web servers, two workers, and who visits them."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from flask import Flask

from app import create_app
from app.db.database import Database, Document
from app.identity.models import Role
from app.identity.service import AccountService
from app.media.service import MediaService
from app.web.registry import service
from dev.stack import Stack
from tests.chaos.shelves import fill, stock_of
from tests.faults import people
from tests.faults.people import Buyer, CartKeeper, Looker, Person
from tests.faults.watch import Watch
from tests.support.door import Door, Everywhere, Front, readiness
from tests.support.gateways import Sandbox
from tests.support.machines import WebServer, WorkerMachine
from tests.support.member import PASSWORD, Member
from tests.support.pictures import encoded, two_halves
from tests.support.remote import Entrance
from tests.support.waiting import wait_until

_HOSTS = ("127.0.0.2", "127.0.0.3")
_START = 120.0  # seconds
_CHECKOUTS = 60  # about


@dataclass(kw_only=True)
class Machines:
    """Two of each, and one volume for all of them: pictures and mails are files."""

    app: Flask  # a process that is neither: it looks, and changes things as a command would
    environment: dict[str, str]
    web: list[WebServer]
    workers: list[WorkerMachine]
    front: Front
    stock: dict[str, int]
    cards: tuple[str, ...]
    sandbox: Sandbox
    volume: Path
    base: str = field(init=False)

    def __post_init__(self) -> None:
        self.base = self.environment["BASE_URL"]

    @property
    def urls(self) -> list[str]:
        """Where the web servers are."""
        return [each.url for each in self.web]

    @property
    def database(self) -> Database:
        """What they share."""
        return service(Database, self.app)

    def guest(self, email: str = "ann@example.com") -> Member:
        """A new browser whose requests arrive at one server after the other."""
        return Member(Entrance(self.base, Door(self.urls)), email)

    def member(self, email: str, role: Role = Role.CUSTOMER) -> Member:
        """Somebody with an account, logged in with a new browser."""
        self.account(email, role)
        member = self.guest(email)
        assert member.log_in().status_code == 303
        return member

    def account(self, email: str, role: Role = Role.CUSTOMER) -> None:
        """Make a proven account."""
        service(AccountService, self.app).create_proven(email, PASSWORD, "Somebody", role)

    def the(self, collection: str, **query: object) -> Document:
        """The only document of a collection that fits."""
        (found,) = self.database[collection].find(query)
        return found

    def kept(self, number: str) -> list[int]:
        """What the gateways took for an order and kept."""
        return [amount for order, amount in self.sandbox.captures() if order == number]

    def crowd(self, watch: Watch, seen: Counter[str]) -> list[Person]:
        """People who do all that one does in a shop."""
        self.account("kept@example.com")
        put = service(MediaService, self.app).put
        pictures = tuple(
            put(encoded(two_halves(800, 500 + n)), f"picture {n}").src for n in range(3)
        )
        about = (self.base, watch, random.Random(7), self.database)
        buying: dict[str, Any] = {"skus": list(self.stock), "seen": seen, "cards": self.cards}
        return [
            Looker(*about, pictures=pictures),
            *(CartKeeper(*about) for _ in range(2)),
            people.Member(*about, email="kept@example.com"),
            *(Buyer(*about, **buying) for _ in range(3)),
        ]

    def wait_for_sales(self, many: int) -> None:
        """Until so many more orders are paid."""
        orders = self.database["orders"]
        before = orders.count_documents({"state": "paid"})
        wait_until(lambda: orders.count_documents({"state": "paid"}) >= before + many, 90)

    def stop(self) -> None:
        """Leave nothing running."""
        for each in (*self.web, *self.workers):
            each.service.kill()
        self.front.stop()
        service(Database, self.app).close()


def start_machines(stack: Stack, folder: Path) -> Machines:
    """Fill a shop of its own on the test's servers, and start its processes."""
    requests.post(f"{stack.environment['SANDBOX_URL']}/sandbox/reset", timeout=10)
    volume, stock = folder / "volume", stock_of()
    environment = {
        **stack.environment,
        "MONGODB_URI": _another(stack.environment["MONGODB_URI"], "machines"),
        "REDIS_URL": _another(stack.environment["REDIS_URL"], "1"),
        "MOSSX_DATA_DIR": str(volume),
        "MOSSX_PROXIES": "1",
    }
    cards = fill(environment, stock, _CHECKOUTS, random.Random(1))
    names = zip(("one", "two"), _HOSTS, strict=True)
    web = [WebServer(f"web-{name}", host, environment, folder) for name, host in names]
    workers = [WorkerMachine(f"worker-{n}", "127.0.0.1", environment, folder) for n in ("one", "two")]  # fmt: skip
    machines = Machines(
        app=create_app(environment), environment=environment, web=web, workers=workers,
        front=Front(environment["BASE_URL"], Everywhere([each.url for each in web])),
        stock=stock, cards=cards, sandbox=Sandbox(environment["SANDBOX_URL"]), volume=volume,
    )  # fmt: skip
    try:
        for each in (*web, *workers):
            each.service.start()
        machines.front.start()
        wait_until(lambda: all(readiness(url) == 200 for url in machines.urls), _START)
        wait_until(lambda: all(_works(each) for each in workers), _START)
    except BaseException:
        machines.stop()
        raise
    return machines


def _works(worker: WorkerMachine) -> bool:
    try:
        return requests.get(f"{worker.url}/healthz", timeout=2).ok
    except requests.RequestException:
        return False


def _another(url: str, name: str) -> str:
    """The same server, another database of it."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()
