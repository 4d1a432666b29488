"""Many products at once, and deleting: each product all or nothing, and each told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from flask import Flask

from app.admin.differences import differences
from app.audit_log.models import AuditFilter, Outcome
from app.audit_log.service import AuditLog
from app.catalog.editing import ProductEditing
from app.catalog.models import BundleComponent, PercentOff, Product, ProductStatus
from app.catalog.repository import CatalogRepository
from app.catalog.service import CatalogService
from app.db.database import Database
from app.inventory.service import InventoryService
from app.shared.errors import NotFound
from app.shared.ids import Sku
from app.web.registry import service
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.forms import sent_by
from tests.support.shopper import Shopper, soup
from tests.support.staff import Staff

BULK = "/admin/products/bulk"


@pytest.fixture
def three(catalog: CatalogMaker) -> list[Product]:
    """Three products."""
    made = [
        make_product("Mug", make_variant("MUG", US=2000), tags=("Clay",)),
        make_product("Bowl", make_variant("BOWL", US=1005)),
        make_product("Jug", make_variant("JUG", IN=50000), status=ProductStatus.DRAFT),
    ]
    catalog.add(*made)
    return made


def ids(products: Sequence[Product]) -> list[str]:
    """Their ids."""
    return [each.id for each in products]


def now_of(database: Database, products: Sequence[Product]) -> list[Product]:
    """The products as they are now."""
    found = CatalogRepository(database).by_ids([each.id for each in products])
    return [found[each.id] for each in products]


@pytest.mark.parametrize(
    ("form", "path", "value"),
    [
        ({"action": "publish"}, "status", ProductStatus.PUBLISHED),
        ({"action": "draft"}, "status", ProductStatus.DRAFT),
        ({"action": "archive"}, "status", ProductStatus.ARCHIVED),
        ({"action": "vendor", "value": "Norr, Oslo"}, "vendor", "Norr, Oslo"),
        ({"action": "category", "category": ""}, "category", ""),
    ],
)
def test_all_that_are_ticked_change(
    app: Flask, owner: Staff, three: list[Product], database: Database,
    form: dict[str, Any], path: str, value: object,
) -> None:  # fmt: skip
    answer = owner.post(BULK, {"ids": ids(three), "back": "/admin/products?q=u", **form})
    assert answer.location == "/admin/products?q=u"
    assert {getattr(each, path) for each in now_of(database, three)} == {value}
    (entry,) = service(AuditLog, app).list(AuditFilter(action="admin_bulk.change"), 5)
    assert all(each.before and each.after for each in entry.changes)
    revisions = [each.revision for each in now_of(database, three)]
    owner.post(BULK, {"ids": ids(three), **form})
    assert [each.revision for each in now_of(database, three)] == revisions


def test_many_large_products_fit_into_one_entry_of_the_log(
    app: Flask, owner: Staff, catalog: CatalogMaker
) -> None:
    """Before and after as a whole they would be more than a document of the database can hold."""
    text = f"<p>{'x' * 100_000}</p>"
    made = [
        make_product(f"Book {n}", make_variant(f"BOOK-{n}"), description_html=text)
        for n in range(90)
    ]
    catalog.add(*made)
    form = {"ids": ids(made), "action": "vendor", "value": "Norr"}
    assert owner.post(BULK, form).status_code == 303
    (entry,) = service(AuditLog, app).list(AuditFilter(action="admin_bulk.change"), 5)
    assert entry.outcome is Outcome.DONE
    assert {(each.before or {})["vendor"] for each in entry.changes} == {"Halden"}
    assert {(each.after or {})["vendor"] for each in entry.changes} == {"Norr"}
    assert len(entry.changes) == len(made)


def test_prices_of_very_many_variants_fit_into_one_entry_of_the_log(
    app: Flask, owner: Staff, catalog: CatalogMaker, database: Database
) -> None:
    """All variants, before and after, would be more than a document of the database can hold."""
    made = [
        make_product(
            f"Shirt {n}",
            *(
                make_variant(f"{n}-{place}", {"Size": f"{place}{'x' * 30_000}"})
                for place in range(40)
            ),
        )
        for n in range(8)
    ]
    catalog.add(*made)
    form = {"seen": [f"{each.id}:1" for each in made], "action": "percent", "value": "-10"}
    assert owner.post(f"{BULK}/prices", {**form, "market": "US"}).status_code == 303
    (entry,) = service(AuditLog, app).list(AuditFilter(action="admin_bulk.change_prices"), 5)
    assert (entry.outcome, len(entry.changes)) == (Outcome.DONE, len(made))
    (last,) = [
        each
        for each in differences(entry.changes[-1].before, entry.changes[-1].after)
        if each.path == "variants.39.prices.US.amount"
    ]
    assert (last.before, last.after) == (2000, 1800)


def test_tags_come_and_go(owner: Staff, three: list[Product], database: Database) -> None:
    owner.post(BULK, {"ids": ids(three), "action": "add_tag", "value": "new"})
    owner.post(BULK, {"ids": ids(three), "action": "remove_tag", "value": "clay"})
    assert [each.tags for each in now_of(database, three)] == [("new",)] * 3


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"action": ""}, "Please choose what to do."),
        ({"action": "add_tag", "value": ""}, "Please write one name"),
        ({"action": "category", "category": "none"}, "Please choose a category."),
        ({"action": "percent", "value": "much", "market": "US"}, "“much” is no change of prices"),
        ({"action": "percent", "value": "-100", "market": "US"}, "is no change of prices"),
        ({"action": "amount", "value": "0.001", "market": "US"}, "is no change of prices"),
        ({"action": "amount", "value": "1", "market": "XX"}, "Please choose a market."),
        ({"action": "publish", "ids": []}, "Please tick the products"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_changes(
    app: Flask, owner: Staff, three: list[Product], database: Database,
    form: dict[str, Any], words: str,
) -> None:  # fmt: skip
    answer = owner.post(BULK, {"ids": ids(three), **form})
    assert answer.status_code == 422
    assert words in answer.text
    assert [each.revision for each in now_of(database, three)] == [1, 1, 1]
    assert service(AuditLog, app).list(AuditFilter(), 5) == []


@pytest.mark.parametrize(
    ("action", "value", "mug", "bowl"),
    [
        ("percent", "-10", 1800, 905),  # 904.5 goes up
        ("percent", "+12.5 %", 2250, 1131),
        ("amount", "-5", 1500, 505),
        ("amount", "0.99", 2099, 1104),
    ],
)
def test_prices_are_shown_before_they_change(
    app: Flask, owner: Staff, three: list[Product], database: Database,
    action: str, value: str, mug: int, bowl: int,
) -> None:  # fmt: skip
    form = {"ids": ids(three), "action": action, "value": value, "market": "US"}
    preview = owner.post(BULK, form)
    assert preview.status_code == 200
    assert "Stays as it is. It is not sold in this market." in soup(preview).get_text(" ", True)
    assert [each.revision for each in now_of(database, three)] == [1, 1, 1]
    assert service(AuditLog, app).list(AuditFilter(), 5) == []
    confirm = sent_by(soup(preview).select_one('form[action$="/prices"]'))
    answers = [owner.post(f"{BULK}/prices", confirm) for _ in range(2)]  # pressed twice
    assert [each.status_code for each in answers] == [303, 303]
    amounts = [each.variants[0].prices for each in now_of(database, three)]
    assert (amounts[0]["US"].amount.minor, amounts[1]["US"].amount.minor) == (mug, bowl)
    assert "US" not in amounts[2]


def test_no_price_is_higher_than_a_form_takes(
    owner: Staff, catalog: CatalogMaker, database: Database
) -> None:
    yacht = make_product("Yacht", make_variant("YACHT", US=9_000_000_000_00))
    catalog.add(yacht)
    step = {"action": "percent", "value": "50", "market": "US"}
    assert "nor that high" in owner.post(BULK, {"ids": ids([yacht]), **step}).text
    owner.post(f"{BULK}/prices", {"seen": f"{yacht.id}:{yacht.revision}", **step})
    assert now_of(database, [yacht])[0].revision == yacht.revision


def test_what_moved_on_since_the_preview_stays(
    owner: Staff, three: list[Product], database: Database
) -> None:
    form = {"ids": ids(three[:2]), "action": "percent", "value": "-50", "market": "US"}
    confirm = sent_by(soup(owner.post(BULK, form)).select_one('form[action$="/prices"]'))
    owner.post(BULK, {"ids": three[0].id, "action": "add_tag", "value": "new"})
    answer = owner.post(f"{BULK}/prices", confirm)
    page = owner.get(answer.location).text
    assert "Not changed: Mug. It was changed since you looked at it." in page
    assert "1 product changed." in page
    mug, bowl = now_of(database, three[:2])
    assert mug.variants[0].prices["US"].amount.minor == 2000
    assert bowl.variants[0].prices["US"].amount.minor == 503


def test_what_would_cost_nothing_and_sets_stay(
    owner: Staff, three: list[Product], catalog: CatalogMaker, database: Database
) -> None:
    part = BundleComponent(sku=Sku("MUG"), quantity=2)
    pair = catalog.bundle("Pair", part, pricing=PercentOff(basis_points=1000))
    form = {"ids": [three[1].id, pair.id], "action": "amount", "value": "-10.05", "market": "US"}
    preview = owner.post(BULK, form)
    text = soup(preview).get_text(" ", True)
    assert "It would cost nothing, or less." in text
    assert "A set costs what its own pricing says." in text
    assert not soup(preview).select("input[name=seen]")


# --- deleting -------------------------------------------------------------------------------------


def delete(owner: Staff, product: Product) -> Any:
    """Press Delete."""
    return owner.post(f"/admin/products/{product.id}/deletion", {})


def test_a_deletion_is_undone_with_everything(
    app: Flask, owner: Staff, catalog: CatalogMaker, database: Database
) -> None:
    lamp = make_product("Lamp", make_variant("LAMP"), attributes={"Watts": "4"})
    catalog.add(lamp, stock=0)
    products = CatalogRepository(database)
    database.in_transaction(lambda session: products.count_ratings(lamp.id, {4: 2}, session))
    page = owner.follow(delete(owner, lamp))
    assert "Deleted: Lamp." in page.text
    service(CatalogService, app).follower.catch_up()
    assert Shopper(app).get("/products/lamp").status_code == 404
    with pytest.raises(NotFound):
        service(ProductEditing, app).get(lamp.id)
    assert delete(owner, lamp).status_code == 303  # pressed twice
    undo = soup(page).select_one("form.undo")
    assert undo is not None
    assert owner.post(str(undo["action"]), {}).status_code == 303
    back = service(ProductEditing, app).get(lamp.id)
    assert (back.attributes, back.ratings.total) == ({"Watts": "4"}, 2)
    assert back.variants == lamp.variants
    service(CatalogService, app).follower.catch_up()
    assert Shopper(app).get("/products/lamp").status_code == 200


def test_an_undo_is_refused_where_its_name_is_taken(
    app: Flask, owner: Staff, catalog: CatalogMaker
) -> None:
    lamp = make_product("Lamp", make_variant("LAMP"))
    catalog.add(lamp, stock=0)
    page = owner.follow(delete(owner, lamp))
    catalog.add(make_product("Other", make_variant("LAMP")), stock=0)
    undo = soup(page).select_one("form.undo")
    assert undo is not None
    answer = owner.post(str(undo["action"]), {})
    assert answer.status_code == 409
    assert "LAMP belongs to “Other”." in answer.text


def test_what_has_stock_or_makes_a_set_stays(
    app: Flask, owner: Staff, catalog: CatalogMaker
) -> None:
    mug = make_product("Mug", make_variant("MUG"))
    catalog.add(mug)
    answer = delete(owner, mug)
    assert answer.status_code == 409
    assert "There is stock of it" in answer.text
    service(InventoryService, app).set_on_hand({Sku("MUG"): 0}, "test")
    part = BundleComponent(sku=Sku("MUG"), quantity=2)
    pair = catalog.bundle("Pair", part, pricing=PercentOff(basis_points=1000))
    answer = delete(owner, mug)
    assert answer.status_code == 409
    assert "It is part of Pair" in answer.text
    assert service(ProductEditing, app).get(mug.id).title == "Mug"
    assert delete(owner, pair).status_code == 303
    assert delete(owner, mug).status_code == 303


def test_what_was_sold_stays(app: Flask, owner: Staff, catalog: CatalogMaker) -> None:
    mug = make_product("Mug", make_variant("MUG"))
    catalog.add(mug, stock=0)
    service(CatalogService, app).count_sale("ord_1", {mug.id: 1})
    answer = delete(owner, mug)
    assert answer.status_code == 409
    assert "It was sold" in answer.text
    assert service(ProductEditing, app).get(mug.id).title == "Mug"
