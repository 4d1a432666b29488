"""Goods that go from one location to another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse
from wtforms import SelectField, StringField
from wtforms.validators import Length

from app.admin.guard import area, changed, needs, only_looked, staff
from app.admin.inventory_forms import RequestKey, show_problems
from app.admin.lists import cut, list_state
from app.admin.permissions import Permission
from app.catalog.service import CatalogService
from app.inventory.errors import NotEnoughThere
from app.inventory.locations import Locations
from app.inventory.transfers import MOST_LINES, Transfers
from app.shared.errors import Conflict, Invalid, NotFound
from app.shared.ids import Sku
from app.shared.numbers import whole
from app.shared.texts import Text
from app.web.forms import TOO_LONG, ShopForm
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page

blueprint = area("transfers", __name__, "/transfers")
_PAGE = 50
_EMPTY_LINES = 5


class TransferForm(ShopForm):
    """From where to where; its lines stand beside each other in the page."""

    key = RequestKey(prefix="trf")
    source = SelectField(Text("From"), validate_choice=False)
    target = SelectField(Text("To"), validate_choice=False)
    note = StringField(Text("Note"), validators=[Length(max=200, message=TOO_LONG)])


@dataclass(kw_only=True, slots=True)
class Line:
    """A line as it was typed, and what is wrong with it."""

    sku: str = ""
    units: str = ""
    error: str = ""


@dataclass(kw_only=True, slots=True)
class Lines:
    """The lines of a form, and the units by SKU that those without a mistake say."""

    lines: list[Line] = field(default_factory=list)
    units: dict[Sku, int] = field(default_factory=dict)

    @property
    def is_wrong(self) -> bool:
        """Whether a line has a mistake."""
        return any(line.error for line in self.lines)


@blueprint.get("")
@needs(Permission.STOCK_VIEW)
def past() -> Response:
    """Past transfers, the newest first."""
    state = list_state()
    found = cut(service(Transfers).past(state.after, _PAGE + 1), _PAGE, "place")
    names = service(Locations).names()
    return page("admin/inventory/transfers.html", "list", state=state, found=found, names=names)


@blueprint.get("/new")
@needs(Permission.STOCK_EDIT)
def new() -> Response:
    """An empty transfer, or one of the SKUs that were chosen."""
    lines = [Line(sku=sku[:200]) for sku in request.args.getlist("sku")[:MOST_LINES]]
    return _show(TransferForm(), Lines(lines=lines))


@blueprint.post("")
@needs(Permission.STOCK_EDIT)
def make() -> BaseResponse:
    """Carry a transfer out: all lines or none."""
    form, lines = TransferForm(request.form), _read_lines()
    if request.form.get("action") == "more":
        only_looked()
        return _show(form, lines, more=_EMPTY_LINES * 2)
    if not form.validate() or lines.is_wrong:
        return _show(form, lines, 422)
    transfers = service(Transfers)
    known = transfers.find(form.key.data or "")
    try:
        made = transfers.move(
            form.key.data or "",
            lines.units,
            form.source.data or "",
            form.target.data or "",
            by=staff().email,
            note=form.note.data or "",
        )
    except Invalid as refusal:
        show_problems(form, refusal)
        return _show(form, lines, 422, refusal.message)
    except (NotFound, Conflict) as refusal:
        if isinstance(refusal, NotEnoughThere):
            _mark_short(lines, refusal)
        return _show(form, lines, 409, refusal.message)
    if known:
        only_looked()  # it was sent before
    else:
        after = {"units": _plain(made.units), "note": made.note}
        changed(f"transfer:{made.id}", f"{made.source} → {made.target}", None, after)
    count = sum(made.units.values())
    leave_message(Text.counted("%(num)s unit moved.", "%(num)s units moved.", count))
    return leave_to(f"/admin/transfers/{made.id}")


@blueprint.get("/<transfer_id>")
@needs(Permission.STOCK_VIEW)
def transfer(transfer_id: str) -> Response:
    """One transfer with its lines."""
    made = service(Transfers).get(transfer_id)
    return page(
        "admin/inventory/transfer.html",
        "content",
        made=made,
        names=service(Locations).names(),
        titles=service(CatalogService).names_of(made.units),
    )


def _plain(units: Mapping[Sku, int]) -> list[dict[str, object]]:
    return [{"sku": sku, "units": count} for sku, count in units.items()]


def _read_lines() -> Lines:
    found = Lines()
    typed = zip(request.form.getlist("sku"), request.form.getlist("units"), strict=False)
    for sku, units in list(typed)[:MOST_LINES]:
        line = Line(sku=sku.strip(), units=units.strip())
        if not line.sku and not line.units:
            continue
        found.lines.append(line)
        if not line.sku:
            line.error = Text("Please name the SKU.")
        elif not 0 < whole(line.units, 0) < 10**7:
            line.error = Text("Please give a number of units, 1 or more.")
        elif line.sku in found.units:
            line.error = Text("%(name)s stands there twice.", name=line.sku)
        else:
            found.units[Sku(line.sku)] = whole(line.units, 0)
    return found


def _mark_short(lines: Lines, refusal: NotEnoughThere) -> None:
    for line in lines.lines:
        if Sku(line.sku) in refusal.there:
            line.error = Text("Only %(there)s can leave.", there=refusal.there[Sku(line.sku)])


def _show(
    form: TransferForm,
    lines: Lines,
    status: int = 200,
    message: str = "",
    *,
    more: int = _EMPTY_LINES,
) -> Response:
    places: dict[str, str] = {
        each.code: each.name for each in service(Locations).every() if each.active
    }
    form.source.choices = form.target.choices = places
    if form.target.data is None and len(places) > 1:
        form.target.data = list(places)[1]
    empty = [Line() for _ in range(max(more - len(lines.lines), 1))]
    return page(
        "admin/inventory/new_transfer.html",
        "content",
        status,
        form=form,
        lines=[*lines.lines, *empty],
        wrong=lines.is_wrong,
        message=message,
        several=len(places) > 1,
    )
