"""The list of products, as it is asked for and as a form of it is shown again."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response

from app.admin.lists import ListState, list_state
from app.catalog.listed import ListSort, ProductFilter, Shown, StockFilter
from app.catalog.models import ProductKind
from app.catalog.product_list import ProductList
from app.catalog.service import CatalogService
from app.markets.context import all_markets
from app.web.registry import service
from app.web.rendering import page

PATH = "/admin/products"
_MOST_VENDORS = 300


def show_list(
    status: int = 200,
    message: str = "",
    *,
    problems: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
    back: str = "",
) -> Response:
    """The list at the request's address, or at ``back``, with what was ``typed`` above it."""
    state = _state(back)
    model = service(CatalogService).model()
    shelves = model.shelves.categories
    vendors = sorted(model.vendors, key=str.casefold)[:_MOST_VENDORS]
    return page(
        "admin/products/list.html",
        "list",
        status,
        state=state,
        found=service(ProductList).page(_filter(state)),
        shelves=shelves,
        category_pairs=[(each.slug, each.name) for each in shelves],
        vendor_pairs=[(each, each) for each in vendors],
        markets=all_markets(),
        message=message,
        problems=problems or {},
        typed=typed or {},
    )


def _state(back: str) -> ListState:
    return list_state(
        path=PATH,
        back=back,
        sorts=[each.value for each in ListSort],
        filters={
            "status": [each.value for each in Shown],
            "kind": [each.value for each in ProductKind],
            "category": (),
            "vendor": (),
            "stock": [each.value for each in StockFilter],
        },
    )


def _filter(state: ListState) -> ProductFilter:
    chosen = state.filters
    return ProductFilter(
        q=state.q,
        status=Shown(chosen["status"]) if "status" in chosen else None,
        kind=ProductKind(chosen["kind"]) if "kind" in chosen else None,
        category=chosen.get("category", ""),
        vendor=chosen.get("vendor", ""),
        stock=StockFilter(chosen["stock"]) if "stock" in chosen else None,
        sort=ListSort(state.sort),
        after=state.after,
    )
