"""Choosing products by id, by likeness and by sales, from the read model alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pyroaring import BitMap

from app.catalog.readmodel.model import CatalogModel
from app.catalog.readmodel.orders import Order
from app.shared.ids import ProductId

_MOST_COMPARED = 4_000  # of a category's products, the newest, when looking for like ones
_MOST = 200  # of an order; nobody is shown more


@dataclass(frozen=True, kw_only=True, slots=True)
class Pick:
    """A product that can be bought now."""

    id: ProductId
    category: str


class Picks:
    """One model's rows in the orders that recommendations ask for."""

    def __init__(self, model: CatalogModel) -> None:
        self._model = model

    def buyable(self, ids: Iterable[ProductId], market: str) -> Iterator[Pick]:
        """Those of these products that are live, in stock and sold in the market, in this order."""
        allowed = self._allowed(market)
        numbers = (self._model.row_of.get(each) for each in ids)
        return self._picks(each for each in numbers if each is not None and each in allowed)

    def beside(self, product_id: ProductId, market: str) -> Iterator[Pick]:
        """Others of the same category: those that share most words, then the newest."""
        number = self._model.row_of.get(product_id)
        if number is None:
            return iter(())
        others = self._model.in_category.get(self._category(number), BitMap())
        others = others & self._allowed(market)
        others.discard(number)
        return self._picks(self._model.alike(number, others, _MOST_COMPARED).tolist())

    def bestselling(self, market: str) -> Iterator[Pick]:
        """What was sold at all, the most units first."""
        best = self._first(self._model.bestselling, self._allowed(market))
        return self._picks(each for each in best if self._model.sales[each] > 0)

    def featured(self, market: str) -> Iterator[Pick]:
        """What the owner features."""
        allowed = self._allowed(market) & self._model.featured
        return self._picks(self._first(self._model.newest, allowed))

    def newest(self, market: str) -> Iterator[Pick]:
        """Everything, the newest first."""
        return self._picks(self._first(self._model.newest, self._allowed(market)))

    def _allowed(self, market: str) -> BitMap:
        return self._model.sold_in(market) & self._model.buyable_in(market)

    def _first(self, order: Order, rows: BitMap) -> list[int]:
        numbers: list[int] = order.page(rows, 0, _MOST).tolist()
        return numbers

    def _picks(self, numbers: Iterable[int]) -> Iterator[Pick]:
        for each in numbers:
            yield Pick(id=self._model.ids[each], category=self._category(each))

    def _category(self, number: int) -> str:
        found = (slug for slug, rows in self._model.in_category.items() if number in rows)
        return next(found, "")
