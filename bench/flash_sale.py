"""A flash sale: far more shoppers than there are things to sell, all at once, and others who only
look around."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass

import requests
from flask import Flask

from app.db.database import Database
from app.inventory.service import InventoryService
from app.shared.ids import Sku
from app.web.registry import service
from bench.crowd import come
from bench.forms import BUY, form_of
from bench.latency import Spread, spread
from bench.shop import ROOT, Shop

_TIMEOUT = 60
_LESS = 10  # niceness of who puts the load on: the machine is the shop's


@dataclass(frozen=True, kw_only=True, slots=True)
class Sale:
    """How it went: outcomes by shopper, answers by status, connections that broke, how long buyers
    took, and how long kept pages took meanwhile."""

    shoppers: int
    items: int
    seconds: float
    outcomes: Counter[str]
    answers: Counter[int]
    broken: Counter[str]
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
            and not self.broken
        )


def hold_sale(shop: Shop, app: Flask, *, shoppers: int, items: int, within: float) -> Sale:
    """Have so many shoppers come ``within`` seconds for so many items."""
    path, sku = _something(shop)
    service(InventoryService, app).set_on_hand({sku: items}, "bench")
    onlookers = subprocess.Popen(
        [sys.executable, "-m", "bench.onlookers", shop.url, path],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert onlookers.stdout
    onlookers.stdout.readline()  # they are here
    os.nice(_LESS)
    began = time.monotonic()
    crowd = come(shop.url, path, shoppers, within)
    seconds = time.monotonic() - began
    said, _ = onlookers.communicate("\n")
    turned_away, *looked = said.split()
    _wait_for_quiet(app)
    stock = service(InventoryService, app)
    return Sale(
        shoppers=shoppers,
        items=items,
        seconds=seconds,
        outcomes=crowd.outcomes,
        answers=crowd.answers,
        broken=crowd.broken,
        bought=spread(crowd.took or [0.0]),
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
        if BUY in page:
            return path, Sku(form_of(page, BUY)["sku"])
    raise RuntimeError("nothing can be bought")


def _wait_for_quiet(app: Flask) -> None:
    """Until the worker has handled what was due."""
    events = service(Database, app)["outbox"]
    while events.find_one({"state": "pending"}, {"_id": 1}):
        time.sleep(1)
