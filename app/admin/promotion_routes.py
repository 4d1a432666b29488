"""Promotions: listed, made, changed, switched, and deleted while nobody used them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from flask import Flask, Response, abort, request
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response as BaseResponse

from app.admin.entry_fields import write_moment
from app.admin.form_differences import form_differences
from app.admin.guard import area, changed, entry_id, needs, only_looked
from app.admin.inventory_forms import show_problems
from app.admin.lists import Slice, cut, list_state
from app.admin.permissions import Permission
from app.admin.promotion_forms import EXPLAINED, KINDS, PromotionForm, promotion_form
from app.admin.promotion_pages import LOOKS, kept_states, listed_rows, show_form
from app.admin.promotion_reading import filled_form, promotion_of
from app.admin.undoing import undoable
from app.markets.service import MarketService
from app.promotions.checking import PromotionChecks
from app.promotions.errors import CodeTaken, PromotionMoved
from app.promotions.models import Promotion, PromotionState
from app.promotions.plain import plain_promotion
from app.promotions.queries import PromotionQuery
from app.promotions.service import PromotionService
from app.shared.clock import now
from app.shared.errors import Invalid
from app.shared.numbers import whole
from app.shared.texts import Text
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page

blueprint = area("promotions", __name__, "/promotions")
_PAGE = 50
_UNCOMPARED = {"key", "revision", "code"}


def _restore(before: Any) -> None:
    service(PromotionService).restore(before)


@blueprint.record_once
def _offer_undo(state: BlueprintSetupState) -> None:
    app = cast("Flask", state.app)
    undoable(app, "promotion", Permission.PROMOTIONS_EDIT, _restore)


@blueprint.get("")
@needs(Permission.PROMOTIONS_VIEW)
def promotions() -> Response:
    """All of them, the newest first, with what they gave."""
    state = list_state(
        filters={"state": [each.value for each in PromotionState], "kind": list(KINDS)}
    )
    chosen = state.filters.get("state", "")
    wanted = PromotionQuery(
        q=state.q,
        state=PromotionState(chosen) if chosen else None,
        kind=state.filters.get("kind", ""),
        after=state.after,
    )
    found: Slice[Promotion] = cut(service(PromotionService).listed(wanted, _PAGE + 1), _PAGE, "id")
    return page(
        "admin/promotions/list.html",
        "list",
        state=state,
        found=found,
        rows=listed_rows(found.items),
        looks=LOOKS,
        states=kept_states(),
        kinds=list(KINDS.items()),
    )


# --- making ---------------------------------------------------------------------------------------


@blueprint.get("/new")
@needs(Permission.PROMOTIONS_EDIT)
def new() -> Response:
    """What it gives, then the form for that."""
    kind = request.args.get("kind", "")
    if kind not in KINDS:
        return page("admin/promotions/kinds.html", "content", kinds=KINDS, explained=EXPLAINED)
    starts_at = write_moment(now().replace(second=0, microsecond=0))
    form = _form_class(kind)(data={"priority": "100", "starts_at": starts_at})
    if kind == "buy_get":
        form["share"].data = "100"
    return show_form(form)


@blueprint.post("/new")
@needs(Permission.PROMOTIONS_EDIT)
def make() -> BaseResponse:
    """Store a new promotion, with its first code if it has one."""
    form = _form_class(_asked_kind())(request.form)
    promotion = _valid(form)
    if promotion is None:
        return show_form(form, status=422)
    codes = [(form.code.data, None)] if form.code.data and not promotion.automatic else []
    promotions = service(PromotionService)
    if promotions.find(promotion.id) is not None:
        only_looked()  # it was sent before
        return leave_to(f"/admin/promotions/{promotion.id}")
    try:
        promotions.create(promotion, codes)
    except Invalid as refusal:
        show_problems(form, refusal)
        return show_form(form, status=422)
    except CodeTaken as refusal:
        form.code.errors = [refusal.message]
        return show_form(form, status=422)
    after = {**plain_promotion(promotion), "codes": [code for code, _ in codes]}
    changed(f"promotion:{promotion.id}", promotion.name, None, after)
    leave_message(Text("“%(name)s” was made.", name=promotion.name))
    return leave_to(f"/admin/promotions/{promotion.id}")


# --- changing -------------------------------------------------------------------------------------


@blueprint.get("/<promotion_id>")
@needs(Permission.PROMOTIONS_VIEW)
def promotion(promotion_id: str) -> Response:
    """One promotion in its form."""
    known = service(PromotionService).get(promotion_id)
    return show_form(filled_form(known, _markets()), known)


@blueprint.post("/<promotion_id>")
@needs(Permission.PROMOTIONS_EDIT)
def save(promotion_id: str) -> BaseResponse:
    """Change it over the revision that was read."""
    promotions = service(PromotionService)
    before = promotions.get(promotion_id)
    form = _form_class(before.benefit.kind)(request.form)
    wanted = _valid(form, before)
    if wanted is None:
        return show_form(form, before, 422)
    try:
        after = promotions.change(wanted)
    except PromotionMoved:
        return _conflict(form, promotions.get(promotion_id))
    changed(f"promotion:{before.id}", after.name, plain_promotion(before), plain_promotion(after))
    leave_message(Text("“%(name)s” is saved.", name=after.name))
    return leave_to(f"/admin/promotions/{before.id}")


def _conflict(form: PromotionForm, theirs: Promotion) -> BaseResponse:
    """Both versions, unless they say the same: then the form was sent twice."""
    both = form_differences(form, filled_form(theirs, _markets()), _UNCOMPARED)
    if not both:
        only_looked()
        return leave_to(f"/admin/promotions/{theirs.id}")
    form.revision.data = str(theirs.revision)
    return show_form(form, theirs, 409, both=both)


@blueprint.post("/<promotion_id>/state")
@needs(Permission.PROMOTIONS_EDIT)
def switch(promotion_id: str) -> BaseResponse:
    """On or off; orders that were placed keep their discount."""
    _switch(promotion_id, active=request.form.get("active") == "on")
    return leave_to(f"/admin/promotions/{promotion_id}")


@blueprint.post("/bulk")
@needs(Permission.PROMOTIONS_EDIT)
def bulk() -> BaseResponse:
    """Switch all that were ticked."""
    chosen = list(dict.fromkeys(request.form.getlist("promotion")))[:_PAGE]
    if not chosen:
        raise Invalid(Text("Please choose at least one promotion."))
    active = request.form.get("active") == "on"
    switched = sum(_switch(each, active=active) for each in chosen)
    if not switched:
        only_looked()
    leave_message(
        Text.counted("%(num)s promotion switched.", "%(num)s promotions switched.", switched)
    )
    return leave_to("/admin/promotions")


def _switch(promotion_id: str, *, active: bool) -> bool:
    promotions = service(PromotionService)
    before = promotions.get(promotion_id)
    after = promotions.switch(promotion_id, active=active)
    if before.revision == after.revision:
        return False
    changed(f"promotion:{before.id}", before.name, plain_promotion(before), plain_promotion(after))
    return True


@blueprint.post("/<promotion_id>/deletion")
@needs(Permission.PROMOTIONS_EDIT)
def delete(promotion_id: str) -> BaseResponse:
    """Delete it, as long as no order ever used it."""
    promotions = service(PromotionService)
    known = promotions.get(promotion_id)
    revision = whole(request.form.get("revision", ""), 0)
    deleted = promotions.delete(replace(known, revision=revision))
    changed(f"promotion:{known.id}", known.name, deleted, None)
    return leave_to(f"/admin/promotions?undo={entry_id()}")


# --- the form -------------------------------------------------------------------------------------


def _asked_kind() -> str:
    kind = request.values.get("kind", "")
    if kind not in KINDS:
        abort(404)
    return kind


def _form_class(kind: str) -> type[PromotionForm]:
    return promotion_form(kind, _markets())


def _markets() -> Any:
    return service(MarketService).every()


def _valid(form: PromotionForm, base: Promotion | None = None) -> Promotion | None:
    """The promotion that the form says, or None with what is wrong beside the fields."""
    if base:
        form.change()
    if not form.validate():
        return None
    promotion = promotion_of(form, base)
    problems = service(PromotionChecks).problems(promotion)
    for place, message in problems.items():
        name = place.replace("get_scope.", "get_").replace(".", "_")
        form[name].errors = [message]
    return None if problems else promotion
