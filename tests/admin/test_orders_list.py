"""The list of orders: found by anything, narrowed, sorted, page by page."""

from __future__ import annotations

import csv
import importlib
from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pytest
from flask import Flask

from app.db.database import Database, Session
from app.fulfilment.shipping import Shipping
from app.orders import desk_repository
from app.orders.desk import OrderDesk
from app.orders.finding import OrderFilter, OrderSort
from app.orders.models import Order
from app.orders.service import OrderService
from app.shared.clock import now
from app.shared.credit import CreditKind, CreditUse
from app.shared.ids import CreditId, Sku
from app.shared.money import Money
from app.web.registry import service
from tests.admin.order_desk import Desk
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox
from tests.support.orders import make_order
from tests.support.shopper import Shopper, soup

_START = now() - timedelta(days=400)


def _store(app: Flask, *orders: Order) -> None:
    book = service(OrderService, app)

    def work(session: Session) -> None:
        for order in orders:
            book.place(order, session)

    service(Database, app).in_transaction(work)


def _order(number: int, **changes: object) -> Order:
    """One of many, each placed three hours after the one before."""
    order = make_order(f"thing-{number % 7}")
    fields: dict[str, object] = {
        "number": f"MX-{20_000 + number}",
        "email": f"buyer{number}@example.com",
        "placed_at": _START + timedelta(hours=3 * number),
        "address": replace(order.address, name=f"Zoë Person{number}", postal_code=f"9{number:04}"),
        **changes,
    }
    return replace(order, **fields)


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is, a list looks back to the beginning."""
    monkeypatch.setattr("app.orders.desk_repository._PATIENCE", 60.0)


@pytest.fixture
def desk(app: Flask) -> Desk:
    """Somebody who looks for orders."""
    return Desk(app)


def _numbers(desk: Desk, path: str) -> list[str]:
    return [link.get_text() for link in soup(desk.get(path)).select("tbody th a")]


def _every(desk: Desk, path: str) -> list[str]:
    """The numbers on all pages, one after the other."""
    found: list[str] = []
    while path:
        page = soup(desk.get(path))
        found += [link.get_text() for link in page.select("tbody th a")]
        following = page.select_one("a[rel=next]")
        path = str(following["href"]) if following else ""
    return found


@pytest.mark.parametrize("sort", ["", "oldest"])
def test_pages_have_each_order_once(app: Flask, desk: Desk, sort: str) -> None:
    moment = _START
    orders = [_order(n, **({"placed_at": moment} if n % 3 else {})) for n in range(120)]
    _store(app, *orders)
    wanted = sorted(orders, key=lambda each: (each.placed_at, each.id), reverse=not sort)
    path = f"/admin/orders?sort={sort}" if sort else "/admin/orders"
    assert _every(desk, path) == [each.number for each in wanted]


def test_by_total_is_within_a_period(app: Flask, desk: Desk) -> None:
    recent = [
        _order(
            n,
            placed_at=now() - timedelta(minutes=30 * n),
            totals=replace(make_order("a").totals, total=Money(1000 + n % 5, "USD")),
        )
        for n in range(70)
    ]
    _store(app, *recent, _order(99, placed_at=now() - timedelta(days=90)))
    wanted = sorted(recent, key=lambda each: (each.totals.total.minor, each.id), reverse=True)
    assert _every(desk, "/admin/orders?sort=total") == [each.number for each in wanted]


@pytest.mark.parametrize(
    "q",
    ["MX-20005", "20005", "buyer5@example.com", "BUYER5", "zoe person5", "90005", "Person5,"],
)
def test_an_order_is_found_by_what_is_on_it(app: Flask, desk: Desk, q: str) -> None:
    _store(app, *(_order(n) for n in range(10)))
    assert _numbers(desk, f"/admin/orders?q={q}") == ["MX-20005"]


def test_goods_postal_codes_with_spaces_and_beginnings_are_found(app: Flask, desk: Desk) -> None:
    address = replace(make_order("a").address, postal_code="SW1A 1AA", phone="+44 20 7946 0958")
    line = replace(make_order("a").lines[0], title="Crème T-Shirt", sku=Sku("TS-9"))
    _store(app, _order(1, address=address, lines=(line,)), *(_order(n) for n in range(2, 9)))
    for q in ("sw1a1aa", "SW1A 1AA", "creme", "t-shirt", "ts-9", "442079460958", "crem", "MX-2000"):
        assert "MX-20001" in _numbers(desk, f"/admin/orders?q={q.replace(' ', '+')}"), q
    assert _numbers(desk, "/admin/orders?q=creme+person1") == []
    assert _numbers(desk, "/admin/orders?q=nothing-of-this") == []


def test_a_beginning_that_all_have_shows_the_newest_or_those_of_the_days_asked_for(
    app: Flask, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_repository, "_LOOKED_AT", 5)
    monkeypatch.setattr(desk_repository, "_MANY", 5)
    day = timedelta(days=1)
    orders = [_order(n, placed_at=now() - n * day) for n in range(1, 12)]
    _store(app, *orders)
    numbers = [each.number for each in orders]
    assert _numbers(desk, "/admin/orders?q=mx-2") == numbers[:5]
    until = (now() - 7 * day).date().isoformat()
    older = _numbers(desk, f"/admin/orders?q=mx-2&to={until}")
    assert older == [each.number for each in orders if each.placed_at.date().isoformat() <= until]
    assert older


def test_parcels_and_payments_are_found(
    app: Flask, desk: Desk, shopper: Shopper, catalog: CatalogMaker, sandbox: Sandbox
) -> None:
    shopper.add(catalog.mug(), 1)
    shopper.pay(sandbox)
    _store(app, *(_order(n) for n in range(3)))
    order = next(each for each in service(OrderDesk, app).every(OrderFilter()) if each.is_paid)
    service(Shipping, app).ship(order.id, None, key="k", tracking="JD 0146 0000")
    capture = service(Database, app)["captures"].find_one({"_id": order.id})
    assert capture
    for q in ("jd01460000", capture["payment_id"]):
        assert _numbers(desk, f"/admin/orders?q={q}") == [order.number]


def test_filters_narrow_and_go_together(app: Flask, desk: Desk) -> None:
    book = service(OrderService, app)
    orders = [_order(n, market="DE" if n % 2 else "US") for n in range(12)]
    _store(app, *orders)
    for order in orders[:5]:
        service(Database, app).in_transaction(
            lambda session, order=order: book.mark_paid(order, session)
        )
    service(OrderDesk, app).note(orders[3].id, "Call first", by="eve", key="k1")
    paid = {each.number for each in orders[:5]}
    assert set(_numbers(desk, "/admin/orders?payment=paid")) == paid
    assert _numbers(desk, "/admin/orders?payment=paid&market=DE&q=thing-3") == ["MX-20003"]
    assert _numbers(desk, "/admin/orders?noted=1") == ["MX-20003"]
    assert _numbers(desk, "/admin/orders?noted=1&market=US") == []
    assert _numbers(desk, "/admin/orders?returned=1") == []
    assert len(_numbers(desk, "/admin/orders?fulfilment=unfulfilled&gateway=stripe")) == 12
    day = (_START + timedelta(hours=3 * 4)).date()
    same = [each.number for each in orders if each.placed_at.date() == day]
    assert sorted(_numbers(desk, f"/admin/orders?from={day}&to={day}")) == sorted(same)
    assert len(_numbers(desk, "/admin/orders?from=yesterday")) == 12


def test_the_list_is_a_fragment_for_htmx(app: Flask, desk: Desk) -> None:
    _store(app, _order(1))
    answer = desk.get("/admin/orders?q=20001", headers={"HX-Request": "true"})
    assert "<html" not in answer.text
    assert "MX-20001" in answer.text
    assert "HX-Request" in answer.headers["Vary"]


def test_chosen_or_found_orders_are_exported(app: Flask, desk: Desk) -> None:
    odd = replace(make_order("a").address, name="=1+1")
    card = CreditUse(
        credit_id=CreditId("crd"), kind=CreditKind.GIFT_CARD, last4="ABCD", amount=Money(500, "USD")
    )
    _store(app, _order(1, address=odd), _order(2), _order(3, credit=(card,)), _order(4))
    answer = desk.get("/admin/orders/export")
    assert answer.is_streamed  # of any number of orders
    rows = list(csv.DictReader(StringIO(answer.text)))
    assert [row["number"] for row in rows] == [f"MX-2000{n}" for n in (4, 3, 2, 1)]
    assert rows[-1]["name"] == "'=1+1"
    assert (rows[0]["total"], rows[0]["currency"]) == ("20.00", "USD")
    assert (rows[0]["paid_by_credit"], rows[1]["paid_by_credit"]) == ("0.00", "5.00")
    chosen = desk.get("/admin/orders/export?number=MX-20002&number=MX-20004&number=none").text
    assert [row["number"] for row in csv.DictReader(StringIO(chosen))] == ["MX-20002", "MX-20004"]
    narrowed = desk.get("/admin/orders/export?q=20003").text
    assert [row["number"] for row in csv.DictReader(StringIO(narrowed))] == ["MX-20003"]


def test_packing_slips_of_many_are_one_page(app: Flask, desk: Desk) -> None:
    book, orders = service(OrderService, app), [_order(n) for n in range(3)]
    _store(app, *orders)
    for order in orders[:2]:
        service(Database, app).in_transaction(
            lambda session, order=order: book.mark_paid(order, session)
        )
    numbers = "&".join(f"number={each.number}" for each in orders)
    sheets = soup(desk.get(f"/admin/orders/slips?{numbers}")).select("article.sheet")
    assert [order.number in sheet.get_text() for order, sheet in zip(orders, sheets, strict=False)]
    assert len(sheets) == 2
    assert "Nothing of these" in desk.get(f"/admin/orders/slips?number={orders[2].number}").text


def test_slips_of_no_order_are_asked_for_again_on_the_same_list(app: Flask, desk: Desk) -> None:
    _store(app, _order(1), _order(2))
    page = desk.follow(desk.get("/admin/orders/slips?q=MX-20002"))
    assert "Please choose the orders" in page.text
    assert [each.text for each in soup(page).select("#list tbody th")] == ["MX-20002"]


def test_words_filters_and_dates_are_one_search(desk: Desk) -> None:
    asked = {
        "q": "mug",
        "payment": "paid",
        "from": "2026-01-02",
        "to": "2026-02-03",
        "sort": "total",
    }
    page = soup(desk.get("/admin/orders", query_string=asked))
    fields = page.select("#narrow input, #narrow option[selected], input[form=narrow]")
    assert {str(each["value"]) for each in fields} == set(asked.values())
    assert len(page.select("button[form=narrow]")) == 1


@pytest.mark.usefixtures("schema_put_back")
def test_the_migration_gives_earlier_orders_their_words(
    app: Flask, database: Database, desk: Desk
) -> None:
    orders = [_order(n) for n in range(5)]
    _store(app, *orders)
    now_known = {each["_id"]: each["search"] for each in database["orders"].find()}
    database["orders"].update_many({}, {"$unset": {"search": ""}})
    migration = importlib.import_module("migrations.0021_order_desk")
    migration.upgrade(database)
    migration.upgrade(database)
    assert {each["_id"]: each["search"] for each in database["orders"].find()} == now_known


def test_what_is_rare_is_looked_for_a_while_only(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.orders.desk_repository._PATIENCE", -1.0)
    monkeypatch.setattr("app.orders.desk_repository._FIRST_WINDOW", timedelta(hours=2))
    _store(app, *(_order(n, placed_at=now() - timedelta(hours=n)) for n in range(4)))
    since = now() - timedelta(days=1)
    desk, wanted = service(OrderDesk, app), OrderFilter(gateway="stripe", placed_from=since)
    for sort in (OrderSort.NEWEST, OrderSort.OLDEST):
        seen: list[str] = []
        after, turns = "", 0
        while True:
            found = desk.find(replace(wanted, sort=sort), 3, after)
            seen += [each.number for each in found.orders]
            after, turns = found.older, turns + 1
            if not after:
                break
        assert sorted(seen) == [f"MX-2000{n}" for n in range(4)]
        assert turns > 1


def test_nobody_looks_further_than_the_shops_first_order(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.orders.desk_repository._PATIENCE", -1.0)
    _store(app, replace(_order(1, placed_at=now()), number="MX-10001"), _order(2, placed_at=now()))
    desk = service(OrderDesk, app)
    found = desk.find(OrderFilter(), 3, "")
    assert len(found.orders) == 2
    assert (found.until, found.older) == (None, "")
    assert desk.find(OrderFilter(q="nobody"), 3, "").until is None


def test_an_order_is_found_by_the_gateway_that_took_its_money(
    desk: Desk, shopper: Shopper, catalog: CatalogMaker, sandbox: Sandbox
) -> None:
    shopper.add(catalog.mug())
    shopper.check_out(gateway="stripe")
    shopper.pay(sandbox, "razorpay")
    assert _numbers(desk, "/admin/orders?gateway=razorpay") == ["MX-10001"]
    assert _numbers(desk, "/admin/orders?gateway=stripe") == []
    (row,) = csv.DictReader(StringIO(desk.get("/admin/orders/export").text))
    assert row["gateway"] == "razorpay"
