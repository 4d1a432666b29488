"""Shoppers in several processes want sets and single things of the same stock: nothing is sold
twice, and nobody gets half a set."""

from __future__ import annotations

from collections import Counter

import pytest
from flask import Flask

from app import create_app
from app.checkout.settlement import Settlement
from app.db.database import Database
from app.inventory.service import InventoryService
from app.orders.service import OrderService
from app.shared.ids import OrderId, Sku
from app.web.registry import service
from tests.bundles.conftest import BREAKFAST
from tests.support.gateways import Sandbox
from tests.support.processes import CONTEXT
from tests.support.shopper import Shopper

_PROCESSES = 4
_EACH = 4


def _shop(environment: dict[str, str], number: int, start: object, results: object) -> None:
    """One process's shoppers: each fills a cart, and all press the button at once."""
    app = create_app(environment)
    app.testing = True
    ready = []
    for place in range(_EACH):
        shopper = Shopper(app)
        if (number + place) % 3 == 0:
            shopper.add("RED", 1)
        parts = {"part.1": "BLUE"} if place == _EACH - 1 else {}
        shopper.post("/cart/items", {"sku": BREAKFAST, "quantity": "1", **parts})
        email = f"{number}-{place}@example.com"
        ready.append((shopper, shopper.checkout_form(email=email)))
    start.wait(60)
    for shopper, form in ready:
        results.put(shopper.client.post("/checkout", data=form).status_code)
    service(Database, app).close()


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("breakfast")
def test_sets_and_single_things_are_never_sold_twice(
    app: Flask, environment: dict[str, str], database: Database, sandbox: Sandbox
) -> None:
    counts = {Sku("RED"): 9, Sku("BLUE"): 4, Sku("BOWL"): 5, Sku("SPOON"): 20}
    service(InventoryService, app).set_on_hand(counts, "test")
    start, results = CONTEXT.Barrier(_PROCESSES), CONTEXT.Queue()
    crowd = [
        CONTEXT.Process(target=_shop, args=(environment, number, start, results))
        for number in range(_PROCESSES)
    ]
    for each in crowd:
        each.start()
    outcomes = Counter(results.get(timeout=200) for _ in range(_PROCESSES * _EACH))
    for each in crowd:
        each.join(30)
    orders = list(database["orders"].find({}))
    assert outcomes[303] == len(orders)
    assert set(outcomes) <= {303, 422, 302}
    assert 0 < len(orders) <= 5
    assert _reserved(database) == _promised(orders)
    for sku, level in _levels(database).items():
        assert level["on_hand"] == counts[Sku(sku)]
        assert level["available"] == level["on_hand"] - level["reserved"] >= 0
    for order in orders:  # and all of it comes back
        found = service(OrderService, app).get(OrderId(order["_id"]))
        assert service(Settlement, app).cancel(found, "Nobody came")
    assert not any(level["reserved"] for level in _levels(database).values())


def _levels(database: Database) -> dict[str, dict[str, int]]:
    return {level["_id"]: level for level in database["stock_levels"].find({})}


def _reserved(database: Database) -> dict[str, int]:
    levels = _levels(database)
    return {sku: level["reserved"] for sku, level in levels.items() if level["reserved"]}


def _promised(orders: list[dict[str, object]]) -> dict[str, int]:
    """Units that the orders' lines need, all parts of a set or none."""
    units: Counter[str] = Counter()
    for order in orders:
        for line in order["lines"]:
            if line["parts"]:
                assert [part["position"] for part in line["parts"]] == [1, 2, 3]
            else:
                units[line["sku"]] += line["quantity"]
            for part in line["parts"]:
                units[part["sku"]] += part["quantity"] * line["quantity"]
    return dict(units)
