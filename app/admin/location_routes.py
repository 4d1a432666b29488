"""The places where goods lie."""

from __future__ import annotations

from dataclasses import asdict, replace

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse
from wtforms import HiddenField, StringField, TextAreaField

from app.admin.entry_fields import WholeNumber
from app.admin.form_differences import FieldDifference, form_differences
from app.admin.guard import area, changed, needs, only_looked
from app.admin.inventory_forms import show_problems
from app.admin.permissions import Permission
from app.inventory.errors import LocationMoved, LocationTaken
from app.inventory.locations import Locations
from app.inventory.models import Location
from app.shared.errors import Invalid
from app.shared.numbers import whole
from app.shared.texts import Text
from app.web.forms import ShopForm
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page

blueprint = area("locations", __name__, "/locations")


class LocationForm(ShopForm):
    """A location's fields; ``code`` is chosen once."""

    version = HiddenField()
    code = StringField(Text("Code"))
    name = StringField(Text("Name"))
    country = StringField(Text("Country"))
    address = TextAreaField(Text("Address"))
    priority = WholeNumber(Text("Priority"), least=-1000, most=1000, needed=True)

    @property
    def known_version(self) -> int:
        """The version that was read; 0 is none that there is."""
        return whole(self.version.data or "", 0)


@blueprint.get("")
@needs(Permission.STOCK_VIEW)
def every() -> Response:
    """All of them, in the order in which they send."""
    return page("admin/inventory/locations.html", "content", locations=service(Locations).every())


@blueprint.get("/new")
@needs(Permission.STOCK_EDIT)
def new() -> Response:
    """An empty form."""
    return _show(LocationForm(data={"priority": "10"}))


@blueprint.post("/new")
@needs(Permission.STOCK_EDIT)
def add() -> BaseResponse:
    """Open a location."""
    form = LocationForm(request.form)
    if not form.validate():
        return _show(form, status=422)
    try:
        added = service(Locations).add(
            form.code.data or "",
            form.name.data or "",
            country=form.country.data or "",
            address=form.address.data or "",
            priority=form.priority.value,
        )
    except Invalid as refusal:
        show_problems(form, refusal)
        return _show(form, status=422)
    except LocationTaken as refusal:
        form.code.errors = [refusal.message]
        return _show(form, status=409)
    changed(f"location:{added.code}", added.name, None, asdict(added))
    leave_message(Text("%(name)s is open.", name=added.name))
    return leave_to("/admin/locations")


@blueprint.get("/<code>")
@needs(Permission.STOCK_VIEW)
def location(code: str) -> Response:
    """One location."""
    known = service(Locations).get(code)
    return _show(_filled(known), known)


@blueprint.post("/<code>")
@needs(Permission.STOCK_EDIT)
def save(code: str) -> BaseResponse:
    """Change it over the version that was read."""
    locations = service(Locations)
    before, form = locations.get(code), LocationForm(request.form)
    if not form.validate():
        return _show(form, before, 422)
    wanted = replace(
        before,
        name=form.name.data or "",
        country=form.country.data or "",
        address=form.address.data or "",
        priority=form.priority.value,
        version=form.known_version,
    )
    try:
        after = locations.change(wanted)
    except Invalid as refusal:
        show_problems(form, refusal)
        return _show(form, before, 422)
    except LocationMoved:
        theirs = locations.get(code)
        both = form_differences(form, _filled(theirs), {"version", "code"})
        form.version.data = str(theirs.version)
        return _show(form, theirs, 409, both)
    changed(f"location:{code}", after.name, asdict(before), asdict(after))
    leave_message(Text("Saved."))
    return leave_to("/admin/locations")


@blueprint.post("/<code>/closing")
@needs(Permission.STOCK_EDIT)
def close(code: str) -> BaseResponse:
    """Send nothing from it any more; refused while something lies there."""
    return _switch(code, active=False)


@blueprint.post("/<code>/opening")
@needs(Permission.STOCK_EDIT)
def reopen(code: str) -> BaseResponse:
    """Send from it again."""
    return _switch(code, active=True)


def _switch(code: str, *, active: bool) -> BaseResponse:
    locations = service(Locations)
    before = locations.get(code)
    if before.active is active:
        only_looked()  # it was sent before
        return leave_to("/admin/locations")
    if active:
        locations.reopen(code)
    else:
        locations.close(code)
    changed(f"location:{code}", before.name, {"active": before.active}, {"active": active})
    name = before.name
    leave_message(
        Text("%(name)s is open.", name=name) if active else Text("%(name)s is closed.", name=name)
    )
    return leave_to("/admin/locations")


def _filled(known: Location) -> LocationForm:
    return LocationForm(data={**asdict(known), "priority": str(known.priority)})


def _show(
    form: LocationForm,
    known: Location | None = None,
    status: int = 200,
    both: list[FieldDifference] | None = None,
) -> Response:
    return page(
        "admin/inventory/location.html", "content", status, form=form, known=known, both=both or []
    )
