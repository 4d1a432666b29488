"""What the shop says of itself is stored over the environment's word, and holds at once."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask

from app import create_app
from app.audit_log.models import AuditFilter, Outcome
from app.audit_log.service import AuditLog
from app.catalog.service import CatalogService
from app.fulfilment.cancelling import Cancelling
from app.fulfilment.invoicing import Invoicing
from app.orders.service import OrderService
from app.shared.ids import OrderId
from app.shop.demo import describe_demo_shop
from app.shop.profile import ShopProfiles, plain
from app.shop.service import StoredSettings
from app.web.registry import service
from tests.support.catalog import CatalogMaker
from tests.support.forms import errors, filled_form
from tests.support.gateways import Sandbox, form_fields
from tests.support.member import Mailbox
from tests.support.pictures import encoded, two_halves
from tests.support.shopper import Shopper, soup
from tests.support.staff import Staff
from tests.support.waiting import wait_until

SHOP = "/admin/settings/shop"


def _save(owner: Staff, **changes: str) -> object:
    return owner.post(SHOP, filled_form(owner.get(SHOP), SHOP, **changes))


def test_the_overview_names_every_sort_of_setting(owner: Staff) -> None:
    paths = {link["href"] for link in soup(owner.get("/admin/settings")).select("main h2 a")}
    assert paths == {
        "/admin/settings/shop",
        "/admin/settings/markets",
        "/admin/settings/mails",
        "/admin/settings/gateways",
    }


@pytest.mark.parametrize("htmx", [False, True])
def test_what_is_stored_wins_over_the_environment(app: Flask, owner: Staff, htmx: bool) -> None:
    assert service(ShopProfiles, app).current.seller == ("MossX",)
    form = filled_form(
        owner.get(SHOP), SHOP, seller="Moss GmbH\n Moosweg 1 \n\n20095 Hamburg", tax_id="DE 1"
    )
    answer = owner.post(SHOP, form, htmx=htmx)
    assert answer.status_code == (200 if htmx else 303)
    seller = service(Invoicing, app).seller
    assert (seller.lines, seller.tax_id) == (("Moss GmbH", "Moosweg 1", "20095 Hamburg"), "DE 1")
    (entry,) = service(AuditLog, app).list(AuditFilter(subject="settings:shop"), 10)
    (change,) = entry.changes
    assert entry.outcome is Outcome.DONE
    assert change.before is not None
    assert change.before["seller"] == ["MossX"]
    assert change.after is not None
    assert change.after["tax_id"] == "DE 1"


@pytest.mark.parametrize("htmx", [False, True])
def test_a_logo_stands_in_the_place_of_the_name(
    app: Flask, owner: Staff, shopper: Shopper, htmx: bool
) -> None:
    form = filled_form(owner.get(SHOP), SHOP, name="Moss")
    form["image"] = (io.BytesIO(encoded(two_halves(600, 120))), "logo.png")
    assert owner.post(SHOP, form, htmx=htmx).status_code == (200 if htmx else 303)

    home = soup(shopper.get("/"))
    logo = home.select_one(".header .wordmark img")
    assert (logo["alt"], logo["width"], logo["height"]) == ("Moss", "600", "120")
    assert shopper.get(logo["src"]).status_code == 200
    data = [json.loads(each.string) for each in home.select('script[type="application/ld+json"]')]
    (told,) = (each["logo"] for each in data if each["@type"] == "Organization")
    assert shopper.get(urlsplit(told).path).mimetype == "image/webp"

    assert _save(owner, tax_id="DE 1").status_code == 303
    assert service(ShopProfiles, app).current.logo is not None
    assert _save(owner, image_drop="1").status_code == 303
    assert soup(shopper.get("/")).select_one(".header .wordmark").text == "Moss"


def test_a_logo_that_was_sent_is_not_lost_with_a_wrong_field(app: Flask, owner: Staff) -> None:
    form = filled_form(owner.get(SHOP), SHOP, seller="")
    form["image"] = (io.BytesIO(encoded(two_halves(600, 120))), "logo.png")
    again = filled_form(owner.post(SHOP, form), SHOP, seller="Moss GmbH")
    assert owner.post(SHOP, again).status_code == 303
    assert service(ShopProfiles, app).current.logo.width == 600

    form = filled_form(owner.get(SHOP), SHOP, tax_id="DE 2")
    form["image"] = (io.BytesIO(b"<svg/>"), "logo.svg")
    answer = owner.post(SHOP, form)
    assert answer.status_code == 422
    assert set(errors(answer)) == {"image"}
    again = filled_form(answer, SHOP)
    assert again["tax_id"] == "DE 2"
    assert again["image_width"] == "600"
    assert service(ShopProfiles, app).current.tax_id == ""


def test_wrong_values_are_named_beside_their_fields(app: Flask, owner: Staff) -> None:
    answer = _save(owner, seller=" ", contact="nobody", cancel_minutes="20000", return_days="x")
    assert answer.status_code == 422
    assert set(errors(answer)) == {"return_days"}
    assert filled_form(answer, SHOP)["return_days"] == "x"
    answer = _save(owner, seller=" ", contact="nobody", cancel_minutes="20000")
    assert set(errors(answer)) == {"seller", "contact", "cancel_minutes"}
    assert 'value="20000"' in answer.text
    assert service(StoredSettings, app).read("shop").version == 0
    assert service(AuditLog, app).list(AuditFilter(), 10) == []


def test_two_owners_see_both_versions(app: Flask, owner: Staff) -> None:
    first = filled_form(owner.get(SHOP), SHOP, seller="First", return_days="14")
    second = filled_form(owner.get(SHOP), SHOP, seller="Second")
    assert owner.post(SHOP, first).status_code == 303
    clash = owner.post(SHOP, second)
    assert clash.status_code == 409
    rows = {
        row.th.text: [cell.text for cell in row.select("td")]
        for row in soup(clash).select("#clash tbody tr")
    }
    assert rows == {"return_days": ["14", "30"], "seller.0": ["First", "Second"]}
    assert service(ShopProfiles, app).read().seller == ("First",)
    assert owner.post(SHOP, filled_form(clash, SHOP)).status_code == 303
    assert service(ShopProfiles, app).read().seller == ("Second",)


def test_a_form_that_is_sent_twice_changes_nothing_more(app: Flask, owner: Staff) -> None:
    form = filled_form(owner.get(SHOP), SHOP, seller="Twice")
    assert [owner.post(SHOP, form).status_code for _ in range(2)] == [303, 303]
    assert service(StoredSettings, app).read("shop").version == 1


DEFAULTS = f"{SHOP}/defaults"


@pytest.mark.parametrize("htmx", [False, True])
def test_the_environment_holds_again(app: Flask, owner: Staff, htmx: bool) -> None:
    assert DEFAULTS not in owner.get(SHOP).text
    _save(owner, seller="Moss GmbH", tax_id="DE 1")
    form = filled_form(owner.get(SHOP), DEFAULTS)
    for _ in range(2):  # pressed twice it changes nothing more
        assert owner.post(DEFAULTS, form, htmx=htmx).status_code == (200 if htmx else 303)
    profile = service(ShopProfiles, app).current
    assert (profile.seller, profile.tax_id, profile.by_hand) == (("MossX",), "", False)
    assert DEFAULTS not in owner.get(SHOP).text
    entry, _ = service(AuditLog, app).list(AuditFilter(subject="settings:shop"), 10)
    (change,) = entry.changes
    assert change.before is not None
    assert change.before["seller"] == ["Moss GmbH"]
    assert change.after is not None
    assert change.after["seller"] == ["MossX"]
    _save(owner, seller="Moss AG")
    assert service(ShopProfiles, app).current.seller == ("Moss AG",)


def test_what_somebody_stored_meanwhile_is_shown_before_the_environment_holds(
    app: Flask, owner: Staff
) -> None:
    _save(owner, seller="First")
    form = filled_form(owner.get(SHOP), DEFAULTS)
    stale = filled_form(owner.get(SHOP), SHOP, seller="Third")
    _save(owner, seller="Second")
    clash = owner.post(DEFAULTS, form)
    assert clash.status_code == 409
    cells = [cell.text for cell in soup(clash).select("#clash tbody td")]
    assert cells == ["Second", "MossX"]
    assert service(ShopProfiles, app).read().seller == ("Second",)
    assert owner.post(DEFAULTS, filled_form(clash, DEFAULTS)).status_code == 303
    assert service(ShopProfiles, app).read().seller == ("MossX",)
    assert owner.post(SHOP, stale).status_code == 409
    assert service(ShopProfiles, app).read().seller == ("MossX",)


def test_windows_hold_for_orders_that_were_placed_before(
    app: Flask,
    owner: Staff,
    catalog: CatalogMaker,
    shopper: Shopper,
    sandbox: Sandbox,
    database: object,
) -> None:
    catalog.mug()
    shopper.add("MUG")
    shopper.pay(sandbox)
    (document,) = database["orders"].find()
    order = service(OrderService, app).get(OrderId(document["_id"]))
    assert service(Cancelling, app).is_possible(order)
    _save(owner, cancel_minutes="0")
    assert service(ShopProfiles, app).current.cancel_window == timedelta(0)
    assert filled_form(owner.get(SHOP), SHOP)["cancel_minutes"] == "0"
    assert not service(Cancelling, app).is_possible(order)


def test_the_announcement_is_on_every_page_in_its_language(
    app: Flask, owner: Staff, shopper: Shopper, catalog: CatalogMaker
) -> None:
    catalog.mug()
    assert "announcement" not in shopper.get("/products").text
    _save(owner, announcement_en="Closed <today>", announcement_de="Heute geschlossen")
    for path in ("/", "/products", "/cart", "/products/mug"):
        bar = soup(shopper.get(path)).select_one(".announcement")
        assert bar is not None
        assert bar.text == "Closed <today>"
    shopper.post("/market", {"market": "DE", "language": "de"})
    assert "Heute geschlossen" in shopper.get("/products").text
    shopper.post("/market", {"market": "IN", "language": "hi"})
    assert "announcement" not in shopper.get("/products").text


def test_it_reaches_another_process_and_its_kept_pages(
    app: Flask, owner: Staff, environment: dict[str, str], catalog: CatalogMaker
) -> None:
    catalog.mug()
    other = create_app(environment)
    follower = service(CatalogService, other).follower
    follower.start()
    try:
        wait_until(lambda: follower.is_following)
        visitor = Shopper(other)
        for _ in range(2):
            assert "announcement" not in visitor.get("/products").text
        _save(owner, announcement_en="Back on Monday", contact="hello@moss.example")
        wait_until(lambda: "Back on Monday" in visitor.get("/products").text)
        assert "mailto:hello@moss.example" in visitor.get("/products").text
    finally:
        follower.close()


# --- what the shop is called ------------------------------------------------------------------------

NAME = "Halden & Sons"
NAMED = {
    "name": "Halden  &  Sons",  # stored as NAME
    "tagline_en": "Rings for every day",
    "tagline_de": "Ringe für jeden Tag",
    "description_en": "Gold and silver, made in Oslo.",
}


def test_the_shop_is_called_what_its_owner_calls_it(
    owner: Staff, catalog: CatalogMaker, shopper: Shopper, sandbox: Sandbox, mailbox: Mailbox
) -> None:
    """On its pages, to search engines, in mails and at the gateway."""
    home = soup(shopper.get("/"))
    assert home.title.text.endswith("· MossX")
    assert _save(owner, **NAMED).status_code == 303

    home = soup(shopper.get("/"))
    assert home.title.text == f"Rings for every day · {NAME}"
    assert home.h1.text == "Rings for every day"
    assert home.select_one("header .wordmark").text == NAME
    assert "Gold and silver" in home.select_one("footer").text
    assert home.select_one('meta[name="description"]')["content"].startswith("Gold and silver")
    assert home.select_one('meta[property="og:site_name"]')["content"] == NAME
    assert '"name":"Halden \\u0026 Sons"' in str(home)
    assert "MossX" not in home.get_text()

    catalog.mug()
    shopper.add("MUG")
    paying = shopper.check_out(gateway="razorpay").location
    assert form_fields(soup(shopper.get(paying)).select_one("main form"))["name"] == NAME
    sandbox.pay_razorpay(shopper.get(paying).text)
    shopper.get(paying)  # the shop looks, and finds it paid
    (mail,) = mailbox.read("ann@example.com")
    assert NAME in str(mail["From"])
    assert f"{NAME} · " in mail.get_body(("plain",)).get_content()


def test_readers_of_a_language_without_words_see_the_english(
    owner: Staff, shopper: Shopper
) -> None:
    _save(owner, **NAMED)
    shopper.post("/market", {"market": "DE", "language": "auto"})
    home = soup(shopper.get("/"))
    assert home.h1.text == "Ringe für jeden Tag"
    assert "Gold and silver" in home.select_one("footer").text


def test_a_name_is_needed_and_fits_a_header(app: Flask, owner: Staff) -> None:
    answer = _save(owner, name=" ", tagline_hi="x" * 81, description_de="x" * 301)
    assert answer.status_code == 422
    assert set(errors(answer)) == {"name", "tagline_hi", "description_de"}
    assert set(errors(_save(owner, name="x" * 41))) == {"name"}
    assert service(StoredSettings, app).read("shop").version == 0


def test_the_demo_store_says_what_it_sells_unless_its_owner_does(app: Flask) -> None:
    profiles = service(ShopProfiles, app)
    describe_demo_shop(profiles)
    assert profiles.read().taglines["de"] == "Ruhige Dinge für Ihr Zuhause"
    profiles.store(replace(profiles.read(), taglines={"en": "Rings"}))
    describe_demo_shop(profiles)
    assert profiles.read().taglines == {"en": "Rings"}


def test_what_a_newer_version_stored_beside_is_left_alone(app: Flask) -> None:
    profiles = service(ShopProfiles, app)
    values = {**plain(profiles.current), "name": "Halden", "banner": "a-later-version's"}
    service(StoredSettings, app).store("shop", values, 0)
    assert profiles.current.name == "Halden"
