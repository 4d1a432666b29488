"""Buying in markets that were added while the shop runs, and where shipping depends on much."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import pytest
from flask import Flask
from pypdf import PdfReader

from app.catalog.models import BundleComponent, PercentOff
from app.checkout.refund_rules import RefundWish, everything
from app.db.database import Database
from app.fulfilment.invoicing import Invoicing
from app.markets.documents import to_document
from app.markets.models import Market
from app.markets.service import MarketService
from app.shared.errors import Invalid
from app.shared.ids import Sku
from app.shared.money import Money
from app.web.registry import service
from tests.support.aftersales import Staff
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.gateways import Sandbox
from tests.support.markets import JAPAN, KARNATAKA, KUWAIT
from tests.support.promotions import sums
from tests.support.shopper import HTMX, Shopper, soup

TOKYO = {
    "city": "Chiyoda-ku", "state": "Tokyo", "postal_code": "100-0001", "country": "JP",
}  # fmt: skip
SALMIYA = {"city": "Salmiya", "state": "", "postal_code": "", "country": "KW"}
AUSTIN = {"city": "Austin", "state": "TX", "postal_code": "78701", "country": "US"}
BERLIN = {"city": "Berlin", "state": "", "postal_code": "10115", "country": "DE"}
BENGALURU = {"city": "Bengaluru", "state": "KA", "postal_code": "560001", "country": "IN"}


@pytest.fixture
def markets(app: Flask) -> MarketService:
    return service(MarketService, app)


def _open(markets: MarketService, market: Market) -> None:
    known = next((each for each in markets.every() if each.code == market.code), None)
    markets.store(to_document(replace(market, version=known.version if known else 1)))


def _errors(answer: object) -> dict[str, str]:
    return {
        str(each["id"]).removesuffix("-error"): each.text
        for each in soup(answer).select("p.error[id]")
    }


@pytest.mark.parametrize("gateway", ["stripe", "razorpay"])
@pytest.mark.parametrize(
    ("market", "price", "address", "charged"),
    [
        (JAPAN, 2980, TOKYO, 5960),  # shipping is free from 5000
        (KUWAIT, 9990, SALMIYA, 22550),  # 19980 + 1500, 5 % more: 22554
    ],
    ids=["JP", "KW"],
)
def test_a_new_market_sells_without_a_restart(
    shopper: Shopper,
    markets: MarketService,
    catalog: CatalogMaker,
    sandbox: Sandbox,
    gateway: str,
    market: Market,
    price: int,
    address: dict[str, str],
    charged: int,
) -> None:
    catalog.add(make_product("Lamp", make_variant("LAMP", **{market.code: price})))
    catalog.add(make_product("Mug", make_variant("MUG")))
    assert shopper.post("/market", {"market": market.code}).status_code == 422
    _open(markets, market)
    assert shopper.post("/market", {"market": market.code}).status_code == 303
    listing = shopper.get("/products?min_price=1").text
    assert "Lamp" in listing
    assert "/products/mug" not in listing  # it has no price there
    assert shopper.add("MUG").status_code == 422
    shopper.add("LAMP", 2)
    page = shopper.pay_in(sandbox, gateway, address)
    assert page.status_code == 200
    assert sandbox.captures()[0][1] == charged
    (payment,) = sandbox.ledger()["payments"]
    assert payment["currency"] == market.currency
    link = soup(page).select_one("a[href*='/invoice.pdf?']")
    assert link is not None
    pdf = PdfReader(BytesIO(shopper.get(str(link["href"])).data))
    assert {"JPY": "¥5,960", "KWD": "22.550"}[market.currency] in pdf.pages[0].extract_text()


def test_a_dinar_order_is_rounded_before_the_shopper_sees_it(
    app: Flask, shopper: Shopper, markets: MarketService, catalog: CatalogMaker, sandbox: Sandbox
) -> None:
    _open(markets, KUWAIT)
    catalog.add(make_product("Lamp", make_variant("LAMP", KW=1999)))
    shopper.post("/market", {"market": "KW"})
    shopper.add("LAMP", 3)
    shown = sums(shopper.get("/checkout"))
    # 5997 + 1500, 5 % of 7497 = 374.85: 7872 in all
    assert "0.002" in shown["Rounding"]
    assert "7.870" in shown["Total"]
    answer = shopper.check_out(**SALMIYA)
    shopper.come_back(sandbox, answer.location, "stripe")
    staff = Staff(app)
    assert staff.order.totals.total == Money(7870, "KWD")
    assert staff.order.totals.rounding == Money(-2, "KWD")
    assert sandbox.captures()[0][1] == 7870
    for at in range(3):
        wish = RefundWish(quantities={1: 1}, shipping=at == 2)
        staff.refunding.request(
            staff.order.id, wish, key=f"k{at}", reason="", restock=False, by="Eve"
        )
    amounts = [each.amount.minor for each in staff.refunding.of_order(staff.order.id)]
    assert sum(amounts) == 7870
    assert not any(each % 10 for each in amounts)
    assert sandbox.captures() == []
    staff.work()
    notes = service(Invoicing, app).notes_of(staff.order)
    taxes = sum(tax.tax.minor for note in notes for tax in note.taxes)
    assert taxes == staff.order.totals.tax.minor


def test_goodwill_in_dinars_must_be_payable(
    app: Flask, shopper: Shopper, markets: MarketService, catalog: CatalogMaker, sandbox: Sandbox
) -> None:
    _open(markets, KUWAIT)
    catalog.add(make_product("Lamp", make_variant("LAMP", KW=2000)))
    shopper.post("/market", {"market": "KW"})
    shopper.add("LAMP", 1)
    shopper.pay_in(sandbox, "stripe", SALMIYA)
    staff = Staff(app)
    wish = RefundWish(quantities={}, amount=Money(1005, "KWD"))
    with pytest.raises(Invalid) as refusal:
        staff.refunding.request(staff.order.id, wish, key="k", reason="", restock=False, by="Eve")
    assert "1.010" in refusal.value.fields["amount"]
    assert staff.refunding.of_order(staff.order.id) == []


@pytest.mark.parametrize(
    ("market", "address", "state"),
    [("US", AUSTIN, "TX"), ("DE", BERLIN, ""), ("IN", BENGALURU, "KA"),
     ("IN", {**BENGALURU, "state": "Karnataka"}, "KA")],
)  # fmt: skip
def test_an_order_goes_to_an_address_as_it_is_usually_typed(
    shopper: Shopper,
    catalog: CatalogMaker,
    database: Database,
    market: str,
    address: dict[str, str],
    state: str,
) -> None:
    catalog.mug()
    shopper.post("/market", {"market": market})
    shopper.add("MUG")
    assert shopper.check_out(**address).status_code == 303
    order = database["orders"].find_one({})
    assert order
    assert order["address"]["state"] == state


def test_a_shipping_method_that_does_not_go_there_is_refused_and_nothing_lost(
    shopper: Shopper, markets: MarketService, catalog: CatalogMaker, database: Database
) -> None:
    _open(markets, JAPAN)
    catalog.add(make_product("Lamp", make_variant("LAMP", JP=3000)))
    shopper.post("/market", {"market": "JP"})
    shopper.add("LAMP")
    okinawa = {**TOKYO, "state": "Okinawa", "postal_code": "900-0001"}
    form = shopper.checkout_form(**okinawa, shipping_method="pickup")
    answer = shopper.client.post("/checkout", data=form)
    assert answer.status_code == 422
    assert _errors(answer)["shipping_method"].startswith("This way of shipping is not offered")
    page = soup(answer)
    offered = [str(each["value"]) for each in page.select("input[name=shipping_method]")]
    assert offered == ["standard"]
    assert page.select_one("input[name=name]")["value"] == "Ann Shopper"
    assert page.select_one("select[name=state] option[selected]")["value"] == "47"
    assert database["orders"].count_documents({}) == 0
    again = {**form, "shipping_method": "standard"}
    assert shopper.client.post("/checkout", data=again).status_code == 303
    assert database["orders"].find_one({})["totals"]["shipping"] == 1500


def test_goods_that_nothing_takes_cannot_be_ordered(
    shopper: Shopper, markets: MarketService, catalog: CatalogMaker, database: Database
) -> None:
    home = replace(JAPAN.zones[0], methods=(JAPAN.zones[0].methods[1],))  # parcels to 5 kg
    _open(markets, replace(JAPAN, zones=(home,)))
    catalog.add(make_product("Anvil", replace(make_variant("ANVIL", JP=3000), weight_grams=5001)))
    shopper.post("/market", {"market": "JP"})
    shopper.add("ANVIL")
    page = shopper.get("/checkout")
    assert "We cannot send what is in your cart" in page.text
    assert sums(page)["Shipping"] == "Not to this address"
    form = shopper.checkout_form(**TOKYO)
    del form["shipping_method"]  # there is none to choose
    answer = shopper.client.post("/checkout", data=form)
    assert answer.status_code == 422
    assert "We cannot send what is in your cart" in _errors(answer)["shipping_method-0"]
    assert database["orders"].count_documents({}) == 0


def test_htmx_shows_the_methods_of_the_address_that_is_entered(
    shopper: Shopper, markets: MarketService, catalog: CatalogMaker
) -> None:
    _open(markets, JAPAN)
    catalog.add(make_product("Lamp", make_variant("LAMP", JP=3000)))
    shopper.post("/market", {"market": "JP"})
    shopper.add("LAMP")
    entered = "country=JP&state=Okinawa&postal_code=900-0001&shipping_method=standard"
    answer = shopper.get(f"/checkout?{entered}&changed=place", headers=HTMX)
    assert "<html" not in answer.text
    shipping = soup(answer).select_one("#checkout-shipping")
    assert shipping is not None
    assert shipping["hx-swap-oob"] == "true"
    assert "1,500" in shipping.text
    assert "HX-Request" in answer.headers["Vary"]
    seen = shipping.select_one("input[name=seen_shipping]")["value"]
    chosen = f"{entered}&changed=shipping_method&seen_shipping={seen}"
    quiet = shopper.get(f"/checkout?{chosen}", headers=HTMX)
    assert soup(quiet).select_one("#checkout-shipping") is None
    whole = shopper.get(f"/checkout?{entered}&changed=place")
    assert len(soup(whole).select("#checkout-shipping")) == 1


def test_a_total_below_the_gateways_minimum_is_said_and_another_gateway_takes_it(
    shopper: Shopper, markets: MarketService, catalog: CatalogMaker, database: Database
) -> None:
    free = replace(JAPAN.zones[0], methods=(JAPAN.zones[0].methods[2],))
    _open(markets, replace(JAPAN, zones=(free,)))
    catalog.add(make_product("Stamp", make_variant("STAMP", JP=70)))
    shopper.post("/market", {"market": "JP"})
    shopper.add("STAMP")
    page = soup(shopper.get("/checkout"))
    assert page.select_one("input[name=gateway][checked]")["value"] == "stripe"
    tokyo = {**TOKYO, "shipping_method": "pickup"}
    answer = shopper.check_out(**tokyo, gateway="razorpay")
    assert answer.status_code == 422
    assert "no less than 100 JPY" in answer.text
    assert database["orders"].count_documents({}) == 0
    assert shopper.check_out(**tokyo, gateway="stripe").status_code == 303


def test_a_sale_inside_the_sellers_state_has_two_taxes(
    app: Flask, shopper: Shopper, markets: MarketService, catalog: CatalogMaker, sandbox: Sandbox
) -> None:
    _open(markets, KARNATAKA)
    catalog.add(make_product("Tea", make_variant("TEA", IN=50000), tax_class="reduced"))
    catalog.add(make_product("Lamp", make_variant("LAMP", IN=129900)))
    shopper.post("/market", {"market": "IN"})
    for sku in ("TEA", "LAMP"):
        shopper.add(sku)
    assert {"GST 5 % contained", "GST 18 % contained"} <= set(sums(shopper.get("/cart")))
    page = shopper.pay_in(sandbox, "stripe", BENGALURU)
    shown = sums(page)
    assert {"CGST 2.5 % contained", "SGST 2.5 % contained", "CGST 9 % contained"} <= set(shown)
    order = Staff(app).order
    assert sum(each.tax.minor for each in order.taxes) == order.totals.tax.minor
    invoice = shopper.get(f"/orders/{order.number}/invoice?token={order.access_token}")
    heads = [each.text for each in soup(invoice).select("table")[1].select("th")]
    assert heads == ["GST", "Net", "CGST", "SGST", "Gross"]


def test_a_sale_into_another_state_has_one(
    shopper: Shopper, markets: MarketService, catalog: CatalogMaker, sandbox: Sandbox
) -> None:
    _open(markets, KARNATAKA)
    catalog.add(make_product("Lamp", make_variant("LAMP", IN=129900)))
    shopper.post("/market", {"market": "IN"})
    shopper.add("LAMP")
    mumbai = {**BENGALURU, "city": "Mumbai", "state": "Maharashtra", "postal_code": "400001"}
    assert "IGST 18 % contained" in sums(shopper.pay_in(sandbox, "stripe", mumbai))


def _notes_taxes(app: Flask, staff: Staff) -> dict[int, int]:
    found: dict[int, int] = {}
    for note in service(Invoicing, app).notes_of(staff.order):
        for tax in note.taxes:
            found[tax.rate] = found.get(tax.rate, 0) + tax.tax.minor
    return found


def test_credit_notes_take_back_the_invoices_tax_by_rate(
    app: Flask, shopper: Shopper, catalog: CatalogMaker, sandbox: Sandbox
) -> None:
    catalog.add(make_product("Tea", make_variant("TEA", DE=1490), tax_class="reduced"))
    catalog.add(make_product("Lamp", make_variant("LAMP", DE=1999)))
    shopper.post("/market", {"market": "DE"})
    shopper.add("TEA", 3)
    shopper.add("LAMP", 1)
    shopper.pay_in(sandbox, "stripe", BERLIN)
    staff = Staff(app)
    wishes = [
        RefundWish(quantities={1: 1}),
        RefundWish(quantities={}, amount=Money(333, "EUR")),
        RefundWish(quantities={1: 1, 2: 1}),
    ]
    for at, wish in enumerate(wishes):
        staff.refunding.request(
            staff.order.id, wish, key=f"k{at}", reason="", restock=False, by="Eve"
        )
        staff.work()
    left = staff.refunding.balance(staff.order)
    staff.refunding.request(
        staff.order.id, everything(left), key="rest", reason="", restock=False, by="Eve"
    )
    staff.work()
    order = staff.order
    assert order.refunded == order.totals.total
    assert _notes_taxes(app, staff) == {each.rate: each.tax.minor for each in order.taxes}
    first = service(Invoicing, app).notes_of(order)[0]
    # 14.90 at 7 %: 1490·7/107 = 97.48
    assert [(each.rate, each.tax.minor) for each in first.taxes] == [(700, 97)]
    page = shopper.get(
        f"/orders/{order.number}/credit-notes/{first.number}?token={order.access_token}"
    )
    assert "VAT 7 % contained" in page.text
    assert "19 %" not in page.text


def test_a_set_is_taxed_as_its_parts_are(
    app: Flask, shopper: Shopper, catalog: CatalogMaker, sandbox: Sandbox
) -> None:
    catalog.add(make_product("Tea", make_variant("TEA", DE=1000), tax_class="reduced"))
    catalog.add(make_product("Mug", make_variant("CUP", DE=3000)))
    parts = [BundleComponent(sku=Sku(sku), quantity=1) for sku in ("TEA", "CUP")]
    catalog.bundle("Morning", *parts, pricing=PercentOff(basis_points=1000))
    shopper.post("/market", {"market": "DE"})
    shopper.add("MORNING", 1)
    shopper.pay_in(sandbox, "stripe", BERLIN)
    staff = Staff(app)
    order = staff.order
    (line,) = order.lines
    # 3600 as 1:3 is 900 + 2700, shipping 490 is 122.5 + 367.5: LR even, to the lower rate
    assert [(part.tax_rate, part.net.minor) for part in line.parts] == [(700, 900), (1900, 2700)]
    assert [(each.rate, each.gross.minor) for each in order.taxes] == [(700, 1023), (1900, 3067)]
    # 1023·7/107 = 66.93, 3067·19/119 = 489.69
    assert [each.tax.minor for each in order.taxes] == [67, 490]
    assert line.tax_rate is None
    assert sum(part.tax.minor for part in line.parts) == line.tax.minor
    staff.refunding.request(
        order.id, RefundWish(quantities={}, parts={(1, 2): 1}), key="k", reason="", restock=False,
        by="Eve",
    )  # fmt: skip
    staff.work()
    (note,) = service(Invoicing, app).notes_of(order)
    # 2700 of 3067 at 19 %: 490·2700/3067 = 431.37
    assert [(each.rate, each.tax.minor) for each in note.taxes] == [(1900, 431)]


@pytest.mark.parametrize(
    "change",
    [{"variants.0.weight_grams": 900}, {"tax_class": "reduced"}, {"variants.0.taxable": False}],
    ids=["weight", "tax class", "taxable"],
)
def test_what_shipping_and_tax_go_by_is_told_before_paying_if_it_changed(
    shopper: Shopper,
    markets: MarketService,
    catalog: CatalogMaker,
    database: Database,
    change: dict[str, object],
) -> None:
    _open(markets, JAPAN)
    variant = replace(make_variant("LAMP", JP=1000), weight_grams=500)
    catalog.add(make_product("Lamp", variant))
    shopper.post("/market", {"market": "JP"})
    shopper.add("LAMP", 2)
    form = shopper.checkout_form(shipping_method="parcel", **TOKYO)
    database["products"].update_one({"variants.sku": "LAMP"}, {"$set": change})
    answer = shopper.client.post("/checkout", data=form)
    assert answer.status_code == 422
    assert "Your cart or its prices changed" in answer.text
    assert database["orders"].count_documents({}) == 0
    assert shopper.check_out(shipping_method="parcel", **TOKYO).status_code == 303
