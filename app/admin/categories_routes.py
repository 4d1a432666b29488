"""Categories: the shelves of the shop, in their order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from flask import Flask, Response, request
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response as BaseResponse

from app.admin.catalog_answers import CHECK, Rivalry, rivalry
from app.admin.form_pictures import fields_of, image_in, keep_upload, takes_uploads
from app.admin.guard import area, changed, entry_id, needs
from app.admin.lists import cut, list_state
from app.admin.permissions import Permission
from app.admin.shelf_order import rearranged
from app.admin.undoing import undoable
from app.catalog.documents import shelf_to_document
from app.catalog.errors import Overtaken
from app.catalog.models import Category
from app.catalog.shelving import CategoryInUse, Shelving
from app.shared.errors import Invalid
from app.shared.numbers import whole
from app.shared.texts import Text
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page

blueprint = area("categories", __name__, "/categories")
takes_uploads(blueprint)
_PAGE = 200
_FIELDS = (
    "name", "slug", "description", "revision", "image_src", "image_width", "image_height",
    "image_alt", "image_drop",
)  # fmt: skip


@blueprint.get("")
@needs(Permission.CATALOG_VIEW)
def categories() -> Response:
    """All categories, narrowed by words."""
    state = list_state()
    stored = service(Shelving).every(Category)
    words = state.q.casefold().split()
    found = [
        each
        for each in stored
        if all(word in f"{each.name} {each.slug}".casefold() for word in words)
    ]
    slugs = [each.slug for each in found]
    begin = slugs.index(state.after) + 1 if state.after in slugs else 0
    return page(
        "admin/catalog/categories.html",
        "list",
        state=state,
        found=cut(found[begin : begin + _PAGE + 1], _PAGE, "slug"),
        counts=service(Shelving).published_in_categories(),
        order=slugs if len(slugs) == len(stored) <= _PAGE else [],
    )


@blueprint.post("/order")
@needs(Permission.CATALOG_EDIT)
def order() -> BaseResponse:
    """Put the categories in another order."""
    return rearranged(Category, "/admin/categories")


@blueprint.get("/new")
@needs(Permission.CATALOG_EDIT)
def new() -> Response:
    """The form of a new category."""
    return _show(_values_of(Category(slug="", name="")), None)


@blueprint.post("/new")
@needs(Permission.CATALOG_EDIT)
def create() -> BaseResponse:
    """Store a new category."""
    values = _values()
    try:
        keep_upload(values, request.files.get("image"), values["name"])
        stored = service(Shelving).create(_category(values, values["slug"]))
    except Invalid as refusal:
        return _show(values, None, 422, CHECK, problems=refusal.fields)
    changed(f"category:{stored.slug}", stored.name, None, shelf_to_document(stored))
    leave_message(Text("The category “%(name)s” is saved.", name=stored.name))
    return leave_to("/admin/categories")


@blueprint.get("/<slug>")
@needs(Permission.CATALOG_VIEW)
def edit(slug: str) -> Response:
    """The form of a category."""
    stored = service(Shelving).get(Category, slug)
    return _show(_values_of(stored), stored)


@blueprint.post("/<slug>")
@needs(Permission.CATALOG_EDIT)
def change(slug: str) -> BaseResponse:
    """Store a category over the revision that the form was read at."""
    stored, values = service(Shelving).get(Category, slug), _values()
    try:
        keep_upload(values, request.files.get("image"), values["name"])
        before, after = service(Shelving).change(_category(values, slug))
    except Invalid as refusal:
        return _show(values, stored, 422, CHECK, problems=refusal.fields)
    except Overtaken as overtaken:
        return _overtaken(values, overtaken.current)
    changed(f"category:{slug}", after.name, shelf_to_document(before), shelf_to_document(after))
    leave_message(Text("The category “%(name)s” is saved.", name=after.name))
    return leave_to("/admin/categories")


@blueprint.post("/<slug>/deletion")
@needs(Permission.CATALOG_EDIT)
def delete(slug: str) -> BaseResponse:
    """Delete a category on which nothing stands; the next page offers to bring it back."""
    try:
        gone = service(Shelving).delete(Category, slug)
    except CategoryInUse as refusal:
        stored = service(Shelving).get(Category, slug)
        return _show(_values_of(stored), stored, 409, refusal.message, in_use=refusal.count)
    changed(f"category:{slug}", gone.name, shelf_to_document(gone), None)
    return leave_to(f"/admin/categories?undo={entry_id()}")


@blueprint.record_once
def _let_undo(state: BlueprintSetupState) -> None:
    def restore(before: Mapping[str, Any]) -> None:
        service(Shelving).restore(Category, before)

    undoable(cast("Flask", state.app), "category", Permission.CATALOG_EDIT, restore)


def _values() -> dict[str, str]:
    return {name: request.form.get(name, "").strip() for name in _FIELDS}


def _values_of(category: Category) -> dict[str, str]:
    return {
        "name": category.name,
        "slug": category.slug,
        "description": category.description,
        "revision": str(category.revision),
        **fields_of(category.image),
    }


def _category(values: Mapping[str, str], slug: str) -> Category:
    return Category(
        slug=slug,
        name=values["name"][:255],
        description=values["description"][:2000],
        image=image_in(values),
        revision=whole(values["revision"], 0),
    )


def _overtaken(values: dict[str, str], current: Category) -> Response:
    yours = replace(_category(values, current.slug), position=current.position)
    values["revision"] = str(current.revision)
    rival = rivalry(shelf_to_document(current), shelf_to_document(yours))
    return _show(values, current, 409, rival=rival)


def _show(
    values: Mapping[str, str],
    stored: Category | None,
    status: int = 200,
    message: str = "",
    *,
    problems: Mapping[str, str] | None = None,
    rival: Rivalry | None = None,
    in_use: int = 0,
) -> Response:
    return page(
        "admin/catalog/category.html",
        "content",
        status,
        values=values,
        stored=stored,
        message=message,
        problems=problems or {},
        rival=rival,
        in_use=in_use,
    )
