"""The dashboard and its reports show what the counters say, to those who may see it."""

from __future__ import annotations

import csv
import io
import threading
import time
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask

from app import create_app
from app.analytics.counting import SalesCounting
from app.analytics.folding import VisitFolding
from app.analytics.visits import Visits
from app.db.cache import Cache
from app.db.database import Database
from app.db.outbox import Event, Hopeless, Outbox
from app.identity.models import Role
from app.shared.clock import now
from app.web.registry import service
from app.worker import Worker
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox
from tests.support.orders import OrderMaker
from tests.support.shopper import HTMX, Shopper, soup
from tests.support.staff import Staff

FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


@pytest.fixture
def sold(app: Flask) -> Flask:
    """Three orders of 20.00 for one product, and one of 40.00 for two."""
    maker, counting = OrderMaker(app), service(SalesCounting, app)
    for products in (("p1",), ("p1",), ("p1",), ("p1", "p2")):
        counting.ask(maker.paid(*products))
    counting.run()
    return app


def cards(page: object) -> list[str]:
    return [card.get_text(" ", strip=True) for card in page.select(".figure-card strong")]


def test_the_dashboard_shows_sales(sold: Flask, owner: Staff) -> None:
    page = soup(owner.get("/admin"))
    assert cards(page) == ["$100.00", "4", "$25.00", "$0.00", "$100.00"]
    assert page.select_one("svg[role=img] title") is not None
    ranking = page.find("h2", string="Top products").find_parent("section")
    assert [each.get_text() for each in ranking.select("strong")] == ["$80.00", "$20.00"]


def test_the_figures_are_not_sent_again_while_nothing_changed(sold: Flask, owner: Staff) -> None:
    figures = soup(owner.get("/admin")).select_one("#figures")
    assert figures is not None
    again = owner.get(str(figures["hx-get"]), headers=HTMX)
    assert (again.status_code, again.text) == (204, "")
    service(SalesCounting, sold).ask(OrderMaker(sold).paid("p3"))
    changed = owner.get(str(figures["hx-get"]), headers=HTMX)
    assert changed.status_code == 200
    assert "$120.00" in changed.text
    assert "<html" not in changed.text
    assert "HX-Request" in changed.headers["Vary"]


def test_a_sale_is_on_the_dashboard_with_the_real_worker(
    app: Flask, owner: Staff, shopper: Shopper, catalog: CatalogMaker, sandbox: Sandbox
) -> None:
    worker = service(Worker, app)
    running = threading.Thread(target=worker.run)
    running.start()
    try:
        shopper.add(catalog.mug(stock=50), 2)
        shopper.pay(sandbox)
        until = time.monotonic() + 30
        while "$48.90" not in owner.get("/admin").text:
            assert time.monotonic() < until, "the sale never came"
            time.sleep(0.1)
    finally:
        worker.stop()
        running.join()


def test_support_sees_what_is_to_do_and_no_figures(sold: Flask) -> None:
    page = Staff(sold, Role.SUPPORT).get("/admin")
    assert "Orders to ship" in page.text
    assert "$100.00" not in page.text
    assert "Differences" not in page.text
    assert "Orders to ship" not in Staff(sold, Role.ANALYST).get("/admin").text


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("range=7", True),
        ("market=US", True),
        ("market=DE", False),
        ("from=2026-01-01&to=2026-01-31", False),
        ("from=2026-01-01", True),
    ],
)
def test_days_and_market_choose_what_is_shown(
    sold: Flask, owner: Staff, query: str, shown: bool
) -> None:
    page = owner.get(f"/admin?{query}")
    assert page.status_code == 200
    assert ("$100.00" in page.text) is shown


@pytest.mark.parametrize("query", ["from=soon", "from=2026-02-01&to=2026-01-01", "from=1990-01-01"])
@pytest.mark.parametrize("path", ["/admin", "/admin/reports/sales", "/admin/money"])
def test_days_that_cannot_be_are_said_beside_the_field(
    app: Flask, owner: Staff, path: str, query: str
) -> None:
    page = owner.get(f"{path}?{query}")
    assert page.status_code == 422
    assert soup(page).select_one("[aria-invalid][aria-describedby]") is not None


def test_a_report_leads_from_days_to_hours_to_orders(sold: Flask, owner: Staff) -> None:
    days = soup(owner.get("/admin/reports/sales?range=7"))
    link = days.select_one("tbody th a")
    assert link is not None
    hours = soup(owner.get(str(link["href"])))
    deeper = hours.select_one("tbody th a")
    assert deeper is not None
    parts = urlsplit(str(deeper["href"]))
    assert parts.path == "/admin/orders"
    assert "from=" in parts.query
    assert "to=" in parts.query
    assert "$100.00" in hours.text


@pytest.mark.parametrize(
    ("name", "head", "first"),
    [
        ("sales", "Net", "100.00"),
        ("products", "Units", "80.00"),
        ("markets", "Net", "100.00"),
        ("funnel", "Visitors", "4"),
    ],
)
def test_a_report_is_exported(sold: Flask, owner: Staff, name: str, head: str, first: str) -> None:
    page = soup(owner.get(f"/admin/reports/{name}?range=30"))
    export = page.select_one("a[download]")
    assert export is not None
    answer = owner.get(str(export["href"]))
    assert answer.mimetype == "text/csv"
    heads, *lines = csv.reader(io.StringIO(answer.text))
    assert head in heads
    assert first in lines[0]


def test_one_product_is_shown_day_by_day(sold: Flask, owner: Staff) -> None:
    link = soup(owner.get("/admin/reports/products")).select_one("tbody th a")
    assert link is not None
    page = soup(owner.get(str(link["href"])))
    (row,) = page.select("tbody tr")
    assert f"{now():%Y-%m-}" in row.text
    assert "$80.00" in row.text


@pytest.mark.parametrize(("name", "heading"), [("sales", "Hour (UTC)"), ("funnel", "Day (UTC)")])
def test_the_lines_of_one_day_are_called_what_they_are(
    sold: Flask, owner: Staff, name: str, heading: str
) -> None:
    page = soup(owner.get(f"/admin/reports/{name}?range=today"))
    assert page.select("thead th")[0].get_text(strip=True) == heading


def test_one_product_of_one_day_has_a_line_of_a_day(sold: Flask, owner: Staff) -> None:
    link = soup(owner.get("/admin/reports/products?range=today")).select_one("tbody th a")
    assert link is not None
    page = soup(owner.get(str(link["href"])))
    assert page.select("thead th")[0].get_text(strip=True) == "Day (UTC)"


def test_an_unknown_report_is_missing(app: Flask, owner: Staff) -> None:
    assert owner.get("/admin/reports/everything").status_code == 404


def test_the_live_view_shows_orders_and_the_worker(sold: Flask, owner: Staff) -> None:
    page = owner.get("/admin/live")
    assert page.text.count("status-good") == 4
    assert "away" in page.text  # no worker has ever run
    while service(Worker, sold).round():
        pass
    page = owner.get("/admin/live", headers=HTMX)
    assert "at work" in page.text
    assert "Given up" not in page.text


def test_the_live_view_shows_what_was_given_up(app: Flask, owner: Staff) -> None:
    def refuse(_: Event) -> None:
        raise Hopeless("550")

    outbox = service(Outbox, app)
    outbox.subscribe("letter", "mail.letter", refuse)
    outbox.publish("letter", {})
    while outbox.run_one():
        pass
    page = owner.get("/admin/live").text
    assert "Given up" in page
    assert "mail.letter: Hopeless: 550" in page
    assert "Send again" not in Staff(app, Role.ANALYST).get("/admin/live").text


def test_visitors_are_counted_once_and_robots_never(
    app: Flask, owner: Staff, catalog: CatalogMaker, database: Database
) -> None:
    visits = service(Visits, app)
    sku = catalog.mug()
    for _ in range(2):
        browser = Shopper(app)
        browser.get("/products", headers=FIREFOX)
        browser.get("/products/dune-mug", headers=FIREFOX)
        browser.get("/products", headers={"User-Agent": "curl/8.1"})
    token = browser.token()
    form = {"csrf_token": token, "sku": sku, "quantity": "1"}
    browser.client.post("/cart/items", data=form, headers=FIREFOX)
    browser.get("/checkout", headers=FIREFOX)
    visits.tell()
    assert visits.lately()["US"] == 1
    while service(Worker, app).round():
        pass
    (kept,) = database["analytics_visits"].find({})
    assert kept["steps"] == {"visit": 1, "product": 1, "cart": 1, "checkout": 1}
    assert "1 (100.0 %)" in owner.get("/admin").text


def test_a_redis_that_starts_empty_loses_no_visitor_that_was_folded(
    app: Flask, database: Database
) -> None:
    visits, cache = service(Visits, app), service(Cache, app)
    folding = VisitFolding(database, cache)
    for number in range(5):
        app.test_client().get(
            "/products", headers=FIREFOX, environ_overrides={"REMOTE_ADDR": f"10.0.0.{number}"}
        )
    visits.tell()
    assert folding.run() == 1
    cache.client.flushdb()
    for number in range(4, 8):
        app.test_client().get(
            "/products", headers=FIREFOX, environ_overrides={"REMOTE_ADDR": f"10.0.0.{number}"}
        )
    visits.tell()
    folding.run()
    (kept,) = database["analytics_visits"].find({})
    assert kept["steps"]["visit"] == 8
    assert folding.run() == 0


@pytest.mark.usefixtures("app")
def test_visitors_behind_a_proxy_are_told_apart(environment: dict[str, str]) -> None:
    app = create_app({**environment, "MOSSX_PROXIES": "1"})
    for number in range(3):
        told = {**FIREFOX, "X-Forwarded-For": f"10.0.0.{number}"}
        for _ in range(2):  # the second page comes from memory
            app.test_client().get("/products", headers=told)
    visits = service(Visits, app)
    visits.tell()
    assert visits.lately()["US"] == 3


def test_no_page_of_the_panel_is_a_visit(app: Flask, owner: Staff) -> None:
    owner.get("/admin", headers=FIREFOX)
    service(Visits, app).tell()
    assert sum(service(Visits, app).lately().values()) == 0


def test_hours_of_long_ago_are_kept(app: Flask, owner: Staff, database: Database) -> None:
    order_id = OrderMaker(app).paid("p1")
    past = now() - timedelta(days=40)
    database["orders"].update_one({"_id": order_id}, {"$set": {"paid_at": past}})
    service(SalesCounting, app).ask(order_id)
    day = past.date().isoformat()
    page = soup(owner.get(f"/admin/reports/sales?from={day}&to={day}"))
    assert [each.text for each in page.select("tbody th")] == [f"{past:%H}:00"]
