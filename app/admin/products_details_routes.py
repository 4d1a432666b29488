"""A product's texts, its places in the shop, and when it is there."""

from __future__ import annotations

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.admin.guard import area, needs, only_looked
from app.admin.permissions import Permission
from app.admin.products_details_form import DetailsInput, of_product, posted
from app.admin.products_pages import Clash, note_saved, path_of
from app.catalog.editing import ProductEditing, ProductMoved
from app.catalog.models import Product
from app.catalog.product_list import shown_status
from app.catalog.product_parts import Part
from app.catalog.service import CatalogService
from app.config import Settings
from app.markets.context import all_markets
from app.shared.errors import Invalid
from app.shared.ids import new_id
from app.shared.markup import shorten, text_of
from app.shared.texts import Text
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page

blueprint = area("product", __name__, "/products/<product_id>")


@blueprint.get("")
@needs(Permission.CATALOG_VIEW)
def show(product_id: str) -> Response:
    """The product as it is."""
    product = service(ProductEditing).get(product_id)
    return _form(product, of_product(product, Part.DETAILS.print_of(product)))


@blueprint.post("")
@needs(Permission.CATALOG_EDIT)
def save(product_id: str) -> BaseResponse:
    """Save what the form says."""
    editing = service(ProductEditing)
    product = editing.get(product_id)
    given = posted(request.form)
    _offer(given, product)
    if "add_row" in request.form:
        only_looked()
        return _form(product, given)
    if not given.is_valid():
        return _form(product, given, 422, message=given.attribute_error)
    try:
        saved = editing.save(product_id, given.edit, Part.DETAILS, given.seen)
    except ProductMoved as moved:
        clash = Clash(Part.DETAILS, moved)
        given.seen = clash.seen
        return _form(moved.theirs, given, 409, clash)
    except Invalid as refusal:
        given.refuse(refusal)
        return _form(product, given, 422, message=refusal.message)
    note_saved(saved)
    leave_message(Text("Saved.") if saved.is_changed else Text("There was nothing to change."))
    return leave_to(path_of(product_id))


def _offer(given: DetailsInput, product: Product) -> None:
    given.form.offer(service(CatalogService).model().shelves.categories, all_markets(), product)


def _form(
    product: Product,
    given: DetailsInput,
    status: int = 200,
    clash: Clash | None = None,
    message: str = "",
) -> Response:
    _offer(given, product)
    form = given.form
    summary = form.seo_description.data or text_of(form.description_html.data or "")
    return page(
        "admin/products/details.html",
        "form",
        status,
        product=product,
        shown=shown_status(product),
        given=given,
        form=form,
        clash=clash,
        refused=status == 422,
        message=message,
        is_priced=any(each.prices for each in product.variants),
        copy_key=new_id("prd"),
        result_title=form.seo_title.data or f"{form.title.data} by {form.vendor.data}",
        result_text=shorten(summary),
        base_url=service(Settings).base_url,
    )
