"""The list of products: found by words whatever their status, filtered, sorted, page by page."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from app.catalog import list_stretches
from app.catalog.listed import ListSort, ProductFilter, Shown
from app.catalog.models import BundleComponent, PercentOff, Product, ProductStatus
from app.catalog.product_list import ProductList
from app.catalog.repository import CatalogRepository
from app.db.database import Database
from app.inventory.service import InventoryService
from app.shared.clock import now
from app.shared.ids import Sku
from app.web.registry import service
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.shopper import HTMX, soup
from tests.support.staff import Staff


def titles(owner: Staff, query: str = "") -> list[str]:
    """What a page of the list shows."""
    rows = soup(owner.get(f"/admin/products{query}")).select("#list tbody th a")
    return [each.get_text(strip=True) for each in rows]


@pytest.fixture
def range_(catalog: CatalogMaker) -> None:
    """A product of each sort."""
    day = timedelta(days=1)
    catalog.add(
        make_product("Dune Mug", make_variant("MUG-1"), id="prd_1", vendor="Halden", tags=("clay",)),
        make_product(
            "Ärla Lamp", make_variant("LMP-77"), id="prd_2", vendor="Norr", status=ProductStatus.DRAFT,
            published_at=None,
        ),
        make_product(
            "Old Chair", make_variant("CHR-1"), id="prd_3", tags=("extraordinarily",), vendor="Norr", status=ProductStatus.ARCHIVED,
            category="seats",
        ),
        make_product("Spring Vase", make_variant("VAS-1"), id="prd_4", published_at=now() + day),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=mug", ["Dune Mug"]),
        ("?q=lmp-7", ["Ärla Lamp"]),
        ("?q=arla", ["Ärla Lamp"]),
        ("?q=old-chair", ["Old Chair"]),
        ("?q=clay", ["Dune Mug"]),
        ("?q=norr+lam", ["Ärla Lamp"]),
        ("?q=extraordinarily", ["Old Chair"]),
        ("?q=extraordinarily-l", []),
        ("?q=extraordinarix", []),
        ("?q=norr+mug", []),
        ("?q=.*", ["Spring Vase", "Old Chair", "Ärla Lamp", "Dune Mug"]),
        ("?status=draft", ["Ärla Lamp"]),
        ("?status=published", ["Dune Mug"]),
        ("?status=scheduled", ["Spring Vase"]),
        ("?status=archived", ["Old Chair"]),
        ("?vendor=Norr", ["Old Chair", "Ärla Lamp"]),
        ("?category=seats", ["Old Chair"]),
        ("?kind=gift_card", []),
        ("?sort=title", ["Ärla Lamp", "Dune Mug", "Old Chair", "Spring Vase"]),
        ("", ["Spring Vase", "Old Chair", "Ärla Lamp", "Dune Mug"]),
        ("?status=wrong&sort=wrong", ["Spring Vase", "Old Chair", "Ärla Lamp", "Dune Mug"]),
    ],
)
def test_what_is_found(owner: Staff, range_: None, query: str, found: list[str]) -> None:
    assert titles(owner, query) == found


def test_what_was_changed_last_comes_first(owner: Staff, range_: None, database: Database) -> None:
    chair = CatalogRepository(database).find_by_slug("old-chair")
    assert chair is not None
    owner.post("/admin/products/bulk", {"ids": chair.id, "action": "add_tag", "value": "oak"})
    assert titles(owner, "?sort=updated")[0] == "Old Chair"


def test_stock_is_that_of_all_variants(app: Flask, owner: Staff, catalog: CatalogMaker) -> None:
    catalog.add(
        make_product(
            "Full", make_variant("F1", {"Size": "S"}), make_variant("F2", {"Size": "L"}), id="prd_1"
        ),
        make_product(
            "Half", make_variant("H1", {"Size": "S"}), make_variant("H2", {"Size": "L"}), id="prd_2"
        ),
        make_product("Empty", make_variant("E1"), id="prd_3"),
    )
    service(InventoryService, app).set_on_hand({Sku("H1"): 0, Sku("E1"): 0}, "test")
    part = BundleComponent(sku=Sku("F1"), quantity=1)
    catalog.bundle("Both", part, pricing=PercentOff(basis_points=1000))
    assert titles(owner, "?stock=some") == ["Half", "Full"]
    assert titles(owner, "?stock=partly_out") == ["Empty", "Half"]
    assert titles(owner, "?stock=out") == ["Empty"]
    cells = {
        row.select_one("th").get_text(strip=True): row.select("td.number")[0].get_text(" ", True)
        for row in soup(owner.get("/admin/products")).select("#list tbody tr")
    }
    assert cells["Full"] == "20 in 2"
    assert cells["Half"].startswith("10 in 2")
    assert cells["Both"] == "–"


@pytest.mark.parametrize("sort", ["", "title", "updated"])
@pytest.mark.parametrize("stock", ["", "some"])
def test_pages_have_everything_once(
    owner: Staff, catalog: CatalogMaker, sort: str, stock: str
) -> None:
    catalog.add(*(make_product(f"Thing {n // 2}", make_variant(f"T{n}"), slug=f"thing-{n}") for n in range(120)))  # fmt: skip
    seen, path = [], f"/admin/products?sort={sort}&stock={stock}"
    while path:
        page = soup(owner.get(path))
        seen += [each["value"] for each in page.select("input[name=ids]")]
        following = page.select_one("a[rel=next]")
        path = str(following["href"]) if following else ""
    assert len(seen) == len(set(seen)) == 120


def test_a_fragment_is_the_list_alone(owner: Staff, range_: None) -> None:
    part = owner.get("/admin/products?q=mug", headers=HTMX)
    assert "<html" not in part.text
    assert part.vary.as_set(preserve_casing=True) >= {"HX-Request"}
    assert "Dune Mug" in part.text


@pytest.mark.parametrize("sort", list(ListSort))
@pytest.mark.parametrize("status", [None, Shown.PUBLISHED])
@pytest.mark.parametrize("every", [2, 5, 100])
def test_stretches_have_what_the_whole_list_has(
    app: Flask,
    catalog: CatalogMaker,
    monkeypatch: pytest.MonkeyPatch,
    sort: ListSort,
    status: Shown | None,
    every: int,
) -> None:
    monkeypatch.setattr(list_stretches, "_EVERY", every)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(23):
        made = make_product(f"Pot {number % 7}", make_variant(f"P-{number}", US=100))
        changes: dict[str, Any] = {
            "slug": f"pot-{number}",
            "updated_at": moment + timedelta(number % 4),
        }
        if number % 6 == 0:
            changes |= {"status": ProductStatus.DRAFT}
        catalog.add(replace(made, **changes))
    shown: list[Product] = []
    after = ""
    while True:
        page = service(ProductList, app).page(
            ProductFilter(sort=sort, status=status, after=after), 4
        )
        shown += [each.product for each in page.items]
        after = page.older
        if not after:
            break
    ever = datetime.min.replace(tzinfo=UTC)
    key = {
        ListSort.NEWEST: lambda each: each.id,
        ListSort.TITLE: lambda each: (each.title.casefold(), each.id),
        ListSort.UPDATED: lambda each: (each.updated_at or ever, each.id),
    }[sort]
    assert len(shown) == (23 if status is None else 19)
    assert shown == sorted(shown, key=key, reverse=sort is not ListSort.TITLE)
    assert len({each.id for each in shown}) == len(shown)
