"""Invoices, credit notes and packing slips: what they say, and to whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from pypdf import PdfReader

from app.checkout.refund_rules import RefundWish
from app.fulfilment.invoicing import Invoicing
from app.fulfilment.paper_routes import paper_page
from app.fulfilment.paper_taxes import taxes_of
from app.fulfilment.papers import PaperWriter
from app.fulfilment.pdf import render
from app.markets.context import format_money
from app.orders.models import Order
from app.orders.service import OrderService
from app.shared.ids import OrderId
from app.shared.money import Money
from app.web.registry import service
from tests.support.aftersales import Staff
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.gateways import Sandbox
from tests.support.member import Member
from tests.support.orders import OrderMaker
from tests.support.shopper import Shopper, soup

Buy = Callable[..., Staff]
INDIA = {
    "name": "श्रीमती प्रार्थना विक्रम सिंह",
    "line1": "१२ महात्मा गांधी मार्ग",
    "city": "मुंबई",
    "state": "Maharashtra",
    "postal_code": "400001",
    "country": "IN",
}
GERMANY = {
    "name": "Jürgen Größe-Weiß",
    "line1": "Königstraße 5",
    "city": "Köln",
    "state": "",
    "postal_code": "50667",
    "country": "DE",
}
US: dict[str, str] = {}


@pytest.fixture
def buy(app: Flask, shopper: Shopper, catalog: CatalogMaker, sandbox: Sandbox) -> Buy:
    """Buys three mugs and a bowl in a market."""

    def work(market: str, entries: dict[str, str]) -> Staff:
        catalog.add(make_product("Dune Mug", make_variant("MUG", US=1999, IN=123456, DE=1990)))
        catalog.add(make_product("Pinch Bowl", make_variant("BOWL", US=1333, IN=99901, DE=1234)))
        shopper.post("/market", {"market": market})
        shopper.add("MUG", 3)
        shopper.add("BOWL", 1)
        location = shopper.check_out(gateway="stripe", **entries).location
        shopper.come_back(sandbox, location, "stripe")
        return Staff(app)

    return work


def read(pdf: bytes) -> str:
    """The text of a PDF, spaces made plain."""
    pages = PdfReader(BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def plain(text: str) -> str:
    """Text with plain spaces, as a person reads it."""
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("market", "entries", "sign"),
    [("US", US, "$"), ("IN", INDIA, "₹"), ("DE", GERMANY, "€")],
)
def test_an_invoice_says_what_was_ordered_and_paid(
    buy: Buy, shopper: Shopper, market: str, entries: dict[str, str], sign: str
) -> None:
    staff = buy(market, entries)
    order = staff.order
    link = soup(shopper.get(staff.url)).select_one("a[href*='/invoice?']")
    assert link is not None
    page = shopper.get(str(link["href"]))
    pdf = shopper.get(str(link["href"]).replace("/invoice?", "/invoice.pdf?"))
    assert (page.status_code, pdf.status_code) == (200, 200)
    assert pdf.headers["Content-Type"] == "application/pdf"
    for answer in (page, pdf):
        assert answer.headers["Cache-Control"] == "private, no-store"

    def shown(amount: Money) -> str:
        return plain(format_money(amount, order.locale))

    for text in (plain(soup(page).get_text(" ")), read(pdf.data)):
        assert "INV-100001" in text
        assert order.number in text
        assert order.address.name in text
        assert order.address.line1 in text
        for line in order.lines:
            assert f"{line.title}" in text
            assert shown(line.unit_price) in text
            assert shown(line.total) in text
        totals = order.totals
        for amount in (totals.subtotal, totals.shipping, totals.tax, totals.total):
            assert shown(amount) in text
        assert sign in text
        assert {"US": "7.25 %", "IN": "18 %", "DE": "19 %"}[market] in text


@pytest.mark.parametrize(("market", "entries"), [("US", US), ("IN", INDIA), ("DE", GERMANY)])
def test_an_invoices_sums_are_the_orders_to_the_minor_unit(
    app: Flask, buy: Buy, market: str, entries: dict[str, str]
) -> None:
    order = buy(market, entries).order
    rates = taxes_of(order)
    taxed = sum(each.tax.minor for each in rates)
    net = sum(each.net.minor for each in rates)
    assert taxed == order.totals.tax.minor
    assert net + taxed == order.totals.total.minor


def test_a_line_discount_is_shown_once_there_is_one(app: Flask, database: object) -> None:
    orders, invoicing = service(OrderService, app), service(Invoicing, app)
    order = orders.get(OrderMaker(app).paid("mug"))

    class Discounted(type(order.lines[0])):
        discount = Money(500, "USD")

    fields = {name: getattr(order.lines[0], name) for name in order.lines[0].__dataclass_fields__}
    cheaper = replace(order, lines=(Discounted(**fields),))
    paper = service(PaperWriter, app).invoice(cheaper, invoicing.issue(order))
    assert [column.title for column in paper.table.columns][3] == "Discount"
    assert paper.table.rows[0][3] == "−$5.00"
    assert paper.table.rows[0][-1] == "$15.00"


def test_only_who_may_see_the_order_sees_its_papers(app: Flask, buy: Buy, shopper: Shopper) -> None:
    staff = buy("US", US)
    refund(staff)
    staff.work()
    number, token = staff.order.number, staff.order.access_token
    stranger = Shopper(app)
    other = Member(app, "bob@example.com")
    other.register()
    for part in ("invoice", "invoice.pdf", "credit-notes/CN-100001", "credit-notes/CN-100001.pdf"):
        path = f"/orders/{number}/{part}"
        assert shopper.get(f"{path}?token={token}").status_code == 200
        for who in (stranger, other):
            assert who.get(path).status_code == 404
            assert who.get(f"{path}?token=wrong").status_code == 404
    for part in ("credit-notes/CN-100002", "credit-notes/INV-100001.pdf"):
        assert shopper.get(f"/orders/{number}/{part}?token={token}").status_code == 404


def test_an_account_opens_its_invoice_without_the_secret(
    app: Flask, member: Member, catalog: CatalogMaker, sandbox: Sandbox
) -> None:
    member.add(catalog.mug(), 1)
    member.pay(sandbox)
    assert member.get(f"/orders/{Staff(app).order.number}/invoice").status_code == 200


def test_an_unpaid_order_has_no_invoice(
    app: Flask, shopper: Shopper, catalog: CatalogMaker, sandbox: Sandbox, database: object
) -> None:
    shopper.add(catalog.mug(), 1)
    shopper.check_out()
    staff = Staff(app)
    assert shopper.get(staff.url.replace("?", "/invoice?")).status_code == 404
    assert soup(shopper.get(staff.url)).select_one("a[href*='/invoice']") is None
    assert staff.database["invoices"].count_documents({}) == 0


def refund(staff: Staff) -> None:
    wish = RefundWish(quantities={1: 1}, shipping=True)
    staff.refunding.request(staff.order.id, wish, key="k", reason="", restock=False, by="Eve")


def test_each_refund_has_one_credit_note(buy: Buy, shopper: Shopper) -> None:
    staff = buy("DE", GERMANY)
    refund(staff)
    staff.work()
    staff.refunding.follow(staff.order.id)
    staff.work()
    (note,) = staff.database["credit_notes"].find({})
    assert note["invoice_number"] == "INV-100001"
    link = soup(shopper.get(staff.url)).select_one("a[href*='/credit-notes/']")
    assert link is not None
    text = plain(soup(shopper.get(str(link["href"]))).get_text(" "))
    (given,) = staff.refunding.of_order(staff.order.id)
    assert plain(format_money(given.amount, "de_DE")) in text
    assert "CN-100001" in text
    assert "For invoice INV-100001" in text
    assert "Dune Mug" in text
    pdf = shopper.get(str(link["href"]).replace("?", ".pdf?")).data
    assert plain(format_money(given.amount, "de_DE")) in read(pdf)


def slip(app: Flask, order: Order, file: Path, *more: str) -> str:
    """What the command writes."""
    words = ["orders", "packing-slip", order.number, str(file), *more]
    result = app.test_cli_runner().invoke(args=words)
    assert result.exit_code == 0, result.output
    return read(file.read_bytes())


def test_a_packing_slip_has_the_goods_and_no_prices(app: Flask, buy: Buy, tmp_path: Path) -> None:
    staff = buy("IN", INDIA)
    order = staff.order
    text = slip(app, order, tmp_path / "all.pdf")
    assert "3 of 3" in text
    assert "1 of 1" in text
    assert INDIA["name"] in text
    assert "₹" not in text
    assert "1,234" not in text
    staff.ship({1: 2}, tracking="AB1234")
    assert "2 of 3" in slip(app, order, tmp_path / "first.pdf", "--shipment", "1")
    rest = slip(app, order, tmp_path / "rest.pdf")
    assert "1 of 3" in rest
    staff.ship()
    runner = app.test_cli_runner()
    for words in ((), ("--shipment", "9")):
        args = ["orders", "packing-slip", order.number, str(tmp_path / "no.pdf"), *words]
        assert runner.invoke(args=args).exit_code == 1
    assert not (tmp_path / "no.pdf").exists()


def test_a_packing_slip_can_be_a_page_as_well(app: Flask, buy: Buy) -> None:
    staff = buy("US", US)
    paper = service(PaperWriter, app).packing_slip(
        staff.order, service(Invoicing, app).seller, None
    )
    with app.test_request_context():
        tree = BeautifulSoup(paper_page(paper, "", "").get_data(as_text=True), "html.parser")
    assert "3 of 3" in tree.text
    assert "$" not in tree.text
    assert tree.select_one("nav") is None


def test_a_long_order_goes_over_several_pages(app: Flask) -> None:
    orders, invoicing = service(OrderService, app), service(Invoicing, app)
    order_id: OrderId = OrderMaker(app).paid(*[f"thing-{at}" for at in range(60)])
    order = orders.get(order_id)
    pdf = render(service(PaperWriter, app).invoice(order, invoicing.issue(order)))
    pages = [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]
    assert len(pages) == 3
    for at, page in enumerate(pages, 1):
        assert "Invoice INV-" in page
        assert f"· {at} / 3" in page
    text = read(pdf)
    assert "thing-59" in text
    assert "$1,200.00" in text


def test_sums_stand_together_wherever_a_page_ends(app: Flask) -> None:
    orders, invoicing = service(OrderService, app), service(Invoicing, app)
    things = [f"thing-{at}" for at in range(21)]
    for lines in range(1, 8):  # each moves what follows by less than a row's height
        order = orders.get(OrderMaker(app).paid(*things, "long name " * 6 * lines))
        pdf = render(service(PaperWriter, app).invoice(order, invoicing.issue(order)))
        (page,) = (p for p in PdfReader(BytesIO(pdf)).pages if "Subtotal" in p.extract_text())
        assert "Total $440.00" in page.extract_text(), lines
