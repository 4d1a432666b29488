"""Every page of a shopper's way, in a language that puts what is translated into brackets: what is
outside of them, and no data, was forgotten."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask

from app.catalog.models import BundleComponent, Image, PercentOff
from app.db.database import Database
from app.promotions.kinds import FreeShipping
from app.promotions.models import Conditions
from app.shared.clock import now
from app.shared.ids import Sku
from tests.languages.reading import READER, READS, Counter, check, crawl, pay, read_mails, reads
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.gateways import Sandbox
from tests.support.member import PASSWORD, Mailbox, Member
from tests.support.promotions import PromotionMaker, enter
from tests.support.reviews import SAID, Buyers
from tests.support.shopper import ADDRESS, Shopper, soup

pytestmark = pytest.mark.usefixtures("pseudo")


@pytest.fixture
def shop(catalog: CatalogMaker, app: Flask) -> Flask:
    """A shop with one of everything."""
    picture = Image(src="https://example.com/mug.webp", alt="Dune Mug", width=960, height=1200)
    lamp = make_product(
        "Lamp",
        make_variant("LAMP-SAND", {"Colour": "Sand"}),
        make_variant("LAMP-MOSS", {"Colour": "Moss"}, US=2500, DE=2500),
        attributes={"Material": "clay"},
        images=(picture,),
    )
    catalog.add(lamp, stock=50)
    catalog.add(make_product("Mug", make_variant("MUG")), stock=2)
    catalog.add(make_product("Dune", make_variant("DUNE")), stock=0)
    catalog.bundle(
        "Tea Set",
        BundleComponent(sku=Sku("MUG"), quantity=1),
        BundleComponent(
            sku=Sku("LAMP-SAND"), alternatives=(Sku("LAMP-MOSS"),), quantity=2, optional=True
        ),
        pricing=PercentOff(basis_points=1000),
    )
    Buyers(app).says(lamp.id, 4, "Good")
    return app


def test_what_everybody_sees(shop: Flask, reader: Shopper) -> None:
    seen = crawl(reader, "/", "/search?q=lamps", "/search?q=lamp+zzz", "/search?q=qqq", "/cart")
    for path in ("/products?", "/products/lamp?", "/cart?", "/wishlist?", "/account/login?"):
        assert path in seen
    for path in ("/search/suggest?q=la", "/search/suggest?q=qqq"):
        check(reader.get(path, headers={"HX-Request": "true"}), 200)
    for market in ("IN", "DE"):
        reader.client.set_cookie("mossx_market", market)
        for path in ("/", "/products", "/products/lamp", "/products/dune", "/products/tea-set"):
            check(reader.get(path), 200)


def test_what_goes_wrong(shop: Flask, reader: Shopper) -> None:
    check(reader.get("/nowhere"), 404)
    check(reader.get("/products/nowhere"), 404)
    check(reader.get("/orders/MX-1"), 404)
    check(reader.get("/products?page=99"), 404)
    check(reader.get("/products?min_price=x&max_price=1"), 200, 422)
    check(reader.get("/products?min_price=9&max_price=1"), 200, 422)
    check(reader.client.post("/products"), 400, 405)
    check(reader.client.post("/cart/items", data={"sku": "MUG"}), 400, 403)
    for form in ({"market": "ZZ"}, {"market": "US", "language": "zz"}):
        check(reader.post("/market", form), 422)
    for quantity in ("x", "0", "100", "50"):
        check(reader.add("MUG", quantity), 422)
    check(reader.add("DUNE"), 422)
    check(reader.add("NOPE"), 404, 422)
    check(reader.post("/orders/lookup", {"number": "", "email": "x"}), 422)
    check(reader.post("/orders/lookup", {"number": "MX-1", "email": "ann@example.com"}), 422)
    for _ in range(31):
        answer = reader.post("/orders/lookup", {"number": "MX-1", "email": "ann@example.com"})
    check(answer, 429)


def test_a_cart_and_its_checkout(shop: Flask, reader: Shopper) -> None:
    promotions = PromotionMaker(shop)
    promotions.add("TENOFF", name="Ten off", conditions=Conditions(minimum_subtotal={"US": 99900}))
    promotions.add("SHIPFREE", name="Thanks", benefit=FreeShipping())
    check(reader.add("MUG", 2), 303)
    check(reader.add("LAMP-MOSS", 3, htmx=True), 200)
    check(reader.add("TEA-SET", 1), 303, 422)
    check(enter(reader, "NOPE"), 422)
    check(enter(reader, "TENOFF"), 303, 422)
    check(enter(reader, "SHIPFREE"), 303)
    for line in reader.cart_lines():
        for quantity in ("x", "99", "-1"):
            check(reader.post(f"/cart/items/{line}", {"quantity": quantity}), 422)
    check(reader.get("/cart"), 200)
    check(reader.get("/checkout"), 200)
    check(reader.get("/checkout?country=US", headers={"HX-Request": "true"}), 200)
    form = {**reader.checkout_form(), "email": "x", "phone": "x", "postal_code": "x", "state": ""}
    check(reader.client.post("/checkout", data=form), 422)
    form = {
        **reader.checkout_form(),
        "gateway": "x",
        "shipping_method": "x",
        "line1": "",
        "name": "",
    }
    check(reader.client.post("/checkout", data=form), 422)
    check(
        reader.client.post("/checkout", data={**reader.checkout_form(), "idempotency_key": ""}), 400
    )
    line = next(iter(reader.cart_lines()))
    check(reader.post(f"/cart/items/{line}/saved", {}), 303)
    check(reader.get("/cart"), 200)


@pytest.mark.parametrize("gateway", ["stripe", "razorpay"])
def test_a_purchase_and_what_comes_after(
    shop: Flask, reader: Shopper, sandbox: Sandbox, mailbox: Mailbox, gateway: str
) -> None:
    reader.add("LAMP-MOSS", 3)
    answer = reader.check_out(gateway=gateway, email=READS)
    staff = Counter(shop)
    if gateway == "razorpay":
        check(reader.get(answer.location), 200)
    check(reader.get(staff.url), 200)
    attempt = _attempt_of(staff)
    check(reader.get(f"/payments/{attempt}"), 200)
    check(reader.get(f"/payments/{attempt}/cancelled", follow_redirects=True), 200)
    back = reader.come_back(sandbox, answer.location, gateway)
    assert back.status_code == 303
    check(reader.get(back.location), 200)
    staff.work()
    shipment = staff.ship({1: 2}, carrier="ups", tracking="1Z999AA10123456784")
    check(reader.get(staff.url), 200)
    staff.shipping.deliver(shipment.id)
    check(reader.get(staff.url), 200)
    form = {"token": staff.order.access_token, "key": "1", "quantity-1": "9", "reason": ""}
    check(reader.post(f"/orders/{staff.order.number}/returns", form), 422)
    form = {**form, "quantity-1": "x", "reason": "damaged"}
    check(reader.post(f"/orders/{staff.order.number}/returns", form), 422)
    returned = staff.ask({1: 1})
    staff.returns.approve(returned.id)
    staff.returns.receive(returned.id)
    staff.work()
    check(reader.get(staff.url), 200)
    _papers(reader, staff)
    read_mails(mailbox, READS, at_least=5)


def _attempt_of(staff: Counter) -> str:
    found = staff.database["payment_attempts"].find_one({"order_id": staff.order.id}, {"_id": 1})
    assert found
    return str(found["_id"])


def _papers(reader: Shopper, staff: Counter) -> None:
    links = [str(tag["href"]) for tag in soup(reader.get(staff.url)).select("a[href]")]
    papers = [link for link in links if "/invoice?" in link or "/credit-notes/" in link]
    assert len(papers) >= 2
    for link in papers:
        check(reader.get(link), 200)


def test_an_order_that_is_cancelled(
    shop: Flask, reader: Shopper, sandbox: Sandbox, mailbox: Mailbox
) -> None:
    reader.add("LAMP-SAND")
    pay(reader, sandbox)
    staff = Counter(shop)
    form = {"token": staff.order.access_token}
    check(reader.post(f"/orders/{staff.order.number}/cancel", form), 303)
    staff.work()
    check(reader.get(staff.url), 200)
    read_mails(mailbox, READS, at_least=3)


def test_an_account(shop: Flask, mailbox: Mailbox) -> None:
    member = Member(shop, READS)
    reads(member)
    for path in ("/account/register", "/account/login", "/account/forgot"):
        check(member.get(path), 200)
        check(member.post(path, {}), 422)
    check(member.register(password="aaaaaaaa"), 422)
    check(member.register(password="short"), 422)
    check(member.register(), 303)
    check(member.get("/account"), 200)
    check(member.get(mailbox.link(member.email, "/verify/")), 200)
    member.verify(mailbox)
    form = {**ADDRESS, "is_default": "y"}
    check(member.post("/account/addresses", {}), 422)
    check(member.post("/account/addresses", form), 303)
    crawl(member, "/account", "/account/deletion", "/account/email", "/wishlist")
    check(member.post("/account", {"name": ""}), 422)
    check(member.post("/account", {"name": "Ann"}), 303)
    check(member.get("/account"), 200)
    for path in ("/account/password", "/account/email", "/account/two-factor", "/account/deletion"):
        check(member.post(path, {"current_password": "wrong", "code": "1", "email": "x"}), 422)
    moved = {"email": "bob@example.com", "current_password": PASSWORD}
    check(member.post("/account/email", moved), 303)
    check(member.get(mailbox.link("bob@example.com", "/email/")), 200)
    check(member.post("/account/forgot", {"email": member.email}), 200, 303)
    check(member.get(mailbox.link(member.email, "/reset/")), 200)
    check(member.get("/account/reset/nonsense"), 404, 410, 422)
    member.post("/account/password", {"current_password": PASSWORD, "password": "four loud geese"})
    check(member.post("/account/deletion", {"current_password": "four loud geese"}), 303)
    check(member.get(mailbox.link(member.email, "/stay/")), 200)
    member.log_in("four loud geese")
    crawl(member, "/account", "/account/deletion")
    check(member.post("/account/deletion/undo", {}), 303)
    read_mails(mailbox, member.email, at_least=3)


def test_wishes_alerts_and_reviews(
    shop: Flask, reader: Shopper, sandbox: Sandbox, mailbox: Mailbox
) -> None:
    for sku in ("LAMP-MOSS", "DUNE"):
        check(reader.post("/wishlist/items", {"sku": sku}), 303)
    check(reader.post("/wishlist/items", {"sku": "MUG"}, htmx=True), 200)
    check(reader.get("/wishlist"), 200)
    check(reader.post("/stock-alerts", {"sku": "DUNE", "email": "x"}), 422)
    check(
        reader.post("/stock-alerts", {"sku": "LAMP-MOSS", "email": "ann@example.com"}),
        409,
        422,
        303,
    )
    check(reader.post("/stock-alerts", {"sku": "DUNE", "email": READS}, htmx=True), 200)
    CatalogMaker(shop)._stock.set_on_hand({Sku("DUNE"): 5}, "test")
    read_mails(mailbox, READS, at_least=1)
    check(reader.get(mailbox.link(READS, "/stop/")), 200)
    check(reader.get("/products/lamp/reviews"), 200)
    check(reader.get("/products/mug/reviews"), 200)
    check(reader.get("/products/lamp/review"), 200)
    check(reader.post("/products/lamp/review/order", {"number": "", "email": ""}), 422)
    reader.add("LAMP-SAND")
    pay(reader, sandbox)
    order = {"number": Counter(shop).order.number, "email": READS}
    answer = reader.post("/products/lamp/review/order", order)
    check(reader.get(answer.location), 200)
    form = dict(SAID)
    query = dict(re.findall(r"(\w+)=([^&]*)", urlsplit(answer.location).query))
    check(reader.post("/products/lamp/review", {**query, "stars": "", "text": ""}), 422)
    check(reader.post("/products/lamp/review", {**form, **query}), 303)
    check(reader.get(answer.location), 200)


def test_two_carts_that_are_put_together(shop: Flask, mailbox: Mailbox) -> None:
    member = Member(shop, READS)
    member.register()
    member.add("LAMP-MOSS", 60 - 15)
    member.add("MUG", 1)
    member.log_out()
    reads(member)
    member.add("LAMP-MOSS", 30)
    member.add("MUG", 2)
    member.add("LAMP-SAND", 1)
    member.log_in()
    check(member.get("/cart"), 200)


def test_the_reader_finds_what_was_forgotten() -> None:
    page = "<p>⟦Price⟧ of it <b>⟦in %(x)s⟧</b></p><a title='Look here'>⟦Go⟧</a><p>Dune Mug</p>"
    assert READER.leftovers(page) == ["of it", "title=Look here"]


def test_a_checkout_sent_twice(
    shop: Flask, reader: Shopper, sandbox: Sandbox, database: Database
) -> None:
    reader.add("MUG")
    form = reader.checkout_form()
    assert reader.client.post("/checkout", data=form).status_code == 303
    check(reader.client.post("/checkout", data={**form, "city": "Elsewhere"}), 422)
    at_work = {"recovery_point": "placed", "locked_until": now() + timedelta(seconds=15)}
    database["idempotency_keys"].update_many({}, {"$set": at_work})
    check(reader.client.post("/checkout", data=form), 409)
