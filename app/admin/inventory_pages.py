"""What the pages of one SKU's stock show."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Response, request

from app.admin.inventory_forms import AdjustForm, CountForm, ThresholdForm
from app.admin.lists import ListState
from app.inventory.locations import Locations
from app.inventory.models import HistoryPage, Location, Shelf
from app.inventory.stock_list import StockList, StockQuery, StockRow, StockSort, StockState
from app.inventory.stocktaking import Stocktaking
from app.inventory.thresholds import Thresholds
from app.orders.service import OrderService
from app.shared.errors import NotFound
from app.shared.ids import OrderId, Sku
from app.shared.texts import Text
from app.web.registry import service
from app.web.rendering import page

_MOST_COLUMNS = 3  # locations beside each other in the list
_NO_MOVEMENTS = HistoryPage(movements=(), before=None)


@dataclass(frozen=True, kw_only=True, slots=True)
class SkuPage:
    """A SKU, and the places where it can lie."""

    row: StockRow
    locations: tuple[Location, ...]

    @classmethod
    def of(cls, sku: str) -> SkuPage:
        """Raises ``NotFound`` for what is neither counted nor in the range."""
        row = service(StockList).row(Sku(sku))
        if row is None:
            raise NotFound(Text("There is no SKU %(sku)s.", sku=sku))
        return cls(row=row, locations=tuple(service(Locations).every()))

    @property
    def shelves(self) -> list[tuple[Location, Shelf]]:
        """Open locations, and closed ones where something lies all the same."""
        shelves = self.row.level.shelves
        return [
            (each, shelves.get(each.code, Shelf()))
            for each in self.locations
            if each.active or each.code in shelves
        ]

    @property
    def own_threshold(self) -> int | None:
        """The SKU's own threshold, None for the shop's."""
        return self.row.level.low_at if self.row.level.low_own else None


def query_of(state: ListState) -> StockQuery:
    """What a list's address asks for."""
    chosen = state.filters.get("state", "")
    return StockQuery(
        q=state.q,
        state=StockState(chosen) if chosen else None,
        location=state.filters.get("location", ""),
        sort=StockSort(state.sort),
        after=state.after,
    )


def columns(locations: list[Location], chosen: str) -> list[Location]:
    """The locations that have a column in the list: the chosen one, or the first open ones."""
    if chosen:
        return [each for each in locations if each.code == chosen]
    return [each for each in locations if each.active][:_MOST_COLUMNS]


def show_row(
    shown: SkuPage, form: CountForm | None = None, status: int = 200, said: str = ""
) -> Response:
    """The list's row of a SKU, as it was asked for; ``said`` is read out."""
    return page(
        "admin/inventory/row.html",
        "row",
        status,
        said=said,
        each=shown.row,
        places=columns(list(shown.locations), request.form.get("filter", "")),
        filter=request.form.get("filter", ""),
        here=request.form.get("next", ""),
        form=form,
    )


def show_sku(
    shown: SkuPage,
    status: int = 200,
    *,
    counting: CountForm | None = None,
    adjusting: AdjustForm | None = None,
    limiting: ThresholdForm | None = None,
) -> Response:
    """A SKU's page, with the form that was refused as it was filled in."""
    before = request.args.get("before", "")
    sku = shown.row.level.sku
    history = _NO_MOVEMENTS
    if shown.row.counted:
        number = int(before) if before.isdecimal() and len(before) < 12 else None
        history = service(Stocktaking).history(sku, number)
    orders = {OrderId(each.why.order_id) for each in history.movements if each.why.order_id}
    own = shown.own_threshold
    adjusting = adjusting or AdjustForm()
    adjusting.location.choices = {each.code: each.name for each in shown.locations if each.active}
    return page(
        "admin/inventory/sku.html",
        "content",
        status,
        shown=shown,
        history=history,
        newer=f"/admin/inventory/{sku}" if before else "",
        older=f"/admin/inventory/{sku}?{urlencode({'before': history.before or ''})}",
        numbers=service(OrderService).numbers_of(orders),
        names={each.code: each.name for each in shown.locations},
        shop_threshold=service(Thresholds).of_shop(),
        wrong=next(
            (each for each in (counting, adjusting, limiting) if each and each.errors), None
        ),
        counting=counting,
        adjusting=adjusting,
        limiting=limiting
        or ThresholdForm(data={"read": own, "threshold": "" if own is None else str(own)}),
    )
