"""A product's options, and the matrix of its variants."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.admin.guard import area, needs, only_looked, staff
from app.admin.permissions import Permission
from app.admin.products_pages import Clash, note_saved, path_of
from app.admin.products_variants_draft import Draft
from app.admin.products_variants_form import Reading, draft_of, posted_draft, problems_by_field
from app.catalog.editing import ProductEditing, ProductMoved
from app.catalog.models import PolicyKind, Product
from app.catalog.product_parts import Part
from app.markets.context import all_markets
from app.shared.errors import Invalid
from app.shared.ids import new_id
from app.shared.texts import Text
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page

blueprint = area("variants", __name__, "/products/<product_id>/variants")
_POLICIES = [
    (PolicyKind.DENY.value, Text("Stop selling")),
    (PolicyKind.BACK_ORDER.value, Text("Back-order")),
    (PolicyKind.PRE_ORDER.value, Text("Pre-order")),
    (PolicyKind.UNCOUNTED.value, Text("Never runs out")),
]


@blueprint.get("")
@needs(Permission.CATALOG_VIEW)
def show(product_id: str) -> Response:
    """The matrix as it is."""
    product = service(ProductEditing).get(product_id)
    return _form(product, draft_of(product), Part.VARIANTS.print_of(product))


@blueprint.post("")
@needs(Permission.CATALOG_EDIT)
def save(product_id: str) -> BaseResponse:
    """Save the matrix; every other button gives it back with one thing more or less."""
    editing = service(ProductEditing)
    product = editing.get(product_id)
    draft, seen = posted_draft(request.form, all_markets()), request.form.get("seen", "")
    if action := request.form.get("do", ""):
        only_looked()
        return _form(product, draft.after(action, product.slug), seen)
    reading = Reading(draft, all_markets())
    by = staff().email if "write_off" in request.form else ""
    try:
        saved = editing.save(product_id, reading.edit, Part.VARIANTS, seen, write_off=by)
    except ProductMoved as moved:
        clash = Clash(Part.VARIANTS, moved)
        return _form(moved.theirs, draft, clash.seen, 409, clash=clash)
    except Invalid as refusal:
        problems = problems_by_field(refusal, draft)
        return _form(product, draft, seen, 422, problems)
    note_saved(saved)
    leave_message(Text("Saved.") if saved.is_changed else Text("There was nothing to change."))
    return leave_to(path_of(product_id, "/variants"))


def _form(
    product: Product,
    draft: Draft,
    seen: str,
    status: int = 200,
    problems: Mapping[str, str] | None = None,
    clash: Clash | None = None,
) -> Response:
    stock = service(ProductEditing).stock_of(each.sku for each in product.variants)
    return page(
        "admin/products/variants.html",
        "form",
        status,
        product=product,
        draft=draft,
        seen=seen,
        problems=problems or {},
        clash=clash,
        shown_markets=all_markets(),
        policies=_POLICIES,
        stock=stock,
        copy_key=new_id("prd"),
    )
