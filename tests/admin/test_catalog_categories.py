"""Categories are edited in the panel; one on which products stand stays."""

from __future__ import annotations

import pytest
from flask import Flask

from app.catalog.models import Category
from app.catalog.shelving import Shelving
from app.web.registry import service
from tests.admin.editing import entries, form_of, problems, send
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.shopper import Shopper, soup
from tests.support.staff import Staff


@pytest.fixture
def shelving(app: Flask) -> Shelving:
    return service(Shelving, app)


def test_a_category_is_made_and_shown(
    app: Flask, owner: Staff, catalog: CatalogMaker, shopper: Shopper
) -> None:
    catalog.add(make_product("Dune Mug", make_variant("MUG"), category="cups"))
    form = form_of(owner.get("/admin/categories/new"), "#category")
    answer = send(owner, "/admin/categories/new", {**form, "name": "Cups", "slug": "cups"})
    assert answer.location == "/admin/categories"
    assert "Dune Mug" in shopper.get("/categories/cups").text
    assert entries(app, "category:cups")[0].changes[0].before is None


@pytest.mark.parametrize("htmx", [False, True])
def test_what_is_wrong_is_said_beside_the_field(
    app: Flask, owner: Staff, shelving: Shelving, htmx: bool
) -> None:
    shelving.create(Category(slug="cups", name="Cups"))
    form = form_of(owner.get("/admin/categories/new"), "#category")
    form |= {"name": "", "slug": "a b", "description": "Kept"}
    answer = send(owner, "/admin/categories/new", form, htmx=htmx)
    assert answer.status_code == 422
    assert set(problems(answer)) == {"name", "slug"}
    assert "Kept" in answer.text
    taken = send(owner, "/admin/categories/new", {**form, "name": "Cups", "slug": "cups"})
    assert set(problems(taken)) == {"slug"}
    assert len(shelving.every(Category)) == 1
    assert entries(app, "category:cups") == []


def test_who_saves_second_sees_both_versions(app: Flask, owner: Staff, shelving: Shelving) -> None:
    shelving.create(Category(slug="cups", name="Cups"))
    mine = form_of(owner.get("/admin/categories/cups"), "#category") | {"description": "Mine"}
    send(owner, "/admin/categories/cups", {**mine, "description": "Theirs"})
    answer = send(owner, "/admin/categories/cups", mine)
    assert answer.status_code == 409
    (row,) = soup(answer).select("#versions tbody tr")
    assert [each.text for each in row.select("td")] == ["Theirs", "Mine"]
    assert send(owner, "/admin/categories/cups", form_of(answer, "#category")).status_code == 303
    assert shelving.get(Category, "cups").description == "Mine"
    change = entries(app, "category:cups")[0].changes[0]
    assert change.before is not None
    assert change.after is not None
    assert (change.before["description"], change.after["description"]) == ("Theirs", "Mine")


def test_a_category_in_use_stays(
    app: Flask, owner: Staff, catalog: CatalogMaker, shelving: Shelving
) -> None:
    shelving.create(Category(slug="cups", name="Cups"))
    catalog.add(
        make_product("Dune Mug", make_variant("MUG"), category="cups"),
        make_product("Fern Mug", make_variant("FERN"), category="cups"),
    )
    answer = owner.post("/admin/categories/cups/deletion", {})
    assert answer.status_code == 409
    assert "2 products stand in this category" in answer.text
    assert soup(answer).select_one('a[href="/admin/products?category=cups"]')
    assert shelving.get(Category, "cups").name == "Cups"
    assert entries(app, "category:cups") == []


def test_an_empty_category_is_deleted_and_brought_back(
    app: Flask, owner: Staff, shelving: Shelving
) -> None:
    stored = shelving.create(Category(slug="cups", name="Cups"))
    answer = owner.post("/admin/categories/cups/deletion", {})
    assert "Deleted: Cups." in owner.follow(answer).text
    assert shelving.every(Category) == []
    (entry,) = entries(app, "category:cups")
    assert owner.post(f"/admin/audit/{entry.id}/undo", {}).location == "/admin/categories"
    assert shelving.every(Category) == [stored]


def test_categories_are_put_in_another_order(app: Flask, owner: Staff, shelving: Shelving) -> None:
    for slug in ("a", "b"):
        shelving.create(Category(slug=slug, name=slug.upper()))
    form = form_of(owner.get("/admin/categories"), "#list form")
    dragged = {**form, "order": ["b", "a"]}
    assert send(owner, "/admin/categories/order", dragged).status_code == 303
    assert [each.slug for each in shelving.every(Category)] == ["b", "a"]
    assert entries(app, "categories:order")[0].changes[0].after == {"order": ["b", "a"]}
    lost = {**form, "order": ["b"]}
    assert send(owner, "/admin/categories/order", lost).status_code == 409
    assert [each.slug for each in shelving.every(Category)] == ["b", "a"]
