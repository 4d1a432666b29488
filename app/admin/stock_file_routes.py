"""Stock as files: exported, and counted from a sheet after a dry run; and the shop's low mark."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse
from wtforms import TextAreaField

from app.admin.csv_download import csv_file
from app.admin.guard import area, changed, needs, only_looked, staff
from app.admin.inventory_forms import ThresholdForm
from app.admin.permissions import Permission
from app.inventory.count_sheets import (
    LOCATION,
    MOVEMENT,
    ON_HAND,
    SKU,
    CountSheets,
    SheetReview,
    write_sheet,
)
from app.inventory.errors import ThresholdMoved
from app.inventory.models import Counted, Movement
from app.inventory.stock_list import StockList
from app.inventory.stocktaking import Stocktaking
from app.inventory.thresholds import Read, Thresholds
from app.shared.errors import Invalid
from app.shared.ids import Sku
from app.shared.texts import Text
from app.web.forms import ShopForm
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page

blueprint = area("stock_files", __name__, "/inventory")
_STOCK = (SKU, LOCATION, ON_HAND, MOVEMENT, "Reserved", "Available", "Low at", "Product", "Options")
_MOVES = (
    "SKU", "Number", "When (UTC)", "Cause", "Location", "On hand", "Reserved", "Then on hand",
    "Then reserved", "In all", "Who", "Order", "Reason",
)  # fmt: skip


class SheetForm(ShopForm):
    """A sheet of counts as text."""

    file = TextAreaField(Text("CSV file"))


# --- files that go out ----------------------------------------------------------------------------


@blueprint.get("/export.csv")
@needs(Permission.STOCK_VIEW)
def export() -> Response:
    """All stock, a line for each SKU and location: as a sheet that can be uploaded again."""
    return csv_file("stock.csv", _STOCK, _stock_lines(service(StockList)))


def _stock_lines(stock: StockList) -> Iterator[tuple[object, ...]]:
    for row in stock.every():
        level = row.level
        for code, shelf in sorted(level.shelves.items()):
            yield (
                level.sku, code, shelf.on_hand, level.moves, shelf.reserved, shelf.available,
                level.low_at, row.title, row.variant_title,
            )  # fmt: skip


@blueprint.get("/movements.csv")
@needs(Permission.STOCK_VIEW)
def movements() -> Response:
    """Every movement of the shop."""
    return csv_file("movements.csv", _MOVES, map(_move_line, service(Stocktaking).movements()))


@blueprint.get("/<path:sku>/history.csv")
@needs(Permission.STOCK_VIEW)
def history(sku: str) -> Response:
    """Every movement of one SKU, the newest first."""
    stocktaking = service(Stocktaking)
    known = stocktaking.level(Sku(sku))
    return csv_file("history.csv", _MOVES, map(_move_line, stocktaking.movements_of(known.sku)))


def _move_line(each: Movement) -> tuple[object, ...]:
    return (
        each.sku, each.number, f"{each.at:%Y-%m-%d %H:%M:%S}", each.why.cause.value,
        each.location, each.on_hand, each.reserved, each.after.on_hand, each.after.reserved,
        each.total_after, each.why.by, each.why.order_id, each.why.reason,
    )  # fmt: skip


# --- counts that come in --------------------------------------------------------------------------


@blueprint.get("/counts")
@needs(Permission.STOCK_EDIT)
def counts() -> Response:
    """The upload's form."""
    return _show(SheetForm())


@blueprint.post("/counts")
@needs(Permission.STOCK_EDIT)
def review() -> Response:
    """The dry run: what the sheet would change."""
    only_looked()
    form = SheetForm(request.form)
    upload = request.files.get("upload")
    if upload and upload.filename:
        form.file.data = _decoded(upload.read())
    try:
        found = service(CountSheets).review(form.file.data or "")
    except Invalid as refusal:
        form.file.errors = [refusal.message]
        return _show(form, 422)
    lines = [each.line for each in found.changes if not each.stale]
    return _show(form, 200, review=found, sheet=write_sheet(lines) if lines else "")


@blueprint.post("/counts/booking")
@needs(Permission.STOCK_EDIT)
def book() -> BaseResponse:
    """Carry out what the dry run showed; what moved since is left alone and named."""
    form = SheetForm(request.form)
    sheets = service(CountSheets)
    try:
        found = sheets.review(form.file.data or "")
    except Invalid as refusal:
        form.file.errors = [refusal.message]
        return _show(form, 422)
    done = sheets.carry_out([each.line for each in found.counts], by=staff().email)
    made = [each for each in done if not each.stale and each.before != each.line.units]
    stale = tuple(each for each in done if each.stale)
    if made:
        before = [_number(each, each.before) for each in made]
        after = [_number(each, each.line.units) for each in made]
        changed("stock:counts", "Counts", {"counts": before}, {"counts": after})
    else:
        only_looked()
    message = Text.counted("%(num)s number changed.", "%(num)s numbers changed.", len(made))
    if stale or found.problems:
        left = SheetReview(counts=stale, problems=found.problems)
        return _show(form, 409, review=left, done=message)
    leave_message(message)
    return leave_to("/admin/inventory")


def _number(counted: Counted, units: int) -> dict[str, object]:
    return {"sku": counted.line.sku, "location": counted.line.location, "on_hand": units}


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def _show(
    form: SheetForm,
    status: int = 200,
    *,
    review: SheetReview | None = None,
    sheet: str = "",
    done: str = "",
) -> Response:
    return page(
        "admin/inventory/counts.html", "content", status,
        form=form, review=review, sheet=sheet, done=done,
    )  # fmt: skip


# --- the shop's low mark --------------------------------------------------------------------------


@blueprint.get("/threshold")
@needs(Permission.STOCK_EDIT)
def threshold() -> Response:
    """From how few units on staff are told, where a SKU says nothing else."""
    known = service(Thresholds).of_shop()
    return _show_threshold(ThresholdForm(data={"read": known, "threshold": str(known)}))


@blueprint.post("/threshold")
@needs(Permission.STOCK_EDIT)
def set_threshold() -> BaseResponse:
    """Change it."""
    form = ThresholdForm(request.form)
    if not form.validate() or form.threshold.value is None:
        form.threshold.errors = form.threshold.errors or [Text("Please fill this in.")]
        return _show_threshold(form, 422)
    thresholds, wanted = service(Thresholds), form.threshold.value
    before = thresholds.of_shop()
    try:
        thresholds.set_shop(wanted, over=Read(units=form.known))
    except ThresholdMoved as refusal:
        form.read.data = str(refusal.now)
        form.threshold.errors = [
            Text(
                "You entered %(mine)s, but somebody has set %(theirs)s since you looked. "
                "Save again to make it %(mine)s.",
                mine=wanted,
                theirs=refusal.now,
            )
        ]
        return _show_threshold(form, 409)
    if before == wanted:
        only_looked()
    else:
        changed("stock:threshold", "Low mark", {"low_at": before}, {"low_at": wanted})
    leave_message(Text("Saved."))
    return leave_to("/admin/inventory")


def _show_threshold(form: ThresholdForm, status: int = 200) -> Response:
    return page("admin/inventory/threshold.html", "content", status, form=form)
