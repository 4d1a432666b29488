"""Stock: looked through, counted, corrected, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.admin.guard import area, changed, needs, only_looked, staff
from app.admin.inventory_forms import AdjustForm, CountForm, ThresholdForm, show_problems
from app.admin.inventory_pages import SkuPage, columns, query_of, show_row, show_sku
from app.admin.lists import cut, list_state
from app.admin.permissions import Permission
from app.inventory.errors import NotEnoughThere, SentBefore, ThresholdMoved
from app.inventory.locations import Locations
from app.inventory.models import Cause, Counted, CountLine
from app.inventory.stock_list import StockList, StockSort, StockState
from app.inventory.stocktaking import Stocktaking
from app.inventory.thresholds import Read, Thresholds
from app.shared.errors import Invalid, NotFound
from app.shared.ids import Sku
from app.shared.texts import Text
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, local_path, page, wants_fragment

blueprint = area("inventory", __name__, "/inventory")
_PAGE = 50
_STATES = [
    (StockState.LOW.value, Text("Low")),
    (StockState.OUT.value, Text("Sold out")),
    (StockState.OWED.value, Text("Owed to orders")),
]


@blueprint.get("")
@needs(Permission.STOCK_VIEW)
def stock() -> Response:
    """All SKUs, searched, narrowed and sorted."""
    return _list()


def _list(
    status: int = 200,
    message: str = "",
    *,
    threshold: str = "",
    ticked: Sequence[Sku] = (),
    back: str = "",
) -> Response:
    locations = service(Locations).every()
    state = list_state(
        sorts=[each.value for each in StockSort],
        filters={
            "state": [each.value for each in StockState],
            "location": [each.code for each in locations],
        },
        path="/admin/inventory",
        back=back,
    )
    found = cut(service(StockList).rows(query_of(state), _PAGE + 1), _PAGE, "cursor")
    return page(
        "admin/inventory/list.html",
        "list",
        status,
        state=state,
        message=message,
        threshold=threshold,
        ticked=ticked,
        found=found,
        places_to_choose=[(each.code, each.name) for each in locations],
        states=_STATES,
        places=columns(locations, state.filters.get("location", "")),
        filter=state.filters.get("location", ""),
        here=state.link(after=state.after),
    )


@blueprint.get("/<path:sku>")
@needs(Permission.STOCK_VIEW)
def sku(sku: str) -> Response:
    """One SKU by location, and what became of it."""
    return show_sku(SkuPage.of(sku))


@blueprint.post("/<path:sku>/count")
@needs(Permission.STOCK_EDIT)
def count(sku: str) -> BaseResponse:
    """What was counted at a location."""
    shown = SkuPage.of(sku)
    form = CountForm(request.form)
    if not form.validate():
        return _recount(shown, form, 422)
    line = CountLine(
        sku=Sku(sku),
        location=form.location.data or "",
        units=form.quantity.value,
        read_at=form.read_at.value,
    )
    try:
        (counted,) = service(Stocktaking).count_all([line], by=staff().email)
    except Invalid as refusal:
        show_problems(form, refusal)
        return _recount(shown, form, 422)
    if counted.stale:
        return _recount(SkuPage.of(sku), form, 409, counted)
    _note_count(counted)
    done = Text("%(sku)s: %(units)s on hand.", sku=sku, units=line.units)
    if wants_fragment() and "row" in request.form:
        return show_row(SkuPage.of(sku), said=done)
    leave_message(done)
    return leave_to(local_path(request.form.get("next", ""), f"/admin/inventory/{sku}"))


def _recount(
    shown: SkuPage, form: CountForm, status: int, stale: Counted | None = None
) -> Response:
    """The form again with what was typed. Against a newer state it can be sent once more."""
    if stale:
        form.read_at.data = str(shown.row.level.moves)
        form.quantity.errors = [
            Text(
                "You entered %(mine)s, but goods came or left since you looked: "
                "%(theirs)s are on hand now. Save again to make it %(mine)s.",
                mine=stale.line.units,
                theirs=stale.before,
            )
        ]
    if wants_fragment() and "row" in request.form:
        return show_row(shown, form, status)
    return show_sku(shown, status, counting=form)


def _note_count(counted: Counted) -> None:
    line = counted.line
    if counted.before == line.units:
        only_looked()
        return
    before, after = {"on_hand": counted.before}, {"on_hand": line.units}
    changed(f"stock:{line.sku}", f"{line.sku} ({line.location})", before, after)


@blueprint.post("/<path:sku>/adjustment")
@needs(Permission.STOCK_EDIT)
def adjust(sku: str) -> BaseResponse:
    """So many more or fewer, for a reason."""
    shown = SkuPage.of(sku)
    form = AdjustForm(request.form)
    if not form.validate():
        return show_sku(shown, 422, adjusting=form)
    where, before = form.location.data or "", shown.row.level
    try:
        after = service(Stocktaking).adjust(
            Sku(sku),
            form.change.value,
            where,
            reason=form.reason.data or "",
            by=staff().email,
            cause=Cause(form.cause.data),
            key=form.key.data or "",
        )
    except Invalid as refusal:
        show_problems(form, refusal, quantity="change")
        return show_sku(shown, 422, adjusting=form)
    except (NotEnoughThere, SentBefore) as refusal:
        form.change.errors = [refusal.message]
        return show_sku(SkuPage.of(sku), 409, adjusting=form)
    if after.moves == before.moves:
        only_looked()  # it was sent before
    else:
        changed(
            f"stock:{sku}",
            f"{sku} ({where})",
            {"on_hand": before.on_hand},
            {"on_hand": after.on_hand, "change": form.change.value, "reason": form.reason.data},
        )
    leave_message(Text("%(sku)s: %(units)s on hand in all.", sku=sku, units=after.on_hand))
    return leave_to(f"/admin/inventory/{sku}")


@blueprint.post("/<path:sku>/threshold")
@needs(Permission.STOCK_EDIT)
def threshold(sku: str) -> BaseResponse:
    """From how few units of this SKU on staff are told."""
    shown = SkuPage.of(sku)
    form = ThresholdForm(request.form)
    if not form.validate():
        return show_sku(shown, 422, limiting=form)
    wanted = form.threshold.value
    try:
        service(Thresholds).set_own(Sku(sku), wanted, over=Read(units=form.known))
    except ThresholdMoved as refusal:
        form.read.data = "" if refusal.now is None else str(refusal.now)
        form.threshold.errors = [_both(wanted, refusal.now)]
        return show_sku(SkuPage.of(sku), 409, limiting=form)
    before = shown.own_threshold
    if before == wanted:
        only_looked()
    else:
        changed(f"stock:{sku}", sku, {"low_at": before}, {"low_at": wanted})
    leave_message(Text("Saved."))
    return leave_to(f"/admin/inventory/{sku}")


def _both(mine: int | None, theirs: int | None) -> str:
    shop = Text("the shop’s")
    return Text(
        "You entered %(mine)s, but somebody has set %(theirs)s since you looked. "
        "Save again to make it %(mine)s.",
        mine=shop if mine is None else mine,
        theirs=shop if theirs is None else theirs,
    )


@blueprint.post("/bulk")
@needs(Permission.STOCK_EDIT)
def bulk() -> BaseResponse:
    """Move the chosen SKUs, or give them one threshold."""
    skus = list(dict.fromkeys(map(Sku, request.form.getlist("sku"))))[:_PAGE]
    back = local_path(request.form.get("next", ""), "/admin/inventory")
    typed = request.form.get("threshold", "")
    if not skus:
        message = Text("Please choose at least one SKU.")
        return _list(422, message, threshold=typed, back=back)
    if request.form.get("action") == "transfer":
        only_looked()
        chosen = urlencode([("sku", each) for each in skus])
        return leave_to(f"/admin/transfers/new?{chosen}")
    form = ThresholdForm(request.form)
    if not form.validate():
        return _list(422, form.threshold.errors[0], threshold=typed, ticked=skus, back=back)
    wanted, stocktaking = form.threshold.value, service(Stocktaking)
    for each in skus:
        level = stocktaking.find(each)
        if level is None:
            raise NotFound(Text("No stock of %(sku)s was ever counted.", sku=each))
        service(Thresholds).set_own(each, wanted)
        before = level.low_at if level.low_own else None
        changed(f"stock:{each}", each, {"low_at": before}, {"low_at": wanted})
    leave_message(Text.counted("%(num)s SKU changed.", "%(num)s SKUs changed.", len(skus)))
    return leave_to(back)
