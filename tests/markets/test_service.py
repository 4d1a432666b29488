"""Markets as data: read from memory, written for every process, checked field by field."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Barrier, Thread

import pytest
from flask import Flask

from app import create_app
from app.catalog.models import UNCOUNTED, BundleComponent, PercentOff
from app.catalog.service import CatalogService
from app.db.database import Database
from app.db.migrations import all_migrations
from app.markets.documents import from_document, to_document
from app.markets.follower import MarketFollower
from app.markets.models import PriceRounding, TaxMode
from app.markets.repository import MarketRepository
from app.markets.service import MarketService
from app.markets.starting import GERMANY, STARTING, UNITED_STATES
from app.shared.errors import Conflict, Invalid
from app.shared.ids import Sku
from app.web.page_cache import PageCache
from app.web.registry import service
from app.worker import Worker
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.markets import JAPAN, TRIED
from tests.support.shopper import Shopper


def _wait(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.fixture
def markets(app: Flask) -> MarketService:
    return service(MarketService, app)


@pytest.fixture
def server(environment: dict[str, str], app: Flask) -> Iterator[Flask]:
    """Another process's shop on the same database, which follows what changes."""
    other = create_app(environment)
    follower = service(CatalogService, other).follower
    follower.start()
    _wait(lambda: follower.is_following)
    yield other
    follower.close()
    service(Database, other).close()


def _germany(markets: MarketService, **changes: object) -> dict[str, object]:
    return {**to_document(markets.get("DE")), **changes}


def test_a_fresh_shop_has_the_three_markets_it_always_had(database: Database, app: Flask) -> None:
    database["markets"].delete_many({})
    next(each for each in all_migrations() if each.name == "0016_markets").upgrade(database)
    assert service(MarketService, app).open() == STARTING


@pytest.mark.parametrize("market", TRIED.values(), ids=lambda each: each.name)
def test_a_market_is_written_as_it_is_read(market: object) -> None:
    assert from_document(json.loads(json.dumps(to_document(market)))) == market


def test_reading_costs_a_server_no_query(server: Flask) -> None:
    markets = service(MarketService, server)
    snapshot = markets.follower.snapshot()
    assert all(markets.follower.snapshot() is snapshot for _ in range(1000))


def test_a_write_reaches_another_process(server: Flask, markets: MarketService) -> None:
    theirs = service(MarketService, server)
    assert theirs.find("JP") is None
    markets.store(to_document(JAPAN))
    _wait(lambda: theirs.find("JP") == JAPAN)
    markets.store({**to_document(markets.get("JP")), "open": False})
    _wait(lambda: theirs.find("JP") is None)


def test_a_change_makes_kept_pages_anew(
    server: Flask, markets: MarketService, catalog: CatalogMaker
) -> None:
    catalog.add(make_product("Lamp", make_variant("LAMP", DE=5950, JP=3000)))
    client = server.test_client(use_cookies=False)
    cookie = {"Cookie": "mossx_market=DE"}
    japanese = {"Cookie": "mossx_market=JP"}
    _wait(lambda: "Including VAT" in client.get("/products/lamp", headers=cookie).text)
    client.get("/products/lamp", headers=cookie)
    made = service(PageCache, server).counts.misses
    assert "Including VAT" in client.get("/products/lamp", headers=cookie).text
    assert "¥3,000" not in client.get("/products/lamp", headers=japanese).text
    assert service(PageCache, server).counts.misses - made <= 1

    tax = {**to_document(GERMANY)["tax"], "mode": "exclusive"}
    markets.store(_germany(markets, tax=tax))
    markets.store(to_document(JAPAN))
    _wait(lambda: "Plus tax" in client.get("/products/lamp", headers=cookie).text)
    _wait(lambda: "¥3,000" in client.get("/products/lamp", headers=japanese).text)


def test_two_writers_of_one_version_are_told_apart(markets: MarketService) -> None:
    read = _germany(markets)
    barrier, results = Barrier(2), list[object]()

    def write(name: str) -> None:
        barrier.wait()
        try:
            results.append(markets.store({**read, "name": name}))
        except Conflict as refusal:
            results.append(refusal)

    threads = [Thread(target=write, args=(name,)) for name in ("Deutschland", "Allemagne")]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sum(isinstance(each, Conflict) for each in results) == 1
    assert markets.get("DE").version == 2


def test_storing_the_same_again_changes_nothing(markets: MarketService) -> None:
    read = _germany(markets, name="Deutschland")
    assert markets.store(read).version == 2
    assert markets.store(read).version == 2
    assert markets.get("DE").name == "Deutschland"


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        ({"currency": "EURO"}, ["currency"]),
        ({"currency": "XXQ"}, ["currency"]),
        ({"locale": "xx_YY_ZZ"}, ["locale"]),
        ({"countries": []}, ["countries", "zones.0.countries"]),
        ({"countries": ["DE", "Q1"]}, ["countries"]),
        ({"name": "India"}, ["name"]),
        ({"gateways": ["paypal"]}, ["gateways"]),
        ({"colour": "green"}, ["colour"]),
        ({"position": "first"}, ["position"]),
        ({"rounding": ".50"}, ["rounding"]),
        ({"zones": []}, ["zones"]),
        ({"code": "de"}, ["code", "name"]),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    markets: MarketService, changes: dict[str, object], places: list[str]
) -> None:
    with pytest.raises(Invalid) as refusal:
        markets.store(_germany(markets, **changes))
    assert sorted(refusal.value.fields) == places
    assert markets.get("DE") == GERMANY


def test_nested_fields_are_named_by_their_path(markets: MarketService) -> None:
    read = _germany(markets)
    zone = json.loads(json.dumps(read["zones"]))[0]
    zone["methods"][0] |= {"price": None, "max_days": 0, "code": "Standard!"}
    zone["methods"][1] |= {"kind": "by_weight", "bands": [{"up_to": 5, "price": 1}, {"up_to": 2, "price": 1}]}  # fmt: skip
    zone["regions"] = ["BY"]
    tax = {**read["tax"], "rates": {"reduced": -1}, "seller_region": "KA"}
    with pytest.raises(Invalid) as refusal:
        markets.store({**read, "zones": [zone], "tax": tax})
    assert set(refusal.value.fields) == {
        "zones.0.methods.0.price", "zones.0.methods.0.max_days", "zones.0.methods.0.code",
        "zones.0.methods.1.price", "zones.0.methods.1.bands", "zones.0.regions",
        "tax.rates", "tax.rates.reduced", "tax.seller_region", "tax.inside",
    }  # fmt: skip


def test_a_currency_with_no_such_ending_and_an_amount_that_cannot_be_paid_are_refused(
    markets: MarketService,
) -> None:
    with pytest.raises(Invalid) as refusal:
        markets.store(to_document(replace(JAPAN, rounding=PriceRounding.POINT_99)))
    assert list(refusal.value.fields) == ["rounding"]
    kuwait = to_document(TRIED["KW"])
    kuwait["zones"][0]["methods"][0]["price"] = 1505
    with pytest.raises(Invalid) as refusal:
        markets.store(kuwait)
    assert list(refusal.value.fields) == ["zones.0.methods.0.price"]


def test_the_currency_stays_while_prices_are_in_it(
    markets: MarketService, catalog: CatalogMaker
) -> None:
    catalog.add(make_product("Lamp", make_variant("LAMP", DE=5950)))
    with pytest.raises(Invalid) as refusal:
        markets.store(_germany(markets, currency="CHF"))
    assert refusal.value.fields == {"currency": "Products have prices in EUR in this market."}


def test_the_last_open_market_stays_open(markets: MarketService) -> None:
    for code in ("IN", "DE"):
        markets.store({**to_document(markets.get(code)), "open": False})
    with pytest.raises(Invalid) as refusal:
        markets.store({**to_document(markets.get("US")), "open": False})
    assert list(refusal.value.fields) == ["open"]
    assert [each.code for each in markets.open()] == ["US"]


def test_bundles_follow_a_markets_rounding(
    app: Flask, markets: MarketService, catalog: CatalogMaker
) -> None:
    catalog.add(make_product("Mug", make_variant("MUG", US=1999, DE=1990)))
    catalog.add(make_product("Bowl", make_variant("BOWL", US=1333, DE=1234)))
    parts = [BundleComponent(sku=Sku(sku), quantity=1) for sku in ("MUG", "BOWL")]
    catalog.bundle("Set", *parts, pricing=PercentOff(basis_points=1000))

    def listed() -> list[int]:
        bundle = service(CatalogService, app).find_product("set")
        assert bundle
        prices = bundle.variants[0].prices
        return [prices[code].amount.minor for code in ("US", "DE")]

    assert listed() == [2999, 2902]
    for code, rounding in (("US", "whole"), ("DE", ".95")):
        markets.store({**to_document(markets.get(code)), "rounding": rounding})
    while service(Worker, app).round():
        pass
    assert listed() == [3000, 2895]
    service(CatalogService, app).selling.set_policy(Sku("MUG"), UNCOUNTED)
    assert listed() == [3000, 2895]


def test_the_command_line_shows_exports_and_imports(app: Flask, tmp_path: Path) -> None:
    runner = app.test_cli_runner()
    assert "DE  Germany  EUR" in runner.invoke(args=["markets", "list"]).output
    shown = runner.invoke(args=["markets", "show", "us"]).output
    assert from_document(json.loads(shown)) == UNITED_STATES
    assert runner.invoke(args=["markets", "show", "FR"]).exit_code == 1
    file = tmp_path / "markets.json"
    assert runner.invoke(args=["markets", "export", str(file)]).exit_code == 0
    every = json.loads(file.read_text())
    every[2]["tax"]["mode"] = "exclusive"
    file.write_text(json.dumps([*every, to_document(JAPAN)]))
    for _ in range(2):
        result = runner.invoke(args=["markets", "import", str(file)])
        assert result.exit_code == 0, result.output
    markets = service(MarketService, app)
    assert markets.get("DE").tax.mode is TaxMode.EXCLUSIVE
    assert [markets.get(code).version for code in ("US", "DE", "JP")] == [1, 2, 1]
    every[2] |= {"name": "", "version": 2}
    file.write_text(json.dumps(every[2]))
    result = runner.invoke(args=["markets", "import", str(file)])
    assert result.exit_code == 1
    assert "name: Please enter a name" in result.output


def test_without_a_database_the_starting_markets_stand_in() -> None:
    away = Database("mongodb://127.0.0.1:9/nothing?serverSelectionTimeoutMS=100")
    follower = MarketFollower(MarketRepository(away))
    assert follower.snapshot().open == STARTING
    assert not follower.is_following
    away.close()


def test_a_shopper_who_saw_other_rules_is_asked_again(
    app: Flask, markets: MarketService, catalog: CatalogMaker, database: Database
) -> None:
    shopper = Shopper(app)
    shopper.add(catalog.mug())
    form = shopper.checkout_form()
    read = to_document(markets.get("US"))
    read["tax"]["regions"]["CA"]["standard"] = 900
    markets.store(read)
    answer = shopper.client.post("/checkout", data=form)
    assert answer.status_code == 422
    assert database["orders"].count_documents({}) == 0
    assert shopper.check_out().status_code == 303
    order = database["orders"].find_one({})
    assert order
    assert order["totals"]["tax"] == 180
