"""What sells beyond its stock says so everywhere: on pages, in the cart, on the order, in mails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from app.catalog.models import BundleComponent, PercentOff, Policy, PolicyKind
from app.catalog.policies import Promise, check_policy, promise_text, waiting_units
from app.catalog.repository import CatalogRepository
from app.catalog.service import CatalogService
from app.inventory.service import InventoryService
from app.shared.clock import now
from app.shared.errors import Invalid
from app.shared.ids import Sku
from app.web.registry import service
from tests.inventory.conftest import Warehouse
from tests.support.aftersales import Staff
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.gateways import Sandbox
from tests.support.member import Mailbox
from tests.support.shopper import Shopper, soup

WEEKS = Policy(kind=PolicyKind.BACK_ORDER, limit=10, days=21)
RELEASE = (now() + timedelta(days=60)).replace(hour=0, minute=0, second=0, microsecond=0)
SOON = Policy(kind=PolicyKind.PRE_ORDER, limit=5, ships_on=RELEASE)
DAY = f"{RELEASE:%B} {RELEASE.day}, {RELEASE.year}"
MUG = Sku("MUG")


def _sell(catalog: CatalogMaker, policy: Policy, stock: int = 0) -> None:
    catalog.add(make_product("Mug", replace(make_variant("MUG"), policy=policy)), stock=stock)


def _set(app: Flask, policy: Policy) -> None:
    service(CatalogService, app).selling.set_policy(MUG, policy)


def _policy(app: Flask) -> Policy:
    return service(CatalogService, app).selling.policy_of(MUG)


def _stock_line(shopper: Shopper, slug: str = "mug") -> str:
    line = soup(shopper.get(f"/products/{slug}")).select_one(".stock")
    assert line is not None
    return line.text


def _availability(shopper: Shopper, slug: str = "mug") -> str:
    page = shopper.get(f"/products/{slug}").text
    _, _, rest = page.partition('"availability":"https://schema.org/')
    return rest.partition('"')[0]


@pytest.mark.parametrize(
    ("policy", "stock", "said", "term"),
    [
        (Policy(), 0, "Sold out", "OutOfStock"),
        (Policy(), 3, "Only 3 left", "InStock"),
        (WEEKS, 9, "In stock", "InStock"),
        (WEEKS, 2, "Only 2 left. More can be ordered: ships in about 3 weeks", "InStock"),
        (WEEKS, 0, "Back-order. Ships in about 3 weeks", "BackOrder"),
        (replace(WEEKS, limit=4, days=1), 0, "Back-order, only 4 left. Ships in about 1 day", "BackOrder"),
        (Policy(kind=PolicyKind.BACK_ORDER), 0, "Available to order", "BackOrder"),
        (Policy(kind=PolicyKind.BACK_ORDER), 2, "Only 2 left", "InStock"),
        (replace(SOON, limit=50), 0, f"Pre-order. Ships on {DAY}", "PreOrder"),
        (replace(SOON, limit=50), 9, f"Pre-order. Ships on {DAY}", "PreOrder"),
    ],
)  # fmt: skip
def test_the_page_and_machines_are_told_how_it_can_be_had(
    catalog: CatalogMaker, shopper: Shopper, policy: Policy, stock: int, said: str, term: str
) -> None:
    _sell(catalog, policy, stock)
    assert _stock_line(shopper) == said
    assert _availability(shopper) == term
    page = soup(shopper.get("/products/mug"))
    form = page.select_one("form.buy button")
    if term == "OutOfStock":
        assert form is None
        assert page.select_one("form[action='/stock-alerts']") is not None
        assert shopper.add("MUG").status_code == 422
    else:
        assert form is not None
        assert form.text == ("Pre-order" if term == "PreOrder" else "Add to cart")
        assert shopper.add("MUG").status_code == 303
    found = soup(shopper.get("/products?in_stock=1")).select(".card")
    assert len(found) == (0 if term == "OutOfStock" else 1)
    tags = [tag.text for tag in soup(shopper.get("/products")).select(".card .tag")]
    assert tags == {"OutOfStock": ["Sold out"], "PreOrder": ["Pre-order"]}.get(term, [])


def test_a_back_order_is_told_from_the_cart_to_the_mail(
    app: Flask, catalog: CatalogMaker, shopper: Shopper, sandbox: Sandbox, mailbox: Mailbox
) -> None:
    _sell(catalog, WEEKS, stock=2)
    shopper.add("MUG", 2)
    assert soup(shopper.get("/cart")).select(".line-wait") == []
    shopper.add("MUG", 3)
    words = "3 of 5 come later. Ships in about 3 weeks"
    for path in ("/cart", "/checkout"):
        (told,) = soup(shopper.get(path)).select(".line-wait")
        assert told.text == words
    order = soup(shopper.pay(sandbox))
    day = now() + timedelta(days=21)
    promised = f"3 of 5 come later. Ships around {day:%B} {day.day}, {day.year}"
    (told,) = order.select(".line-wait")
    assert told.text == promised
    mail = mailbox.read("ann@example.com")[-1]
    for kind in ("plain", "html"):
        body = mail.get_body((kind,))
        assert body is not None
        assert promised in " ".join(body.get_content().split())
    stock = service(InventoryService, app)
    assert (stock.on_hand([MUG]), stock.available([MUG])) == ({MUG: 0}, {MUG: -3})
    assert list(stock.owed.of(Staff(app).order.id)) == [MUG]


def test_a_pre_order_ends_when_it_is_out_and_some_have_come(
    app: Flask, catalog: CatalogMaker, shopper: Shopper, warehouse: Warehouse
) -> None:
    _sell(catalog, SOON)
    warehouse.hold("early", limited=False, MUG=3)
    selling = service(CatalogService, app).selling
    warehouse.fill("MUG", main=4)  # they came before the day
    assert selling.end_pre_orders() == 0
    assert _stock_line(shopper) == f"Pre-order. Ships on {DAY}"
    _release(app)
    assert selling.end_pre_orders() == 1
    assert selling.end_pre_orders() == 0
    assert _policy(app) == Policy()
    assert _stock_line(shopper) == "Only 1 left"
    assert shopper.add("MUG", 2).status_code == 422
    assert warehouse.taking.level(MUG).below == 0


def test_a_pre_order_that_is_out_ends_with_the_count(
    app: Flask, catalog: CatalogMaker, shopper: Shopper, warehouse: Warehouse
) -> None:
    _sell(catalog, SOON)
    warehouse.hold("early", limited=False, MUG=3)
    _release(app)
    assert service(CatalogService, app).selling.end_pre_orders() == 0
    assert _stock_line(shopper) == "Pre-order, only 2 left. Ships as soon as it is here"
    warehouse.fill("MUG", main=2)
    assert _policy(app) == Policy()
    assert _stock_line(shopper) == "Sold out"  # one of those who ordered early waits still
    assert warehouse.stock.available([MUG]) == {MUG: -1}
    assert warehouse.problems() == []


def _release(app: Flask) -> None:
    """As if its day had come."""
    _set(app, replace(_policy(app), ships_on=now() - timedelta(days=1)))


def test_the_limit_is_kept_in_the_cart_and_at_the_last_moment(
    catalog: CatalogMaker, shopper: Shopper, warehouse: Warehouse
) -> None:
    _sell(catalog, replace(WEEKS, limit=3), stock=1)
    assert shopper.add("MUG", 5).status_code == 422
    assert shopper.add("MUG", 4).status_code == 303
    form = shopper.checkout_form()
    warehouse.hold("faster", limited=False, MUG=1)
    assert shopper.client.post("/checkout", data=form).status_code == 422
    assert "Only 3 left" in shopper.get("/cart").text
    assert warehouse.database["orders"].count_documents({}) == 0


def test_who_was_shown_stock_is_not_sold_a_wait(
    catalog: CatalogMaker, shopper: Shopper, warehouse: Warehouse, sandbox: Sandbox
) -> None:
    _sell(catalog, WEEKS, stock=2)
    shopper.add("MUG", 2)
    form = shopper.checkout_form()
    warehouse.hold("faster", MUG=1)
    real = service(InventoryService, warehouse.app)
    seen = real.available
    try:
        real.available = lambda skus: dict.fromkeys(skus, 2)
        assert shopper.client.post("/checkout", data=form).status_code == 422
    finally:
        real.available = seen
    assert warehouse.database["orders"].count_documents({}) == 0
    assert "1 of 2 come later" in shopper.get("/checkout").text
    assert shopper.check_out().status_code == 303
    assert warehouse.stock.available([MUG]) == {MUG: -1}


def test_a_set_waits_for_the_part_that_takes_longest(
    catalog: CatalogMaker, shopper: Shopper
) -> None:
    _sell(catalog, WEEKS)
    catalog.add(make_product("Bowl", make_variant("BOWL")), stock=8)
    parts = (BundleComponent(sku=MUG, quantity=2), BundleComponent(sku=Sku("BOWL"), quantity=1))
    catalog.bundle("Morning", *parts, pricing=PercentOff(basis_points=1000))
    said = "Back-order, only 5 sets left. Ships in about 3 weeks"
    assert _stock_line(shopper, "morning") == said
    assert _availability(shopper, "morning") == "BackOrder"
    assert shopper.add("MORNING", 6).status_code == 422
    shopper.add("MORNING", 5)
    (told,) = soup(shopper.get("/cart")).select(".line-wait")
    assert told.text == "Ships in about 3 weeks"


def test_a_changed_policy_reaches_pages_stock_and_those_who_wait(
    app: Flask, catalog: CatalogMaker, shopper: Shopper, mailbox: Mailbox, warehouse: Warehouse
) -> None:
    _sell(catalog, Policy())
    shopper.post("/stock-alerts", {"sku": "MUG", "email": "eve@example.com"})
    assert mailbox.subjects("eve@example.com") == []
    _set(app, WEEKS)
    assert _stock_line(shopper) == "Back-order. Ships in about 3 weeks"
    assert mailbox.subjects("eve@example.com") == ["Mug is back"]
    assert warehouse.taking.level(MUG).below == 10
    answer = shopper.post("/stock-alerts", {"sku": "MUG", "email": "eve@example.com"})
    assert answer.status_code == 422
    warehouse.hold("ten", limited=False, MUG=10)
    assert _stock_line(shopper) == "Sold out"
    _set(app, Policy())
    assert warehouse.taking.level(MUG).below == 0


BAD: tuple[Mapping[str, object], ...] = (
    {"kind": PolicyKind.DENY, "limit": 3},
    {"kind": PolicyKind.BACK_ORDER, "limit": 0},
    {"kind": PolicyKind.BACK_ORDER, "days": 0},
    {"kind": PolicyKind.BACK_ORDER, "days": 3, "ships_on": RELEASE},
    {"kind": PolicyKind.PRE_ORDER, "limit": 3},
    {"kind": PolicyKind.PRE_ORDER, "ships_on": RELEASE},
)


@pytest.mark.parametrize("fields", BAD)
def test_a_policy_that_makes_no_sense_is_refused(fields: Mapping[str, object]) -> None:
    with pytest.raises(Invalid) as refusal:
        check_policy(Policy(**fields))
    assert refusal.value.fields


def test_promises_in_words() -> None:
    monday = datetime(2026, 3, 2, tzinfo=UTC)
    for days, words in ((1, "1 day"), (7, "7 days"), (14, "2 weeks"), (15, "15 days")):
        promise = Promise(kind=PolicyKind.BACK_ORDER, days=days)
        assert promise_text(promise, "en_US", monday) == f"Ships in about {words}"
    day = Promise(kind=PolicyKind.PRE_ORDER, ships_on=datetime(2027, 3, 1, tzinfo=UTC))
    assert promise_text(day, "en_IN", monday) == "Ships on 1 March 2027"
    assert (
        promise_text(day, "en_IN", datetime(2027, 3, 1, tzinfo=UTC))
        == "Ships as soon as it is here"
    )


@pytest.mark.parametrize(
    ("policy", "quantity", "there", "waits"),
    [(WEEKS, 3, 5, 0), (WEEKS, 3, 1, 2), (WEEKS, 3, -4, 3), (SOON, 3, 9, 3)],
)
def test_what_waits_is_what_is_not_there(
    policy: Policy, quantity: int, there: int, waits: int
) -> None:
    assert waiting_units(policy, quantity, there) == waits


def test_policies_are_stored_as_they_are(catalog: CatalogMaker, warehouse: Warehouse) -> None:
    for policy in (Policy(), WEEKS, SOON):
        for name in ("products", "stock_levels", "stock_movements"):
            warehouse.database[name].delete_many({})
        _sell(catalog, policy)
        (found,) = CatalogRepository(warehouse.database).every_product()
        assert found.variants[0].policy == policy
