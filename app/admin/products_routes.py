"""The list of products, and what makes, copies and deletes one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from flask import Flask, Response, request
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response as BaseResponse

from app.admin.guard import area, entry_id, needs, only_looked
from app.admin.permissions import Permission
from app.admin.products_details_form import DetailsForm, DetailsInput, posted
from app.admin.products_list_page import PATH as LIST
from app.admin.products_list_page import show_list
from app.admin.products_pages import note_change, path_of
from app.admin.undoing import undoable
from app.catalog.editing import ProductEditing
from app.catalog.listed import Shown
from app.catalog.models import Product, ProductKind, ProductStatus, Variant
from app.catalog.previews import Previews
from app.catalog.product_parts import from_plain
from app.catalog.service import CatalogService
from app.markets.context import all_markets
from app.shared.errors import Invalid, NotFound
from app.shared.ids import ProductId, Sku, new_id
from app.shared.texts import Text
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page

blueprint = area("products", __name__, "/products")
_ID = re.compile(r"prd_[0-9a-z]{26}", re.ASCII)
_NOTHING_YET = Product(
    id=ProductId(""), slug="", title="", vendor="", type="", kind=ProductKind.SIMPLE,
    status=ProductStatus.DRAFT, description_html="", category="", tags=(), options=(),
    variants=(), images=(),
)  # fmt: skip


@blueprint.get("")
@needs(Permission.CATALOG_VIEW)
def entries() -> Response:
    """Every product, whatever its status."""
    return show_list()


# --- a new one ------------------------------------------------------------------------------------


@blueprint.get("/new")
@needs(Permission.CATALOG_EDIT)
def new() -> Response:
    """An empty form."""
    form = DetailsForm(data={"status": Shown.DRAFT.value, "tax_class": "standard"})
    return _new_page(DetailsInput(form, ()), new_id("prd"), "")


@blueprint.post("")
@needs(Permission.CATALOG_EDIT)
def create() -> BaseResponse:
    """Make a product with one variant; its form names the id, so that it is made once."""
    given = posted(request.form)
    key = request.form.get("key", "")
    key = key if _ID.fullmatch(key) else new_id("prd")
    sku = request.form.get("sku", "").strip()
    given.form.offer(service(CatalogService).model().shelves.categories, all_markets(), None)
    if "add_row" in request.form:
        only_looked()
        return _new_page(given, key, sku)
    if not given.is_valid():
        return _new_page(given, key, sku, 422)
    product = given.edit(_NOTHING_YET)
    variant = Variant(sku=Sku(sku or product.slug.upper()[:120]), options={}, prices={})
    try:
        made = service(ProductEditing).create(
            replace(product, id=ProductId(key), variants=(variant,))
        )
    except Invalid as refusal:
        given.refuse(refusal)
        return _new_page(given, key, sku, 422, refusal.fields.get("sku", ""))
    note_change(None, made)
    leave_message(Text("“%(title)s” is there. Now its prices.", title=made.title))
    return leave_to(path_of(made.id, "/variants"))


def _new_page(
    given: DetailsInput, key: str, sku: str, status: int = 200, sku_error: str = ""
) -> Response:
    given.form.offer(service(CatalogService).model().shelves.categories, all_markets(), None)
    return page(
        "admin/products/new.html",
        "form",
        status,
        given=given,
        form=given.form,
        product=None,
        key=key,
        sku=sku,
        sku_error=sku_error,
        refused=status == 422,
        message=given.attribute_error,
    )


# --- one that is there ----------------------------------------------------------------------------


@blueprint.post("/<product_id>/duplicate")
@needs(Permission.CATALOG_EDIT)
def duplicate(product_id: str) -> BaseResponse:
    """Make a draft like it."""
    key = request.form.get("key", "")
    if not _ID.fullmatch(key):
        raise Invalid(Text("This form is incomplete: please reload the page."))
    made = service(ProductEditing).copy(product_id, key)
    note_change(None, made)
    leave_message(Text("This is the copy: a draft, with SKUs of its own and no stock."))
    return leave_to(path_of(made.id))


@blueprint.post("/<product_id>/deletion")
@needs(Permission.CATALOG_EDIT)
def delete(product_id: str) -> BaseResponse:
    """Delete a product of which nothing was sold, is there, or is part of a set."""
    try:
        gone = service(ProductEditing).delete(product_id)
    except NotFound:
        return leave_to(LIST)  # the button was pressed twice
    note_change(gone, None)
    return leave_to(f"{LIST}?undo={entry_id()}")


@blueprint.post("/<product_id>/preview")
@needs(Permission.CATALOG_VIEW)
def preview(product_id: str) -> BaseResponse:
    """To the product's page as shoppers would see it, by a link that can be passed on."""
    only_looked()
    return leave_to(service(Previews).path(service(ProductEditing).get(product_id).id))


def _restore(values: Mapping[str, Any]) -> None:
    service(ProductEditing).restore(from_plain(values))


def _offer_undo(state: BlueprintSetupState) -> None:
    undoable(cast("Flask", state.app), "product", Permission.CATALOG_EDIT, _restore)


blueprint.record_once(_offer_undo)
