"""Collections: by hand or by rule, in the shop's order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from flask import Flask, Response, request
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response as BaseResponse

from app.admin.catalog_answers import CHECK, Rivalry, rivalry
from app.admin.collections_forms import (
    SORTS,
    CollectionInput,
    collection_from,
    input_of,
    read_input,
    rule_from,
)
from app.admin.form_pictures import keep_upload, takes_uploads
from app.admin.guard import area, changed, entry_id, needs, only_looked
from app.admin.lists import cut, list_state
from app.admin.permissions import Permission
from app.admin.product_list import found_products, only_arranges, shown_products
from app.admin.shelf_order import rearranged
from app.admin.undoing import undoable
from app.catalog.documents import shelf_to_document
from app.catalog.errors import Overtaken
from app.catalog.models import Collection, RuleField
from app.catalog.product_finding import ProductFinder
from app.catalog.rule_preview import RulePreview, known_options, preview_rule, suggested_values
from app.catalog.service import CatalogService
from app.catalog.shelving import Shelving
from app.markets.models import Market
from app.markets.service import MarketService
from app.shared.clock import now
from app.shared.errors import Invalid
from app.shared.texts import Text
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page

blueprint = area("collections", __name__, "/collections")
takes_uploads(blueprint)
_PAGE = 200
_SHOWN = 12  # products of a preview


@blueprint.get("")
@needs(Permission.CATALOG_VIEW)
def collections() -> Response:
    """All collections, narrowed by words, kind and whether they are shown now."""
    state = list_state(
        sorts=("", "title"), filters={"kind": ("hand", "rule"), "when": ("open", "later", "over")}
    )
    stored = service(Shelving).every(Collection)
    found = [each for each in stored if _fits(each, state.q, state.filters)]
    if state.sort == "title":
        found.sort(key=lambda each: each.title.casefold())
    slugs = [each.slug for each in found]
    begin = slugs.index(state.after) + 1 if state.after in slugs else 0
    model = service(CatalogService).model()
    return page(
        "admin/catalog/collections.html",
        "list",
        state=state,
        found=cut(found[begin : begin + _PAGE + 1], _PAGE, "slug"),
        counts={slug: len(each.rows) for slug, each in model.members_of.items()},
        when=_when,
        order=slugs if len(slugs) == len(stored) <= _PAGE and not state.sort else [],
    )


def _fits(each: Collection, words: str, wanted: Mapping[str, str]) -> bool:
    text = f"{each.title} {each.slug}".casefold()
    return (
        all(word in text for word in words.casefold().split())
        and wanted.get("kind", "") in {"", "rule" if each.rule else "hand"}
        and wanted.get("when", "") in {"", _when(each)}
    )


def _when(each: Collection) -> str:
    """Whether a collection is shown: now, later or not any more."""
    if each.is_open(now()):
        return "open"
    return "later" if each.starts_at and each.starts_at > now() else "over"


@blueprint.post("/order")
@needs(Permission.CATALOG_EDIT)
def order() -> BaseResponse:
    """Put the collections in another order."""
    return rearranged(Collection, "/admin/collections")


@blueprint.get("/new")
@needs(Permission.CATALOG_EDIT)
def new() -> Response:
    """The form of a new collection."""
    return _show(input_of(Collection(slug="", title=""), ()), None)


@blueprint.post("/new")
@needs(Permission.CATALOG_EDIT)
def create() -> BaseResponse:
    """Store a new collection, or show what the form comes to."""
    given = read_input(request.form)
    try:
        keep_upload(given.values, request.files.get("image"), given.values["title"])
        if only_arranges(request.form):
            return _preview(given, None)
        stored = service(Shelving).create(collection_from(given, given.values["slug"], _markets()))
    except Invalid as refusal:
        return _refuse(given, None, refusal)
    changed(f"collection:{stored.slug}", stored.title, None, shelf_to_document(stored))
    leave_message(Text("The collection “%(title)s” is saved.", title=stored.title))
    return leave_to(f"/admin/collections/{stored.slug}")


@blueprint.get("/<slug>")
@needs(Permission.CATALOG_VIEW)
def edit(slug: str) -> Response:
    """The form of a collection."""
    stored = service(Shelving).get(Collection, slug)
    return _show(input_of(stored, _markets()), stored)


@blueprint.post("/<slug>")
@needs(Permission.CATALOG_EDIT)
def change(slug: str) -> BaseResponse:
    """Store a collection over the revision that the form was read at."""
    stored = service(Shelving).get(Collection, slug)
    given = read_input(request.form)
    try:
        keep_upload(given.values, request.files.get("image"), given.values["title"])
        if only_arranges(request.form):
            return _preview(given, stored)
        before, after = service(Shelving).change(collection_from(given, slug, _markets()))
    except Invalid as refusal:
        return _refuse(given, stored, refusal)
    except Overtaken as overtaken:
        return _overtaken(given, overtaken.current)
    changed(f"collection:{slug}", after.title, shelf_to_document(before), shelf_to_document(after))
    leave_message(Text("The collection “%(title)s” is saved.", title=after.title))
    return leave_to(f"/admin/collections/{slug}")


@blueprint.post("/<slug>/deletion")
@needs(Permission.CATALOG_EDIT)
def delete(slug: str) -> BaseResponse:
    """Delete a collection; the next page offers to bring it back."""
    gone = service(Shelving).delete(Collection, slug)
    changed(f"collection:{slug}", gone.title, shelf_to_document(gone), None)
    return leave_to(f"/admin/collections?undo={entry_id()}")


@blueprint.record_once
def _let_undo(state: BlueprintSetupState) -> None:
    def restore(before: Mapping[str, Any]) -> None:
        service(Shelving).restore(Collection, before)

    undoable(cast("Flask", state.app), "collection", Permission.CATALOG_EDIT, restore)


# --- answering ----------------------------------------------------------------------------------


def _preview(given: CollectionInput, stored: Collection | None) -> Response:
    only_looked()
    return _show(given, stored)


def _refuse(given: CollectionInput, stored: Collection | None, refusal: Invalid) -> Response:
    given.problems = refusal.fields
    return _show(given, stored, 422, CHECK if refusal.fields else refusal.message)


def _overtaken(given: CollectionInput, current: Collection) -> Response:
    yours = replace(collection_from(given, current.slug, _markets()), position=current.position)
    given.values["revision"] = str(current.revision)
    rival = rivalry(shelf_to_document(current), shelf_to_document(yours))
    return _show(given, current, 409, rival=rival)


def _show(
    given: CollectionInput,
    stored: Collection | None,
    status: int = 200,
    message: str = "",
    rival: Rivalry | None = None,
) -> Response:
    model = service(CatalogService).model()
    preview = _work_out(given)
    chosen, unshown = shown_products(given.products)
    return page(
        "admin/catalog/collection.html",
        "content",
        status,
        given=given,
        stored=stored,
        message=message,
        rival=rival,
        preview=preview,
        chosen=chosen,
        unshown=unshown,
        shown=service(ProductFinder).by_ids(preview.newest) if preview else [],
        found=[] if given.by_rule else found_products(given.values["q"], given.products),
        sorts=SORTS,
        subjects=list(RuleField),
        option_names=known_options(model),
        suggested=[suggested_values(model, each.subject, each.option) for each in given.conditions],
        all_markets=_markets(),
    )


def _work_out(given: CollectionInput) -> RulePreview | None:
    """What the rule finds as it is typed; None while it cannot be read."""
    if not given.by_rule:
        return None
    try:
        rule = rule_from(given, _markets())
    except Invalid:
        return None
    return preview_rule(service(CatalogService).model(), rule, _SHOWN)


def _markets() -> tuple[Market, ...]:
    return service(MarketService).every()
