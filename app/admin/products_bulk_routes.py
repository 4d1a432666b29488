"""Many products changed at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.admin.guard import area, needs, only_looked
from app.admin.permissions import Permission
from app.admin.products_bulk_form import (
    PRICES,
    chosen_ids,
    read_edit,
    read_revisions,
    read_step,
)
from app.admin.products_list_page import PATH, show_list
from app.admin.products_pages import note_one_of_many
from app.catalog.bulk_editing import BulkEditing, Result, problems_of
from app.catalog.editing import ProductEditing
from app.catalog.service import CatalogService
from app.markets.context import all_markets
from app.shared.errors import Invalid
from app.shared.ids import ProductId
from app.shared.texts import Text
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, local_path, page

blueprint = area("bulk", __name__, "/products/bulk")
_MOST_TOLD = 20


@blueprint.post("")
@needs(Permission.CATALOG_EDIT)
def change() -> BaseResponse:
    """Change what was ticked; of prices, show first what they would be."""
    shelves = service(CatalogService).model().shelves.categories
    try:
        ids = chosen_ids(request.form)
        if request.form.get("action") in PRICES:
            step = read_step(request.form, all_markets())
            only_looked()
            found = service(BulkEditing).preview(ids, step)
            return _prices_page(found=found, step=step)
        edit = read_edit(request.form, shelves)
    except Invalid as refusal:
        return _again(refusal)
    return _told(service(BulkEditing).apply(ids, edit))


@blueprint.post("/prices")
@needs(Permission.CATALOG_EDIT)
def change_prices() -> BaseResponse:
    """Change prices as they were previewed; what moved on since stays as it is."""
    try:
        step = read_step(request.form, all_markets())
    except Invalid as refusal:
        return _again(refusal)
    revisions = read_revisions(request.form)
    return _told(service(BulkEditing).change_prices(revisions, step))


def _prices_page(**context: Any) -> Response:
    return page("admin/products/prices.html", "content", typed=request.form, **context)


def _again(refusal: Invalid) -> Response:
    """The chosen products with what is to be done, to be put right; the list if none is chosen."""
    ids = [ProductId(each) for each in request.form.getlist("ids")][:200]
    products = service(ProductEditing).several(ids)
    if not products:
        back = local_path(request.form.get("back", ""), PATH)
        return show_list(
            422, refusal.message, problems=refusal.fields, typed=request.form, back=back
        )
    return page(
        "admin/products/bulk.html",
        "content",
        422,
        products=products,
        shelves=service(CatalogService).model().shelves.categories,
        markets=all_markets(),
        typed=request.form,
        problems=refusal.fields,
        message=refusal.message,
    )


def _told(results: Sequence[Result]) -> BaseResponse:
    """Say how each went, on the list where they were ticked."""
    for each in results:
        if each.saved:
            note_one_of_many(each.saved)
    refused = problems_of(results)
    for each in refused[:_MOST_TOLD]:
        leave_message(Text("Not changed: %(title)s. %(why)s", title=each.title, why=each.problem))
    if len(refused) > _MOST_TOLD:
        leave_message(Text("%(more)s more were not changed.", more=len(refused) - _MOST_TOLD))
    done = sum(1 for each in results if each.saved)
    leave_message(Text.counted("%(num)s product changed.", "%(num)s products changed.", done))
    return leave_to(local_path(request.form.get("back", ""), PATH))
