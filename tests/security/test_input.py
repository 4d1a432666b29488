"""What comes in from outside and could do something else than it looks like."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO
from urllib.parse import quote

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from app.admin.entry_fields import Units
from app.shared.cells import defuse, disarm
from app.shared.markup import clean_html
from app.web.forms import ShopForm
from tests.security.inline import inline_code
from tests.support.answers import assert_went_to
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.gateways import Sandbox
from tests.support.member import Member, make_proven
from tests.support.shopper import Shopper, soup
from tests.support.staff import Staff

EVIL = '</script></title><script>alert(1)</script><img src=x onerror=alert(1)>" onfocus="alert(1)'


# --- markup -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "markup",
    [
        "<script>alert(1)</script>",
        "<p onclick=alert(1)>x</p>",
        "<p style='background:url(javascript:alert(1))'>x</p>",
        "<a href=javascript:alert(1)>x</a>",
        "<a href='  java\tscript:alert(1)'>x</a>",
        "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
        "<svg><script>alert(1)</script></svg>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        "<form action=https://evil.example><input name=password></form>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
        "<object data=evil.swf></object><embed src=evil.swf><base href=//evil.example>",
        "<style>@import url(//evil.example)</style><link rel=stylesheet href=//evil.example>",
        "<img src=x onerror=alert(1)>",
        "<p id=cart name=csrf_token>x</p>",
    ],
)
def test_a_description_keeps_its_text_alone(markup: str) -> None:
    cleaned = clean_html(markup)
    assert inline_code(cleaned) == []
    page = BeautifulSoup(cleaned, "html.parser")
    assert page.find_all(["script", "style", "iframe", "form", "object", "embed", "base", "svg", "img", "link"]) == []  # fmt: skip
    assert not any({"id", "name", "class"} & set(tag.attrs) for tag in page.find_all(True))
    assert "evil.example" not in "".join(str(tag.attrs) for tag in page.find_all(True))


def test_texts_of_products_and_people_break_out_of_nothing(
    app: Flask, catalog: CatalogMaker, sandbox: Sandbox
) -> None:
    variant = make_variant("EVIL", {EVIL: EVIL})
    catalog.add(make_product(EVIL, variant, slug="evil", vendor=EVIL, type=EVIL, tags=(EVIL,)))
    shopper = Shopper(app)
    shopper.add("EVIL")
    location = shopper.check_out(name=EVIL[:100], line1=EVIL[:100], city=EVIL[:60]).location
    order = shopper.come_back(sandbox, location, "stripe").location
    owner = Staff(app)
    pages = [shopper.get(path) for path in ("/", "/products", "/products/evil", f"/search?q={EVIL}", "/cart", order)]  # fmt: skip
    number = order.split("/")[2].split("?")[0]
    pages += [owner.get(path) for path in ("/admin", "/admin/products", "/admin/orders", f"/admin/orders/{number}", "/admin/customers", f"/admin/products?q={EVIL}")]  # fmt: skip
    for page in pages:
        assert page.status_code == 200, page.request.path
        assert inline_code(page.text) == [], page.request.path
        assert "<script>alert" not in page.text, page.request.path


# --- spreadsheets -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sign", ["=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠"]
)
def test_a_formula_is_a_text_and_comes_back(sign: str) -> None:
    for cell in (f"{sign}1", f"'{sign}1", f"''{sign}1"):
        assert defuse(cell) == f"'{cell}"
        assert disarm(defuse(cell)) == cell
    for harmless in ("mug", "'tis", "1-2", ""):
        assert defuse(harmless) == disarm(harmless) == harmless


def test_a_shoppers_name_is_no_formula_to_staff(
    app: Flask, catalog: CatalogMaker, sandbox: Sandbox
) -> None:
    formula = '＝HYPERLINK("https://evil.example","Click")'  # spreadsheets read it like "="
    shopper = Shopper(app)
    shopper.add(catalog.mug())
    location = shopper.check_out(name=formula).location
    shopper.come_back(sandbox, location, "stripe")
    [row] = csv.DictReader(StringIO(Staff(app).get("/admin/orders/export").text))
    assert row["name"] == f"'{formula}"


# --- size -------------------------------------------------------------------------------------------

UPLOADS = ("/admin/imports", "/admin/home", "/admin/categories/new", "/admin/collections/new", "/admin/products/bulk", "/admin/inventory/counts", "/admin/products/none/pictures/files")  # fmt: skip


@pytest.mark.parametrize("path", UPLOADS)
def test_strangers_cannot_send_much(app: Flask, path: str) -> None:
    customer = Member(app)
    customer.register()
    for person in (Shopper(app), customer):
        token = person.token()
        for size in (600_000, 3_000_000):
            form = {"csrf_token": token, "file": (BytesIO(b"x" * size), "x.csv")}
            assert person.client.post(path, data=form).status_code == 413, (path, size)


def test_staff_can_send_what_their_forms_need(app: Flask) -> None:
    owner = Staff(app)
    form = {"csrf_token": owner.token(), "file": "x" * 1_500_000}
    assert owner.client.post("/admin/inventory/counts", data=form).status_code == 422


def test_nobody_sends_a_million_fields(app: Flask) -> None:
    body = b"a=&" * 400_000
    answer = Shopper(app).client.post(
        "/cart/items", data=body, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 413


def test_a_line_of_units_is_not_endless() -> None:
    class Form(ShopForm):
        units = Units()

    form = Form(data={"units": "a" + " " * 50_000 + "b"})
    assert not form.validate()


def test_made_up_methods_make_no_figures(app: Flask) -> None:
    client = app.test_client()
    for number in range(3):
        assert client.open("/", method=f"MADEUP{number}").status_code == 405
    figures = client.get("/metrics").text
    assert "MADEUP" not in figures
    assert 'method="other"' in figures


@pytest.mark.parametrize("digits", [30, 400, 5000])
@pytest.mark.parametrize("path", ["/products?page={}", "/products/dune-mug/reviews?page={}", "/account/orders?page={}", "/media/w{}/none.webp", "/products?min_price={}", "/search/suggest?q=under {}"])  # fmt: skip
def test_no_number_is_too_long(
    catalog: CatalogMaker, member: Member, path: str, digits: int
) -> None:
    catalog.mug()
    answer = member.get(path.format("9" * digits))
    assert answer.status_code < 500, answer.status_code


# --- whose shop this is -----------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "X-Forwarded-Server", "Forwarded"])
def test_no_header_names_another_shop(
    app: Flask, catalog: CatalogMaker, member: Member, header: str
) -> None:
    catalog.mug()
    value = "host=evil.example" if header == "Forwarded" else "evil.example"
    for path in ("/", "/products/dune-mug", "/sitemap.xml", "/robots.txt", "/account/login", "/nowhere", "/account"):  # fmt: skip
        answer = app.test_client().get(path, headers={header: value})
        assert "evil.example" not in answer.text, path
        assert "evil.example" not in str(answer.headers), path


def test_mails_link_to_the_shop_whatever_host_was_asked(app: Flask, mailbox: object) -> None:
    from tests.support.member import Mailbox, make_proven

    assert isinstance(mailbox, Mailbox)
    make_proven(app, "ann@example.com")
    guest = app.test_client()
    page = guest.get("/account/forgot", base_url="http://evil.example")
    field = soup(page).select_one("main input[name=csrf_token]")
    assert field is not None
    answer = guest.post("/account/forgot", data={"csrf_token": field["value"], "email": "ann@example.com"}, base_url="http://evil.example")  # fmt: skip
    assert answer.status_code == 303
    [mail] = mailbox.read("ann@example.com")
    assert "/account/reset/" in mail.as_string()
    assert "evil.example" not in mail.as_string()


# --- forged forms -----------------------------------------------------------------------------------

_SIGNED = {"webhooks.stripe", "webhooks.razorpay", "payments.razorpay_callback", "stock_alerts.stop", "login.refresh"}  # fmt: skip


def test_every_form_needs_its_token(app: Flask) -> None:
    from tests.security.crawl import sample

    let_through = set()
    for rule in app.url_map.iter_rules():
        if "POST" not in (rule.methods or set()):
            continue
        answer = app.test_client().post(sample(rule.rule), data={})
        if answer.status_code != 403:
            let_through.add(rule.endpoint)
    assert let_through == _SIGNED


# --- where to go on ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/cart/items", "/account"),
        ("/account/logout", "/account"),
        ("/nowhere/at/all", "/account"),
        ("/cart?from=mail", "/cart?from=mail"),
        ("/products/caf%C3%A9", "/products/caf%C3%A9"),
        ("https://evil.example/cart", "/account"),
    ],
)
def test_logging_in_leads_only_to_what_can_be_read(app: Flask, wanted: str, reached: str) -> None:
    make_proven(app, "ann@example.com")
    member = Member(app)
    assert_went_to(member.log_in(next=wanted), reached)
    assert member.get(f"/account/login?next={quote(wanted)}").location == reached
