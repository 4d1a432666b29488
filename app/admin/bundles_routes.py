"""The bundle composer: parts, what may be taken instead, and what a set costs."""

from __future__ import annotations

import re
from typing import Any

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.admin.bundles_forms import (
    BundleInput,
    beside_fields,
    composition_from,
    empty_input,
    input_of,
    only_works_out,
    read_input,
)
from app.admin.catalog_answers import CHECK, Rivalry, rivalry
from app.admin.guard import area, changed, needs, only_looked
from app.admin.permissions import Permission
from app.catalog.composing import (
    BundleOutlook,
    Composing,
    Composition,
    composition_of,
    new_bundle_id,
)
from app.catalog.documents import pricing_to_document, product_to_document
from app.catalog.errors import Overtaken
from app.catalog.models import Product
from app.catalog.product_finding import ProductFinder
from app.markets.models import Market
from app.markets.service import MarketService
from app.shared.errors import Invalid
from app.shared.ids import ProductId
from app.shared.texts import Text
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page

blueprint = area("bundles", __name__)
_MOST_FOUND = 12
_PRODUCT_ID = re.compile(r"prd_[0-9A-Za-z]{26}")


@blueprint.get("/bundles/new")
@needs(Permission.CATALOG_EDIT)
def new() -> Response:
    """The form of a new bundle."""
    return _show(empty_input(new_bundle_id()), None)


@blueprint.post("/bundles/new")
@needs(Permission.CATALOG_EDIT)
def create() -> BaseResponse:
    """Store a new bundle as a draft, or show what the form comes to. Sent twice it is one."""
    given = read_input(request.form)
    if only_works_out(request.form):
        return _preview(given, None)
    values = given.values
    if not _PRODUCT_ID.fullmatch(values["product_id"]):
        values["product_id"] = new_bundle_id()
    try:
        stored = service(Composing).create(
            ProductId(values["product_id"]),
            values["title"],
            values["slug"],
            values["sku"],
            composition_from(given, _markets()),
        )
    except Invalid as refusal:
        return _refuse(given, None, refusal)
    changed(f"product:{stored.id}", stored.title, None, product_to_document(stored))
    leave_message(Text("The bundle “%(title)s” is saved as a draft.", title=stored.title))
    return leave_to(f"/admin/products/{stored.id}/bundle")


@blueprint.get("/products/<product_id>/bundle")
@needs(Permission.CATALOG_VIEW)
def edit(product_id: str) -> Response:
    """The form of a bundle."""
    product = service(Composing).get(product_id)
    return _show(input_of(composition_of(product)), product)


@blueprint.post("/products/<product_id>/bundle")
@needs(Permission.CATALOG_EDIT)
def change(product_id: str) -> BaseResponse:
    """Store a composition over the one that the form was read at."""
    product, given = service(Composing).get(product_id), read_input(request.form)
    if only_works_out(request.form):
        return _preview(given, product)
    try:
        composition = composition_from(given, _markets())
        before, after = service(Composing).change(product_id, composition, given.values["was"])
    except Invalid as refusal:
        return _refuse(given, product, refusal)
    except Overtaken as overtaken:
        return _overtaken(given, overtaken.current)
    changed(
        f"product:{after.id}",
        after.title,
        product_to_document(before),
        product_to_document(after),
    )
    leave_message(Text("The bundle “%(title)s” is saved.", title=after.title))
    return leave_to(f"/admin/products/{product_id}/bundle")


def _preview(given: BundleInput, product: Product | None) -> Response:
    only_looked()
    try:
        service(Composing).check(composition_from(given, _markets()))
    except Invalid as refusal:
        given.problems = beside_fields(refusal.fields)
    return _show(given, product)


def _refuse(given: BundleInput, product: Product | None, refusal: Invalid) -> Response:
    given.problems = beside_fields(refusal.fields)
    return _show(given, product, 422, CHECK if refusal.fields else refusal.message)


def _overtaken(given: BundleInput, current: Product) -> Response:
    theirs, yours = composition_of(current), composition_from(given, _markets())
    given.values["was"] = theirs.print
    return _show(given, current, 409, rival=rivalry(_plain(theirs), _plain(yours)))


def _plain(composition: Composition) -> dict[str, Any]:
    return {
        "parts": [
            {
                "sku": each.sku,
                "quantity": each.quantity,
                "optional": each.optional,
                "alternatives": list(each.alternatives),
            }
            for each in composition.components
        ],
        "pricing": pricing_to_document(composition.pricing),
    }


def _show(
    given: BundleInput,
    product: Product | None,
    status: int = 200,
    message: str = "",
    rival: Rivalry | None = None,
) -> Response:
    words = given.values["q"]
    found = service(ProductFinder).find(words, _MOST_FOUND) if words else []
    outlook = _work_out(given)
    return page(
        "admin/catalog/bundle.html",
        "content",
        status,
        given=given,
        product=product,
        message=message,
        rival=rival,
        outlook=outlook,
        found=[each for each in found if not (each.is_bundle or each.is_gift_card)],
        parts=outlook.parts if outlook else {},
        all_markets=_markets(),
    )


def _work_out(given: BundleInput) -> BundleOutlook | None:
    """What it comes to as it is typed; None while it cannot be read."""
    try:
        return service(Composing).work_out(composition_from(given, _markets()))
    except Invalid:
        return None


def _markets() -> tuple[Market, ...]:
    return service(MarketService).every()
