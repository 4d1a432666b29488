"""The codes of a promotion: added, made by the thousand, downloaded, switched off."""

from __future__ import annotations

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.admin.coupon_forms import BatchForm, CodeForm, one_order
from app.admin.csv_download import csv_file
from app.admin.guard import area, changed, needs, only_looked, staff
from app.admin.inventory_forms import show_problems
from app.admin.lists import Slice, cut, list_state
from app.admin.permissions import Permission
from app.promotions.coupons import Coupons
from app.promotions.errors import BatchTaken, CodeTaken
from app.promotions.models import CouponCode
from app.promotions.service import PromotionService
from app.shared.errors import Invalid
from app.shared.texts import Text
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page

blueprint = area("coupons", __name__, "/promotions")
_PAGE = 50


@blueprint.get("/<promotion_id>/codes")
@needs(Permission.PROMOTIONS_VIEW)
def codes(promotion_id: str) -> Response:
    """Codes with their uses, and their batches."""
    return _show(promotion_id)


@blueprint.post("/<promotion_id>/codes")
@needs(Permission.PROMOTIONS_EDIT)
def add(promotion_id: str) -> BaseResponse:
    """Add one code."""
    form, coupons = CodeForm(request.form), service(Coupons)
    known = coupons.find(form.code.data or "")
    if not form.validate():
        return _show(promotion_id, 422, one=form)
    try:
        added = coupons.add(promotion_id, form.code.data or "", form.limit.value)
    except Invalid as refusal:
        show_problems(form, refusal)
        return _show(promotion_id, 422, one=form)
    except CodeTaken as refusal:
        form.code.errors = [refusal.message]
        return _show(promotion_id, 409, one=form)
    if known:
        only_looked()  # it was sent before
    else:
        after = {"code": added.code, "limit": added.limit}
        changed(f"code:{added.code}", added.code, None, after)
    leave_message(Text("%(code)s can be used.", code=added.code))
    return leave_to(f"/admin/promotions/{promotion_id}/codes")


@blueprint.post("/<promotion_id>/codes/state")
@needs(Permission.PROMOTIONS_EDIT)
def switch_code(promotion_id: str) -> BaseResponse:
    """Switch one code off, or on again."""
    code, active = request.form.get("code", ""), request.form.get("active") == "on"
    if service(Coupons).switch_code(promotion_id, code, active=active):
        changed(f"code:{code}", code, {"active": not active}, {"active": active})
    else:
        only_looked()
    words = Text("%(code)s is on.", code=code) if active else Text("%(code)s is off.", code=code)
    leave_message(words)
    return leave_to(f"/admin/promotions/{promotion_id}/codes")


@blueprint.post("/<promotion_id>/batches")
@needs(Permission.PROMOTIONS_EDIT)
def make(promotion_id: str) -> BaseResponse:
    """Make a batch; sent twice it is the same one."""
    form, coupons = BatchForm(request.form), service(Coupons)
    if not form.validate():
        return _show(promotion_id, 422, many=form)
    before = {each.name for each in coupons.batches(promotion_id)}
    try:
        made = coupons.make_batch(
            promotion_id,
            form.count.value,
            name=form.name.data or "",
            key=form.key.data or "",
            prefix=form.prefix.data or "",
            limit=form.batch_limit.value,
            by=staff().email,
        )
    except Invalid as refusal:
        show_problems(form, refusal, limit="batch_limit")
        return _show(promotion_id, 422, many=form)
    except BatchTaken as refusal:
        form.name.errors = [refusal.message]
        return _show(promotion_id, 409, many=form)
    if made.name in before:
        only_looked()  # it was sent before
    else:
        after = {"count": made.count, "prefix": made.prefix, "limit": made.limit, "active": True}
        changed(f"batch:{promotion_id}:{made.name}", made.name, None, after)
    leave_message(Text.counted("%(num)s code made.", "%(num)s codes made.", made.made))
    return leave_to(f"/admin/promotions/{promotion_id}/codes")


@blueprint.post("/<promotion_id>/batches/state")
@needs(Permission.PROMOTIONS_EDIT)
def switch(promotion_id: str) -> BaseResponse:
    """Switch all codes of a batch off, or on again."""
    name, active = request.form.get("name", ""), request.form.get("active") == "on"
    if service(Coupons).switch(promotion_id, name, active=active):
        subject = f"batch:{promotion_id}:{name}"
        changed(subject, name, {"active": not active}, {"active": active})
    else:
        only_looked()
    leave_message(Text("The batch is on.") if active else Text("The batch is off."))
    return leave_to(f"/admin/promotions/{promotion_id}/codes")


@blueprint.get("/<promotion_id>/codes.csv")
@needs(Permission.PROMOTIONS_VIEW)
def download(promotion_id: str) -> Response:
    """All codes, or those of one batch."""
    known = service(PromotionService).get(promotion_id)
    every = service(Coupons).every(known.id, request.args.get("batch", ""))
    rows = (
        (each.code, each.limit, each.left, each.batch, "yes" if each.active else "no")
        for each in every
    )
    return csv_file("codes.csv", ("code", "limit", "left", "batch", "on"), rows)


def _show(
    promotion_id: str,
    status: int = 200,
    *,
    one: CodeForm | None = None,
    many: BatchForm | None = None,
) -> Response:
    known, coupons = service(PromotionService).get(promotion_id), service(Coupons)
    batches = coupons.batches(known.id)
    state = list_state(filters={"batch": [each.name for each in batches]})
    listed = coupons.listed(
        known.id, q=state.q, batch=state.filters.get("batch", ""), after=state.after, most=_PAGE + 1
    )
    found: Slice[CouponCode] = cut(listed, _PAGE, "code")
    return page(
        "admin/promotions/codes.html",
        "list" if status == 200 else "content",
        status,
        known=known,
        state=state,
        found=found,
        batches=batches,
        batch_choices=[(each.name, each.name) for each in batches],
        one=one or CodeForm(),
        many=many or BatchForm(data=one_order()),
    )
