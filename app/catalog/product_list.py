"""The range as staff list it: every status, with what is there of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.catalog.list_repository import ListRepository
from app.catalog.listed import ListSort, ProductFilter, Shown, StockFilter, cursor_of
from app.catalog.models import PolicyKind, Product, ProductStatus
from app.catalog.rules import is_sold
from app.catalog.stock import StockReader
from app.db.database import Database
from app.shared.ids import Sku

_PAGE = 50
_MOST_LOOKED_AT = 300  # products whose stock is read for one page of a list filtered by stock


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedProduct:
    """A product with the units available of it; None where none are counted: sets, gift cards."""

    product: Product
    units: int | None
    shown: Shown
    is_partly_out: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ProductSlice:
    """A page of the list. ``older`` is where the next one begins, "" after the last."""

    items: Sequence[ListedProduct]
    older: str = ""


class ProductList:
    """Searched, filtered and sorted, a page at a time."""

    def __init__(self, database: Database, stock: StockReader) -> None:
        self._products = ListRepository(database)
        self._stock = stock

    def page(self, wanted: ProductFilter, most: int = _PAGE) -> ProductSlice:
        """The products after ``wanted.after``. One that is filtered by stock may be short, and go
        on all the same: only so much is looked at for one page."""
        if wanted.stock is not None:
            return self._page_by_stock(wanted, wanted.stock, most)
        ids = self._products.ids(wanted, most + 1)
        found = self._with_stock(self._products.products(ids[:most]))
        return _slice(found, wanted.sort, more=len(ids) > most)

    def _page_by_stock(self, wanted: ProductFilter, stock: StockFilter, most: int) -> ProductSlice:
        ids = self._products.ids(wanted, _MOST_LOOKED_AT + 1)
        kept: list[ListedProduct] = []
        last: Product | None = None
        for start in range(0, min(len(ids), _MOST_LOOKED_AT), most):
            looked_at = ids[start : min(start + most, _MOST_LOOKED_AT)]
            for place, each in enumerate(self._with_stock(self._products.products(looked_at)), 1):
                last = each.product
                kept += [each] if _fits(each, stock) else []
                if len(kept) == most:
                    return _slice(kept, wanted.sort, more=start + place < len(ids))
        more = last is not None and len(ids) > _MOST_LOOKED_AT
        return ProductSlice(items=kept, older=cursor_of(last, wanted.sort) if last and more else "")

    def _with_stock(self, products: Sequence[Product]) -> list[ListedProduct]:
        skus = [variant.sku for each in products for variant in each.variants if _counts(each)]
        stock = self._stock.available(skus) if skus else {}
        return [_listed(each, stock) for each in products]


def shown_status(product: Product) -> Shown:
    """The status of a product as staff see it."""
    if product.status is ProductStatus.PUBLISHED:
        return Shown.PUBLISHED if is_sold(product) else Shown.SCHEDULED
    return Shown(product.status.value)


def _counts(product: Product) -> bool:
    return not product.is_bundle


def _listed(product: Product, stock: Mapping[Sku, int]) -> ListedProduct:
    counted = [
        stock.get(each.sku, 0)
        for each in product.variants
        if _counts(product) and each.policy.kind is not PolicyKind.UNCOUNTED
    ]
    return ListedProduct(
        product=product,
        units=sum(counted) if counted else None,
        shown=shown_status(product),
        is_partly_out=any(units <= 0 for units in counted),
    )


def _fits(listed: ListedProduct, wanted: StockFilter) -> bool:
    if listed.units is None:
        return False
    if wanted is StockFilter.PARTLY_OUT:
        return listed.is_partly_out
    return (listed.units > 0) == (wanted is StockFilter.SOME)


def _slice(items: Sequence[ListedProduct], sort: ListSort, *, more: bool) -> ProductSlice:
    return ProductSlice(items=items, older=cursor_of(items[-1].product, sort) if more else "")
