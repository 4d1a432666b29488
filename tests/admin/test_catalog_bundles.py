"""Bundles are composed in the panel, worked out before they are saved."""

from __future__ import annotations

import pytest
from flask import Flask

from app.catalog.composing import Composing
from app.catalog.errors import BundleRefused
from app.catalog.models import BundleComponent, FixedPricing, PercentOff, Product
from app.catalog.repository import CatalogRepository
from app.catalog.writing import ProductWriter
from app.db.database import Database, Session
from app.inventory.service import InventoryService
from app.shared.ids import Sku
from app.shared.money import Money
from app.web.registry import service
from tests.admin.editing import entries, form_of, problems, send
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.shopper import soup
from tests.support.staff import Staff

_HALF = PercentOff(basis_points=5000)


def _part(sku: str, quantity: int = 1, *alternatives: str) -> BundleComponent:
    return BundleComponent(
        sku=Sku(sku), quantity=quantity, alternatives=tuple(map(Sku, alternatives))
    )


@pytest.fixture
def bundle(catalog: CatalogMaker) -> Product:
    """Two mugs and a bowl at half price."""
    catalog.add(make_product("Dune Mug", make_variant("MUG", US=2000, DE=1800)), stock=9)
    catalog.add(make_product("Fern Bowl", make_variant("BOWL", US=3000)), stock=3)
    return catalog.bundle("Set", _part("MUG", 2), _part("BOWL"), pricing=_HALF)


def _stored(app: Flask, product: Product) -> Product:
    return service(Composing, app).get(product.id)


def test_a_bundle_is_worked_out_and_saved(app: Flask, owner: Staff, bundle: Product) -> None:
    path = f"/admin/products/{bundle.id}/bundle"
    shown = owner.get(path)
    assert "$35.00" in shown.text
    facts = {each.dt.text: each.dd.text for each in soup(shown).select("#outlook .facts div")}
    assert facts["Sets in stock"] == "3"
    assert facts["Germany"] == "not sold"
    form = form_of(shown, "#bundle") | {"part.0.quantity": "3", "percent": "10"}
    tried = send(owner, path, {**form, "work_out": "1"}, htmx=True)
    assert "$81.00" in tried.text
    assert "<html" not in tried.text
    assert _stored(app, bundle).components == bundle.components
    assert send(owner, path, form_of(tried, "#bundle")).status_code == 303
    stored = _stored(app, bundle)
    assert stored.components[0].quantity == 3
    assert stored.variants[0].prices["US"].amount == Money(8100, "USD")
    (change,) = entries(app, f"product:{bundle.id}")[0].changes
    assert change.before is not None
    assert change.after is not None
    assert change.before["components"][0]["quantity"] == 2
    assert change.after["components"][0]["quantity"] == 3


def test_parts_are_found_and_added(app: Flask, owner: Staff, bundle: Product) -> None:
    path = f"/admin/products/{bundle.id}/bundle"
    form = form_of(owner.get(path), "#bundle")
    found = send(owner, path, {**form, "q": "mug", "find": "1"})
    form = form_of(found, "#bundle")
    other = form_of(send(owner, path, {**form, "target": "1", "add": "MUG"}), "#bundle")
    assert other["part.1.alternatives"] == "MUG"
    added = form_of(send(owner, path, {**form, "add": "MUG"}), "#bundle")
    assert added["part.2.sku"] == "MUG"
    moved = form_of(send(owner, path, {**added, "up_part": "1"}), "#bundle")
    assert [moved[f"part.{place}.sku"] for place in range(3)] == ["BOWL", "MUG", "MUG"]
    dropped = form_of(send(owner, path, {**moved, "drop_part": "0"}), "#bundle")
    assert "part.2.sku" not in dropped
    assert _stored(app, bundle).components == bundle.components


def test_a_new_bundle_is_saved_once(app: Flask, owner: Staff, bundle: Product) -> None:
    form = form_of(owner.get("/admin/bundles/new"), "#bundle")
    form = form_of(send(owner, "/admin/bundles/new", {**form, "add": "MUG"}), "#bundle")
    form |= {"title": "Two Mugs", "part.0.quantity": "2", "pricing": "fixed", "price.US": "30"}
    first, second = (send(owner, "/admin/bundles/new", form) for _ in range(2))
    assert first.status_code == second.status_code == 303
    assert first.location == second.location
    stored = service(Composing, app).get(first.location.split("/")[3])
    assert (stored.slug, stored.variants[0].sku) == ("two-mugs", "TWO-MUGS")
    assert stored.status.value == "draft"
    assert stored.vendor == "Halden", "its first part's: a product has a vendor"
    assert stored.pricing == FixedPricing(prices={"US": Money(3000, "USD")})
    assert stored.variants[0].prices["US"].amount == Money(3000, "USD")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"part.0.quantity": "0"}, "part.0.quantity"),
        ({"part.0.quantity": "many"}, "part.0.quantity"),
        ({"part.0.sku": "NONE"}, "part.0.sku"),
        ({"part.0.alternatives": "MUG"}, "part.0.alternatives"),
        ({"part.0.sku": "SET"}, "part.0.sku"),
        ({"part.0.optional": "1", "part.1.optional": "1"}, "components"),
        ({"percent": "100"}, "percent"),
        ({"pricing": "fixed"}, "pricing"),
        ({"pricing": "fixed", "price.US": "9.999"}, "price.US"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(
    app: Flask, owner: Staff, bundle: Product, wrong: dict[str, str], field: str
) -> None:
    path = f"/admin/products/{bundle.id}/bundle"
    form = form_of(owner.get(path), "#bundle") | wrong
    answer = send(owner, path, form)
    assert answer.status_code == 422
    assert field in problems(answer)
    assert _stored(app, bundle) == bundle or _stored(app, bundle).components == bundle.components
    assert entries(app, f"product:{bundle.id}") == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"part.0.quantity": "0"}, "Part 1: please give 1 to 1000 units."),
        ({"part.1.sku": ""}, "Part 2: please name a SKU."),
        ({"part.1.alternatives": "MUG\nMUG"}, "part 2 names an alternative twice"),
        ({"part.0.sku": None, "part.1.sku": None}, "a bundle has 1 to 12 parts"),
    ],
)
def test_the_list_of_what_is_wrong_says_which_part(
    owner: Staff, bundle: Product, wrong: dict[str, str | None], told: str
) -> None:
    path = f"/admin/products/{bundle.id}/bundle"
    form = form_of(owner.get(path), "#bundle") | wrong
    if None in wrong.values():  # no part at all
        form = {name: value for name, value in form.items() if not name.startswith("part.")}
    listed = soup(send(owner, path, form)).select_one("#problems")
    assert listed is not None
    assert told in listed.text
    assert "component" not in listed.text


def test_who_saves_second_sees_both_versions(app: Flask, owner: Staff, bundle: Product) -> None:
    path = f"/admin/products/{bundle.id}/bundle"
    mine = form_of(owner.get(path), "#bundle") | {"percent": "20"}
    assert send(owner, path, {**mine, "percent": "30"}).status_code == 303
    answer = send(owner, path, mine)
    assert answer.status_code == 409
    (row,) = soup(answer).select("#versions tbody tr")
    assert [each.text for each in row.select("td")] == ["3000", "2000"]
    assert _stored(app, bundle).pricing == PercentOff(basis_points=3000)
    assert send(owner, path, form_of(answer, "#bundle")).status_code == 303
    assert _stored(app, bundle).pricing == PercentOff(basis_points=2000)


def test_a_new_price_of_a_part_is_no_rival(
    app: Flask, owner: Staff, bundle: Product, database: Database
) -> None:
    path = f"/admin/products/{bundle.id}/bundle"
    form = form_of(owner.get(path), "#bundle") | {"percent": "20"}
    mug = CatalogRepository(database).by_slugs(["dune-mug"])["dune-mug"]
    dearer = make_product("Dune Mug", make_variant("MUG", US=2200), id=mug.id)
    _write(app, database, changed=[dearer])
    assert _stored(app, bundle).revision > bundle.revision
    assert send(owner, path, form).status_code == 303


# --- a bundle is never part of a bundle, whoever writes it --------------------------------------


def _write(
    app: Flask,
    database: Database,
    new: list[Product] | None = None,
    changed: list[Product] | None = None,
) -> None:
    writer = ProductWriter(CatalogRepository(database), service(InventoryService, app))

    def work(session: Session) -> None:
        writer.store(new or (), changed or (), session)

    database.in_transaction(work)


def test_a_bundle_of_a_bundle_is_refused_at_write(
    app: Flask, database: Database, catalog: CatalogMaker, bundle: Product
) -> None:
    with pytest.raises(BundleRefused, match="a bundle cannot be part of a bundle"):
        catalog.bundle("Sets", _part("MUG", 1, "SET"), pricing=_HALF)
    assert CatalogRepository(database).by_slugs(["sets"]) == {}


def test_a_part_cannot_become_a_bundle(
    app: Flask, database: Database, catalog: CatalogMaker, bundle: Product
) -> None:
    mug = CatalogRepository(database).by_slugs(["dune-mug"])["dune-mug"]
    turned = make_product(
        "Dune Mug",
        make_variant("MUG"),
        id=mug.id,
        kind=bundle.kind,
        components=(_part("BOWL"),),
        pricing=_HALF,
    )
    with pytest.raises(BundleRefused, match="part of the bundle “Set”"):
        _write(app, database, changed=[turned])
    assert not CatalogRepository(database).by_slugs(["dune-mug"])["dune-mug"].is_bundle


def test_two_new_bundles_cannot_be_part_of_one_another(
    app: Flask, database: Database, bundle: Product
) -> None:
    pair = [
        make_product(
            name,
            make_variant(name.upper()),
            kind=bundle.kind,
            components=(_part(part),),
            pricing=_HALF,
        )
        for name, part in (("One", "TWO"), ("Two", "MUG"))
    ]
    with pytest.raises(BundleRefused):
        _write(app, database, new=pair)
    assert CatalogRepository(database).by_slugs(["one", "two"]) == {}
