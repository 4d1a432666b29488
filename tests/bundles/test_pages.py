"""A bundle from its page to the order, with parts exchanged and left out."""

from __future__ import annotations

import json

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from app.catalog.csv.importing import CsvImport
from app.catalog.models import Product
from app.db.database import Database
from app.inventory.service import InventoryService
from app.markets.service import UNITED_STATES
from app.shared.ids import Sku
from app.web.registry import service
from tests.bundles.conftest import BREAKFAST
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox
from tests.support.member import Mailbox, Member, make_proven
from tests.support.shopper import Shopper, soup

pytestmark = pytest.mark.usefixtures("breakfast")
BLUE_ALONE = {"part.1": "BLUE", "part.3": ""}  # blue mugs, no spoon


def _form(page: BeautifulSoup) -> dict[str, list[str]]:
    return {
        str(field["name"]): [str(each["value"]) for each in field.select("option")]
        for field in page.select("form.buy select")
    }


def _put(shopper: Shopper, quantity: int = 1, *, htmx: bool = False, **parts: str) -> int:
    chosen = {name.replace("_", "."): sku for name, sku in parts.items()}
    fields = {"sku": BREAKFAST, "quantity": str(quantity), **chosen}
    return shopper.post("/cart/items", fields, htmx=htmx).status_code


def _cart_texts(shopper: Shopper) -> list[str]:
    lines = soup(shopper.get("/cart")).select("ul.lines > li.line")
    return [" ".join(line.get_text(" ").split()) for line in lines]


def test_its_page_offers_every_choice_with_what_it_costs(shopper: Shopper) -> None:
    page = soup(shopper.get("/products/breakfast"))
    assert _form(page) == {"part.1": ["RED", "BLUE"], "part.3": ["SPOON", ""]}
    options = [option.text for option in page.select("form.buy option")]
    assert options == ["Mug, Red", "Mug, Blue (+$7.20)", "Spoon", "Without it (−$4.50)"]
    assert "$54.00" in page.select_one(".product-price").text
    assert page.select_one(".stock").text == "Only 5 sets left"
    assert '"availability":"https://schema.org/InStock"' in str(page)


def test_machines_are_told_the_price_that_the_page_shows(app: Flask, shopper: Shopper) -> None:
    service(InventoryService, app).set_on_hand({Sku("RED"): 0}, "test")
    page = soup(shopper.get("/products/breakfast"))
    assert "$61.20" in page.select_one(".product-price").text
    scripts = page.select("script[type='application/ld+json']")
    (offer,) = [
        each["offers"] for script in scripts if "offers" in (each := json.loads(script.text))
    ]
    assert (offer["price"], offer["availability"]) == ("61.20", "https://schema.org/InStock")
    assert page.find("meta", property="product:price:amount")["content"] == "61.20"


@pytest.mark.parametrize("htmx", [False, True])
def test_two_choices_are_two_lines_with_their_parts(shopper: Shopper, htmx: bool) -> None:
    assert _put(shopper, htmx=htmx) == (200 if htmx else 303)
    assert _put(shopper, htmx=htmx, part_1="BLUE", part_3="") == (200 if htmx else 303)
    assert _put(shopper, htmx=htmx, part_1="RED") == (200 if htmx else 303)  # the first one again
    first, second = _cart_texts(shopper)
    assert "2 × Mug, Red Bowl Spoon $54.00 each" in first
    assert "2 × Mug, Blue Bowl $56.70 each" in second
    assert list(shopper.cart_lines().values()) == [2, 1]


@pytest.mark.parametrize(
    ("parts", "place"),
    [
        ({"part.1": "BOWL"}, "part.1"),
        ({"part.2": ""}, "part.2"),
        ({"part.9": "RED"}, "part.9"),
        ({"part.3": "NOTHING"}, "part.3"),
    ],
)
@pytest.mark.parametrize("htmx", [False, True])
def test_a_choice_that_there_is_not_is_explained_beside_its_field(
    shopper: Shopper, database: Database, parts: dict[str, str], place: str, htmx: bool
) -> None:
    answer = shopper.post("/cart/items", {"sku": BREAKFAST, "quantity": "3", **parts}, htmx=htmx)
    assert answer.status_code == 422
    page = soup(answer)
    assert page.select_one("[role=alert] p") is not None
    if place in _form(page):
        field = page.find(id=place)
        assert field is not None
        assert field["aria-describedby"] == f"{place}-error"
        assert page.find(id=f"{place}-error") is not None
    assert page.select_one("input[name=quantity]")["value"] == "3"
    assert database["carts"].count_documents({}) == 0


def test_what_was_chosen_survives_a_refusal(shopper: Shopper) -> None:
    answer = shopper.post(
        "/cart/items", {"sku": BREAKFAST, "quantity": "7", "part.1": "BLUE", "part.3": ""}
    )
    assert answer.status_code == 422
    chosen = [option["value"] for option in soup(answer).select("form.buy option[selected]")]
    assert chosen == ["BLUE", ""]
    assert "Only 5 sets left" in answer.text


def test_plain_lines_and_sets_share_the_stock(shopper: Shopper) -> None:
    assert shopper.add("RED", 5).status_code == 303
    assert _put(shopper, 3) == 422
    assert _put(shopper, 2) == 303
    assert shopper.add("RED", 2).status_code == 422
    assert shopper.add("RED", 1).status_code == 303
    plain, sets = shopper.cart_lines()
    assert shopper.post(f"/cart/items/{plain}", {"quantity": "7"}).status_code == 422
    assert shopper.post(f"/cart/items/{sets}", {"quantity": "3"}).status_code == 422
    assert shopper.post(f"/cart/items/{sets}/saved", {}).status_code == 303
    assert shopper.add("RED", 4).status_code == 303
    assert shopper.post(f"/cart/saved/{sets}/cart", {}).status_code == 422  # none are left for it
    assert list(shopper.cart_lines().values()) == [10]
    refusal = shopper.post("/cart/items", {"sku": BREAKFAST, "quantity": "1"})
    assert refusal.status_code == 422
    assert "in other lines of your cart already" in refusal.text


def test_a_part_that_sells_out_is_said_in_every_line_that_needs_it(
    app: Flask, shopper: Shopper
) -> None:
    shopper.add("RED", 4)
    _put(shopper, 3)
    service(InventoryService, app).set_on_hand({Sku("RED"): 8}, "test")
    plain, sets = _cart_texts(shopper)
    assert "left" not in plain
    assert "Only 2 sets left. Please lower the quantity." in sets
    service(InventoryService, app).set_on_hand({Sku("RED"): 5}, "test")
    assert "What is left of it is in the lines above" in _cart_texts(shopper)[1]
    service(InventoryService, app).set_on_hand({Sku("RED"): 0}, "test")
    assert all("Sold out since you added it" in line for line in _cart_texts(shopper))
    assert shopper.get("/checkout").location == "/cart"


def test_a_merge_at_login_counts_the_parts_and_names_what_stayed_behind(
    app: Flask, database: Database
) -> None:
    ann = Member(app)
    make_proven(app, ann.email)
    phone = Member(app)
    phone.log_in()
    phone.add("RED", 5)
    _put(phone, 1)
    assert _put(ann, 3) == 303
    assert _put(ann, 1, part_1="BLUE", part_3="") == 303
    ann.log_in()
    receipt = soup(ann.get("/cart")).select_one("[aria-labelledby=merged]")
    assert receipt is not None
    said = [entry.text for entry in receipt.select("li")]
    reds, blues = said
    assert reds.startswith("Breakfast (2 × Mug (Red), Bowl, Spoon): 1 of 3 added, ")
    assert reds.endswith(", only 2 sets left, and you had 1 already.")
    assert blues == "Breakfast (2 × Mug (Blue), Bowl): 1 added."
    assert list(ann.cart_lines().values()) == [5, 2, 1]
    undo = receipt.select_one("form[action$='/undo']")
    assert undo is not None
    ann.post(str(undo["action"]), {})
    assert list(ann.cart_lines().values()) == [5, 1]
    ann.log_out()
    assert list(ann.cart_lines().values()) == [3, 1]
    guest = database["carts"].find_one({"apart": True})
    assert guest is not None
    assert guest["lines"][1]["parts"] == [
        {"position": 1, "sku": "BLUE", "quantity": 2},
        {"position": 2, "sku": "BOWL", "quantity": 1},
    ]


@pytest.mark.parametrize("gateway", ["stripe", "razorpay"])
def test_a_set_is_paid_for_and_shown_with_its_parts(
    app: Flask,
    database: Database,
    shopper: Shopper,
    mailbox: Mailbox,
    sandbox: Sandbox,
    gateway: str,
) -> None:
    shopper.add("BOWL", 1)
    _put(shopper, 2, part_1="BLUE", part_3="")
    page = soup(shopper.get("/checkout"))
    assert "2 × Mug, Blue" in page.select_one("#checkout-summary").text
    order_page = shopper.pay(sandbox, gateway)
    assert "2 × Mug, Blue" in order_page.text
    order = database["orders"].find_one({})
    assert order is not None
    line = order["lines"][1]
    # 2 × 56.70 = 113.40, its tax 8.22: mugs 48.00 and bowl 15.00 of 63.00
    assert [(part["sku"], part["net"], part["tax"]) for part in line["parts"]] == [
        ("BLUE", 8640, 626),
        ("BOWL", 2700, 196),
    ]
    assert (line["total"], line["tax"]) == (11340, 822)
    left = service(InventoryService, app).available([Sku("BLUE"), Sku("BOWL"), Sku("RED")])
    assert left == {"BLUE": 6, "BOWL": 7, "RED": 10}
    assert database["stock_levels"].find_one({"_id": BREAKFAST}) is None
    assert shopper.cart_lines() == {}
    (mail,) = mailbox.read("ann@example.com")
    for kind in ("plain", "html"):
        body = mail.get_body((kind,))
        assert body is not None
        assert "Mug" in body.get_content()
        assert "Blue" in body.get_content()


def test_what_was_ordered_is_put_in_the_cart_again_as_it_was(
    app: Flask, database: Database, sandbox: Sandbox
) -> None:
    ann = Member(app)
    make_proven(app, ann.email)
    ann.log_in()
    _put(ann, 1, part_1="BLUE", part_3="")
    ann.pay(sandbox)
    order = database["orders"].find_one({})
    assert order is not None
    for _ in range(2):
        ann.post(f"/account/orders/{order['number']}/reorder", {})
        (line,) = _cart_texts(ann)
        assert "2 × Mug, Blue Bowl $56.70 each" in line
        assert list(ann.cart_lines().values()) == [1]


def test_a_price_that_changed_meanwhile_is_said_before_payment(
    app: Flask,
    shopper: Shopper,
    database: Database,
    catalog: CatalogMaker,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    _put(shopper)
    form = shopper.checkout_form()
    _import_bowl(app, tmp_path_factory, "25.00")
    answer = shopper.client.post("/checkout", data=form)
    assert answer.status_code == 422
    assert "changed since you opened this page" in answer.text
    assert database["orders"].count_documents({}) == 0


def test_a_composition_that_is_not_offered_any_more_is_said_in_the_cart(
    app: Flask, shopper: Shopper, database: Database
) -> None:
    _put(shopper, 1, part_1="BLUE")
    form = shopper.checkout_form()
    database["products"].update_one(
        {"slug": "breakfast"}, {"$set": {"components.0.alternatives": []}}
    )
    answer = shopper.client.post("/checkout", data=form)
    assert answer.status_code == 422
    assert "no longer be sold" in answer.text
    assert "no longer made like this" in _cart_texts(shopper)[0]
    assert database["orders"].count_documents({}) == 0


def _import_bowl(app: Flask, folders: pytest.TempPathFactory, price: str) -> None:
    path = folders.mktemp("csv") / "bowl.csv"
    path.write_text(
        "Handle,Title,Vendor,Type,Published,Option1 Name,Option1 Value,Variant SKU,Variant Price\n"
        f"bowl,Bowl,Halden,Thing,true,Title,Default Title,BOWL,{price}\n"
    )
    report = service(CsvImport, app).run(path, UNITED_STATES, lambda done, of: None)
    assert (report.updated, report.problems) == (1, [])


def test_a_part_that_gets_dearer_makes_the_set_dearer_everywhere(
    app: Flask, shopper: Shopper, database: Database, tmp_path_factory: pytest.TempPathFactory
) -> None:
    _put(shopper)
    shopper.get("/cart")
    before = database["products"].find_one({"slug": "breakfast"})
    assert before is not None
    assert before["variants"][0]["prices"]["US"]["amount"] == 5400
    _import_bowl(app, tmp_path_factory, "25.00")
    after = database["products"].find_one({"slug": "breakfast"})
    assert after is not None
    assert after["variants"][0]["prices"]["US"]["amount"] == 6300
    assert after["variants"][0]["prices"]["DE"]["amount"] == 5400
    assert after["revision"] == before["revision"] + 1
    assert "$63.00" in shopper.get("/products/breakfast").text
    assert "$63.00" in shopper.get("/search?q=breakfast").text
    assert "The price changed from $54.00 to $63.00" in _cart_texts(shopper)[0]
    note = database["catalog_changes"].find_one(sort=[("at", -1)])
    assert note is not None
    assert after["_id"] in note["product_ids"]


def test_a_product_that_was_never_counted_is_no_part_of_a_set(
    catalog: CatalogMaker, breakfast: Product, database: Database, shopper: Shopper
) -> None:
    database["stock_levels"].delete_one({"_id": "BOWL"})
    page = soup(shopper.get("/products/breakfast"))
    assert page.select_one("form.buy") is None
    assert page.select_one(".stock").text == "Sold out"
    assert _put(shopper) == 422
