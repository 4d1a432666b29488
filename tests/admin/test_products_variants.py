"""Options and variants: made, renamed, priced, removed, and never their stock silently."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.audit_log.models import AuditFilter
from app.audit_log.service import AuditLog
from app.catalog.models import (
    BundleComponent,
    Image,
    PercentOff,
    PolicyKind,
    Product,
    Variant,
)
from app.catalog.repository import CatalogRepository
from app.db.database import Database
from app.inventory.service import InventoryService
from app.shared.ids import Sku
from app.shared.money import Money
from app.web.registry import service
from tests.admin.editing import problems
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.forms import sent_by
from tests.support.shopper import soup
from tests.support.staff import Staff


@pytest.fixture
def shirt(catalog: CatalogMaker) -> Product:
    """A shirt in two sizes."""
    shirt = make_product(
        "Linen Shirt",
        make_variant("SHIRT-S", {"Size": "S"}, US=4000, IN=300000),
        make_variant("SHIRT-L", {"Size": "L"}, US=4200, IN=310000),
    )
    catalog.add(shirt)
    return shirt


class Matrix:
    """The form of a product's variants, in a browser without scripts."""

    def __init__(self, owner: Staff, product: Product) -> None:
        self.owner = owner
        self.path = f"/admin/products/{product.id}/variants"
        self.fields = self._read(owner.get(self.path))

    def _read(self, page: TestResponse) -> dict[str, list[str]]:
        return sent_by(soup(page).select_one(f'form[action="{self.path}"]'))

    def press(self, action: str, **typed: str) -> TestResponse:
        """Press a button that gives the form back."""
        page = self.owner.post(self.path, {**self.fields, **typed, "do": action})
        assert page.status_code == 200
        self.fields = self._read(page)
        return page

    def save(self, **typed: Any) -> TestResponse:
        """Press Save."""
        self.fields.update({name: [value] for name, value in typed.items()})
        answer = self.owner.post(self.path, self.fields)
        if answer.status_code != 303:
            self.fields = self._read(answer)
        return answer

    def type(self, **typed: str) -> None:
        """Fill in fields, dots in their names written as two underscores."""
        self.fields.update({name.replace("__", "."): [value] for name, value in typed.items()})


def stored(database: Database, product: Product) -> Product:
    """The product as it is now."""
    return CatalogRepository(database).by_ids([product.id])[product.id]


def variant(database: Database, product: Product, sku: str) -> Variant:
    """One of its variants."""
    found = stored(database, product).variant(sku)
    assert found is not None
    return found


def test_what_is_there_is_saved_as_it_is(owner: Staff, shirt: Product, database: Database) -> None:
    assert Matrix(owner, shirt).save().status_code == 303
    assert stored(database, shirt).revision == shirt.revision


def test_prices_weights_and_policies_are_saved(
    app: Flask, owner: Staff, shirt: Product, database: Database
) -> None:
    matrix = Matrix(owner, shirt)
    matrix.type(
        r__r0__price__US="45.50", r__r0__compare__US="60", r__r0__price__DE="39.99",
        r__r0__price__IN="", r__r0__weight="220", r__r0__barcode="4006381333931",
        r__r1__policy="back_order", r__r1__limit="20", r__r1__days="14",
    )  # fmt: skip
    del matrix.fields["r.r0.taxable"]
    assert matrix.save().status_code == 303
    small, large = stored(database, shirt).variants
    assert small.prices["US"].amount == Money(4550, "USD")
    assert small.prices["US"].compare_at == Money(6000, "USD")
    assert small.prices["DE"].amount == Money(3999, "EUR")
    assert "IN" not in small.prices
    assert (small.weight_grams, small.barcode, small.taxable) == (220, "4006381333931", False)
    assert (large.policy.kind, large.policy.limit, large.policy.days) == (PolicyKind.BACK_ORDER, 20, 14)  # fmt: skip
    (entry,) = service(AuditLog, app).list(AuditFilter(subject=f"product:{shirt.id}"), 5)
    before, after = entry.changes[0].before, entry.changes[0].after
    assert before is not None
    assert after is not None
    assert before["variants"][0]["prices"]["US"]["amount"] == 4000
    assert after["variants"][0]["prices"]["US"]["amount"] == 4550


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"r__r0__sku": ""}, "Please give it a SKU."),
        ({"r__r0__sku": "SHIRT-L"}, "Another variant has this SKU."),
        ({"r__r0__sku": "TAKEN"}, "TAKEN belongs to “Other”."),
        ({"r__r0__price__US": "ten"}, "“ten” is no amount of USD"),
        ({"r__r0__price__US": "1.234"}, "“1.234” is no amount of USD"),
        ({"r__r0__price__US": "-1"}, "not below nothing"),
        ({"r__r0__price__US": "", "r__r0__compare__US": "9"}, "What does it cost today?"),
        ({"r__r0__weight": "1.5"}, "is no whole number"),
        ({"r__r0__policy": "pre_order", "r__r0__limit": "5"}, "needs the day of its release"),
        ({"r__r0__ships_on": "soon"}, "Please write the day"),
        ({"o__o0__name": ""}, "Please name this option"),
        ({"o__o0__name": "a.b"}, "no full stops"),
        ({"v__o0v0": ""}, "A variant has this value"),
        ({"v__o0v0": "L"}, "is there twice"),
        ({"r__r0__c__o0": "o0v1"}, "Another variant has the same options."),
    ],
)
def test_what_is_wrong_is_said_beside_it(
    owner: Staff, shirt: Product, catalog: CatalogMaker, database: Database,
    typed: dict[str, str], words: str,
) -> None:  # fmt: skip
    catalog.add(make_product("Other", make_variant("TAKEN")))
    matrix = Matrix(owner, shirt)
    matrix.type(r__r1__barcode="typed", **typed)
    answer = matrix.save(write_off="1")
    assert answer.status_code == 422
    assert words in answer.text
    for link in soup(answer).select("#problems a"):
        assert soup(answer).find(id=str(link["href"]).removeprefix("#")), link
    assert matrix.fields["r.r1.barcode"] == ["typed"]
    assert stored(database, shirt).revision == shirt.revision


def test_a_renamed_value_keeps_its_variant_and_stock(
    app: Flask, owner: Staff, shirt: Product, database: Database
) -> None:
    matrix = Matrix(owner, shirt)
    matrix.type(o__o0__name="Fit", v__o0v0="Small")
    assert matrix.save().status_code == 303
    after = stored(database, shirt)
    assert after.options[0].values == ("Small", "L")
    assert [dict(each.options) for each in after.variants] == [{"Fit": "Small"}, {"Fit": "L"}]
    assert service(InventoryService, app).on_hand([Sku("SHIRT-S")]) == {"SHIRT-S": 10}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"o__o0__name": "Shade"}, [{"Shade": "Moss"}, {"Size": "L"}, {}]),
        ({"v__o0v0": "Green"}, [{"Colour": "Green"}, {"Size": "L"}, {}]),
        ({"o__o1__name": "Fit", "v__o1v1": "Wide"}, [{"Colour": "Moss"}, {"Fit": "Wide"}, {}]),
        # One of another colour takes the place of what is removed: that is no new name.
        ({"r__r0__gone": "1", "r__r1__gone": "1"}, [{"Colour": "Moss"}, {"Size": "L"}, {}]),
    ],
)
def test_pictures_stay_with_what_is_renamed(
    owner: Staff, catalog: CatalogMaker, database: Database,
    typed: dict[str, str], expected: list[dict[str, str]],
) -> None:  # fmt: skip
    shown: list[dict[str, str]] = [{"Colour": "Moss"}, {"Size": "L"}, {}]
    coat = make_product(
        "Coat",
        *(
            make_variant(f"{colour}-{size}", {"Colour": colour, "Size": size})
            for colour in ("Moss", "Sand")
            for size in ("S", "L")
        ),
        images=tuple(
            Image(src=f"/media/p{place}.webp", alt="", option_values=each)
            for place, each in enumerate(shown)
        ),
    )
    catalog.add(coat, stock=0)
    matrix = Matrix(owner, coat)
    matrix.type(**typed)
    if "r__r0__gone" in typed:
        matrix.press("drop-value:o0:o0v0")
    assert matrix.save().status_code == 303
    assert [dict(each.option_values) for each in stored(database, coat).images] == expected


def test_missing_combinations_are_made_with_one_button(
    owner: Staff, shirt: Product, database: Database
) -> None:
    matrix = Matrix(owner, shirt)
    matrix.press("add-option")
    matrix.type(o__o1__name="Colour", v__o1v0="Moss", v__o1v1="Sand")
    matrix.press("generate")
    assert stored(database, shirt).revision == shirt.revision
    assert matrix.save().status_code == 303
    after = stored(database, shirt)
    assert [tuple(each.options.values()) for each in after.variants] == [
        ("S", "Moss"), ("L", "Moss"), ("S", "Sand"), ("L", "Sand"),
    ]  # fmt: skip
    assert [each.sku for each in after.variants[:2]] == ["SHIRT-S", "SHIRT-L"]
    assert {each.prices["US"].amount.minor for each in after.variants} == {4000, 4200}


def test_an_option_without_name_and_values_is_said_once(owner: Staff, shirt: Product) -> None:
    matrix = Matrix(owner, shirt)
    matrix.press("add-option")
    said = problems(matrix.save())
    assert list(said.values()) == ["Please name this option, or remove it."]


def test_buttons_order_and_remove_options_and_values(
    owner: Staff, shirt: Product, database: Database
) -> None:
    matrix = Matrix(owner, shirt)
    matrix.press("value-up:o0:o0v1")
    assert matrix.save().status_code == 303
    assert stored(database, shirt).options[0].values == ("L", "S")
    matrix = Matrix(owner, shirt)
    matrix.press("add-value:o0")
    assert matrix.fields["o.o0.value"] == ["o0v0", "o0v1", "o0v2"]
    matrix.press("drop-value:o0:o0v2")
    assert matrix.fields["o.o0.value"] == ["o0v0", "o0v1"]
    matrix.press("drop-option:o0")
    assert "option" not in matrix.fields
    assert matrix.fields["r.r1.gone"] == ["1"]
    matrix.press("no-such-button")


def test_htmx_gives_back_the_form_alone(owner: Staff, shirt: Product) -> None:
    matrix = Matrix(owner, shirt)
    part = owner.post(matrix.path, {**matrix.fields, "do": "add-option"}, htmx=True)
    assert part.status_code == 200
    assert "<html" not in part.text
    assert 'name="o.o1.name"' in part.text


# --- removing -------------------------------------------------------------------------------------


def test_stock_is_not_lost_silently(
    app: Flask, owner: Staff, shirt: Product, database: Database
) -> None:
    matrix = Matrix(owner, shirt)
    matrix.type(v__o0v1="")
    refused = matrix.save(**{"r.r1.gone": "1"})
    assert refused.status_code == 422
    assert "There are 10 units of SHIRT-L on the shelves." in refused.text
    assert stored(database, shirt).revision == shirt.revision
    assert matrix.save(write_off="1").status_code == 303
    assert [each.sku for each in stored(database, shirt).variants] == ["SHIRT-S"]
    assert service(InventoryService, app).on_hand([Sku("SHIRT-L")]) == {"SHIRT-L": 0}


def test_a_sku_that_changes_is_a_sku_that_goes(
    owner: Staff, shirt: Product, database: Database
) -> None:
    matrix = Matrix(owner, shirt)
    assert matrix.save(**{"r.r0.sku": "NEW"}).status_code == 422
    assert stored(database, shirt).revision == shirt.revision


def test_what_an_order_waits_for_stays(owner: Staff, shirt: Product, database: Database) -> None:
    from tests.support.shopper import Shopper

    shopper = Shopper(owner.app)
    shopper.add("SHIRT-L", 2)
    assert shopper.check_out().status_code == 303
    matrix = Matrix(owner, shirt)
    matrix.type(v__o0v1="")
    refused = matrix.save(**{"r.r1.gone": "1", "write_off": "1"})
    assert refused.status_code == 422
    assert "Orders still wait for units of SHIRT-L" in refused.text
    assert len(stored(database, shirt).variants) == 2


def test_a_part_of_a_set_stays(
    owner: Staff, shirt: Product, catalog: CatalogMaker, database: Database
) -> None:
    part = BundleComponent(sku=Sku("SHIRT-L"), quantity=1)
    catalog.bundle("Wardrobe", part, pricing=PercentOff(basis_points=1000))
    matrix = Matrix(owner, shirt)
    matrix.type(v__o0v1="")
    refused = matrix.save(**{"r.r1.gone": "1", "write_off": "1"})
    assert refused.status_code == 422
    assert "SHIRT-L is part of “Wardrobe”" in refused.text
    assert len(stored(database, shirt).variants) == 2


def test_the_last_variant_stays(owner: Staff, shirt: Product, database: Database) -> None:
    matrix = Matrix(owner, shirt)
    matrix.type(v__o0v0="", v__o0v1="")
    refused = matrix.save(**{"r.r0.gone": "1", "r.r1.gone": "1", "write_off": "1"})
    assert refused.status_code == 422
    assert "at least one variant" in refused.text
    assert len(stored(database, shirt).variants) == 2


# --- two at once, sets, markets -------------------------------------------------------------------


def test_two_at_once_see_both_versions(owner: Staff, shirt: Product, database: Database) -> None:
    mine, theirs = Matrix(owner, shirt), Matrix(owner, shirt)
    assert theirs.save(**{"r.r0.price.US": "50"}).status_code == 303
    clash = mine.save(**{"r.r0.price.US": "60"})
    assert clash.status_code == 409
    row = next(each for each in soup(clash).select("tr") if "prices.US.amount" in each.get_text())
    assert [each.get_text() for each in row.select("td")] == ["5000", "6000"]
    assert variant(database, shirt, "SHIRT-S").prices["US"].amount.minor == 5000
    assert mine.save().status_code == 303
    assert variant(database, shirt, "SHIRT-S").prices["US"].amount.minor == 6000


def test_sets_made_of_it_follow_its_price(
    owner: Staff, shirt: Product, catalog: CatalogMaker, database: Database
) -> None:
    part = BundleComponent(sku=Sku("SHIRT-S"), quantity=2)
    wardrobe = catalog.bundle("Wardrobe", part, pricing=PercentOff(basis_points=1000))
    assert Matrix(owner, shirt).save(**{"r.r0.price.US": "50"}).status_code == 303
    assert variant(database, wardrobe, "WARDROBE").prices["US"].amount.minor == 9000


def test_a_set_keeps_its_price_and_parts(
    owner: Staff, shirt: Product, catalog: CatalogMaker, database: Database
) -> None:
    part = BundleComponent(sku=Sku("SHIRT-S"), quantity=2)
    wardrobe = catalog.bundle("Wardrobe", part, pricing=PercentOff(basis_points=1000))
    assert Matrix(owner, wardrobe).save(**{"r.r0.barcode": "123"}).status_code == 303
    after = stored(database, wardrobe)
    assert after.variants[0].barcode == "123"
    assert after.components == wardrobe.components
    assert after.variants[0].prices["US"].amount.minor == 7200
