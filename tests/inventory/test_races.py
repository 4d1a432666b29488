"""Several processes at the same few units: nothing is sold twice, nothing is promised beyond its
limit, and staff are told once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from flask import Flask

from app import create_app
from app.catalog.models import Policy, PolicyKind
from app.db.database import Database
from app.identity.models import Role
from app.identity.service import AccountService
from app.inventory.errors import NotEnoughThere, OutOfStock
from app.inventory.thresholds import Thresholds
from app.shared.ids import Sku
from app.web.registry import service
from tests.inventory.conftest import BY, Warehouse
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.gateways import Sandbox
from tests.support.member import Mailbox
from tests.support.processes import CONTEXT
from tests.support.shopper import Shopper

_PROCESSES = 4
_SHOPPERS = 50  # in each process
Environment = dict[str, str]


def _crowd(environment: Environment, work: Callable[..., None]) -> Counter[str]:
    """What became of everything that ``work`` tried in each process, begun at the same moment."""
    start, results = CONTEXT.Barrier(_PROCESSES), CONTEXT.Queue()
    processes = [
        CONTEXT.Process(target=work, args=(environment, number, start, results))
        for number in range(_PROCESSES)
    ]
    for each in processes:
        each.start()
    outcomes: Counter[str] = Counter()
    for _ in processes:
        outcomes.update(results.get(timeout=250))
    for each in processes:
        each.join(30)
    return outcomes


def _check_out(environment: Environment, number: int, start: object, results: object) -> None:
    """Shoppers who all have the last one in their carts, and press the button."""
    app = create_app(environment)
    app.testing = True
    ready = []
    for place in range(_SHOPPERS):
        shopper = Shopper(app)
        shopper.add("MUG")
        ready.append((shopper, shopper.checkout_form(email=f"{number}-{place}@example.com")))
    start.wait(200)
    found: Counter[str] = Counter()
    for shopper, form in ready:
        found[str(shopper.client.post("/checkout", data=form).status_code)] += 1
    results.put(found)
    service(Database, app).close()


def _hold_many(environment: Environment, number: int, start: object, results: object) -> None:
    """Orders for one unit each, of what sells when it is out."""
    warehouse = Warehouse(create_app(environment))
    start.wait(60)
    results.put(
        Counter(_hold(warehouse, f"o-{number}-{place}", limited=False) for place in range(10))
    )
    warehouse.database.close()


def _hold(warehouse: Warehouse, owner: str, *, limited: bool) -> str:
    try:
        warehouse.hold(owner, limited=limited, MUG=1)
    except OutOfStock:
        return "refused"
    return "held"


def _hold_or_move(environment: Environment, number: int, start: object, results: object) -> None:
    """Even processes order, odd ones carry everything to and fro."""
    warehouse = Warehouse(create_app(environment))
    places = ("main", "east") if number == 1 else ("east", "main")
    start.wait(60)
    found: Counter[str] = Counter()
    for place in range(12):
        if number % 2 == 0:
            found[_hold(warehouse, f"o-{number}-{place}", limited=True)] += 1
            continue
        try:
            warehouse.taking.transfer(Sku("MUG"), 3, *places, by=BY)
        except NotEnoughThere:
            found["not enough"] += 1
        else:
            found["moved"] += 1
    results.put(found)
    warehouse.database.close()


@pytest.mark.timeout(400)
def test_the_last_one_is_sold_once_among_two_hundred(
    environment: Environment, warehouse: Warehouse, catalog: CatalogMaker, sandbox: Sandbox
) -> None:
    catalog.mug(stock=1)
    outcomes = _crowd(environment, _check_out)
    assert outcomes == {"303": 1, "422": _PROCESSES * _SHOPPERS - 1}
    assert warehouse.database["orders"].count_documents({}) == 1
    assert sandbox.ledger()["sessions"] == 1
    assert warehouse.shelves("MUG") == {"main": (1, 1)}
    assert warehouse.problems() == []


@pytest.mark.timeout(200)
def test_a_limit_of_ten_back_orders_gives_ten(
    environment: Environment, warehouse: Warehouse, catalog: CatalogMaker
) -> None:
    policy = Policy(kind=PolicyKind.BACK_ORDER, limit=10, days=21)
    catalog.add(make_product("Mug", replace(make_variant("MUG"), policy=policy)), stock=0)
    assert _crowd(environment, _hold_many) == {"held": 10, "refused": 30}
    assert warehouse.stock.available([Sku("MUG")]) == {"MUG": -10}
    assert warehouse.problems() == []


@pytest.mark.timeout(200)
def test_carrying_stock_about_never_oversells_it(
    environment: Environment, warehouse: Warehouse
) -> None:
    warehouse.fill("MUG", main=5, east=4)
    outcomes = _crowd(environment, _hold_or_move)
    assert (outcomes["held"], outcomes["refused"]) == (9, 15)
    assert outcomes["moved"] + outcomes["not enough"] == 24
    shelves = warehouse.shelves("MUG")
    assert sum(on_hand for on_hand, _ in shelves.values()) == 9
    assert all(on_hand == reserved for on_hand, reserved in shelves.values())
    assert warehouse.problems() == []


@pytest.mark.timeout(200)
def test_several_who_take_the_last_units_tell_staff_once(
    app: Flask, environment: Environment, warehouse: Warehouse, mailbox: Mailbox
) -> None:
    service(AccountService, app).create_proven(
        "boss@example.com", "a-long-enough-password", "Boss", Role.OWNER
    )
    warehouse.fill("MUG", main=20, east=20)
    service(Thresholds, app).set_own(Sku("MUG"), 30)
    outcomes = _crowd(environment, _hold_many)
    assert outcomes == {"held": 40}
    assert _low_events(warehouse.database) == {"MUG": 1}
    assert mailbox.subjects("boss@example.com") == ["Running low: MUG"]


def _low_events(database: Database) -> Mapping[str, int]:
    events = database["outbox"].find({"topic": "inventory.low"})
    return Counter(each["sku"] for event in events for each in event["payload"]["stock"])
