"""A flash sale: far more shoppers than there are things to sell, all at once, and others who only
look around."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import requests
from flask import Flask

from app.db.database import Database
from app.inventory.service import InventoryService
from app.shared.ids import Sku
from app.web.registry import service
from bench.latency import ADDRESS, Spread, form_of, spread
from bench.shop import ROOT, Shop

_PATIENCE = 900.0  # seconds until a shopper goes home
_TIMEOUT = 60
_LESS = 10  # niceness of who puts the load on: the machine is the shop's


@dataclass(frozen=True, kw_only=True, slots=True)
class Sale:
    """How it went: outcomes by shopper, answers by status, how long buyers took, and how long kept
    pages took meanwhile."""

    shoppers: int
    items: int
    seconds: float
    outcomes: Counter[str]
    answers: Counter[int]
    bought: Spread
    kept: Spread
    onlookers_turned_away: int
    units_sold: int
    units_left: int

    @property
    def is_good(self) -> bool:
        """Whether every item found one buyer, and nobody met an error."""
        errors = [status for status in self.answers if status >= 500 and status != 503]
        return (
            self.units_sold == self.items
            and self.units_left == 0
            and self.outcomes["bought"] == self.items
            and self.outcomes["bought"] + self.outcomes["sold out"] == self.shoppers
            and not errors
        )


def hold_sale(shop: Shop, app: Flask, *, shoppers: int, items: int, within: float) -> Sale:
    """Have so many shoppers come ``within`` seconds for so many items."""
    path, sku = _something(shop)
    service(InventoryService, app).set_on_hand({sku: items}, "bench")
    outcomes: Counter[str] = Counter()
    answers: Counter[int] = Counter()
    took: list[float] = []
    lock = threading.Lock()
    dice = random.Random(shoppers)
    arrivals = [dice.uniform(0, within) for _ in range(shoppers)]
    onlookers = subprocess.Popen(
        [sys.executable, "-m", "bench.onlookers", shop.url, path],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    os.nice(_LESS)
    began = time.monotonic()

    def come(number: int) -> None:
        time.sleep(max(0.0, began + arrivals[number] - time.monotonic()))
        shopper = _Shopper(shop.url, number)
        start = time.monotonic()
        outcome = shopper.run(path)
        with lock:
            outcomes[outcome] += 1
            answers.update(shopper.answers)
            if outcome == "bought":
                took.append(time.monotonic() - start)

    with ThreadPoolExecutor(shoppers) as pool:
        list(pool.map(come, range(shoppers)))
    seconds = time.monotonic() - began
    said, _ = onlookers.communicate("\n")
    turned_away, *looked = said.split()
    _wait_for_quiet(app)
    stock = service(InventoryService, app)
    return Sale(
        shoppers=shoppers,
        items=items,
        seconds=seconds,
        outcomes=outcomes,
        answers=answers,
        bought=spread(took or [0.0]),
        kept=spread([float(each) for each in looked]),
        onlookers_turned_away=int(turned_away),
        units_sold=items - stock.on_hand([sku])[sku],
        units_left=stock.available([sku])[sku],
    )


def _something(shop: Shop) -> tuple[str, Sku]:
    """A product that can be bought: where its page is, and its first SKU."""
    for number in range(shop.size):
        path = f"/products/product-{number}"
        page = requests.get(f"{shop.url}{path}", timeout=_TIMEOUT).text
        if 'class="buy"' in page:
            return path, Sku(form_of(page, "form.buy")["sku"])
    raise RuntimeError("nothing can be bought")


def _wait_for_quiet(app: Flask) -> None:
    """Until the worker has handled what was due."""
    events = service(Database, app)["outbox"]
    while events.find_one({"state": "pending"}, {"_id": 1}):
        time.sleep(1)


class _GaveUp(Exception):
    """Nobody answered in time."""


class _Shopper:
    """Wants one of it; comes again as often as the shop asks for."""

    def __init__(self, base: str, number: int) -> None:
        self._base = base
        self._email = f"flash-{number:05}@bench.example"
        self._browser = requests.Session()
        self._until = time.monotonic() + _PATIENCE
        self.answers: Counter[int] = Counter()

    def run(self, path: str) -> str:
        """Buy it, or find it sold out."""
        try:
            return self._buy(path)
        except _GaveUp:
            return "gave up"
        finally:
            self._browser.close()

    def _buy(self, path: str) -> str:
        page = self._ask("GET", path)
        if 'class="buy"' not in page.text:
            return "sold out"
        item = {**form_of(page.text, "form.buy"), "quantity": "1"}
        if self._ask("POST", "/cart/items", item).status_code != 303:
            return "sold out"
        checkout = self._ask("GET", "/checkout")
        if checkout.status_code != 200:
            return "sold out"
        form = {**form_of(checkout.text, "main form"), **ADDRESS, "email": self._email}
        answer = self._ask("POST", "/checkout", form)
        if answer.status_code != 303:
            return "sold out"
        hosted = answer.headers["Location"]
        paid = self._ask("POST", hosted, {"action": "approve"})
        back = self._ask("GET", paid.headers["Location"])
        return "bought" if back.status_code in {200, 303} else "lost"

    def _ask(self, method: str, url: str, form: dict[str, str] | None = None) -> requests.Response:
        address = url if url.startswith("http") else f"{self._base}{url}"
        while time.monotonic() < self._until:
            answer = self._browser.request(
                method, address, data=form, allow_redirects=False, timeout=_TIMEOUT
            )
            self.answers[answer.status_code] += 1
            if answer.status_code != 503:
                return answer
            time.sleep(int(answer.headers.get("Retry-After", "5")))
        raise _GaveUp
