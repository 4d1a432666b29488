"""The home page: what it begins with, which collections and products it shows, market by market."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from flask import Flask, Response, request
from flask.blueprints import BlueprintSetupState
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from app.admin.catalog_answers import CHECK, Rivalry, rivalry
from app.admin.form_pictures import fields_of, image_in, keep_upload, takes_uploads
from app.admin.guard import area, changed, entry_id, needs, only_looked
from app.admin.permissions import Permission
from app.admin.product_list import found_products, move, move_product, only_arranges
from app.admin.undoing import undoable
from app.catalog.composing_home import HomeComposing
from app.catalog.errors import Overtaken
from app.catalog.home import EVERYWHERE, Hero, HomeComposition, home_to_document
from app.catalog.models import Collection
from app.catalog.product_finding import ProductFinder
from app.catalog.shelving import Shelving
from app.markets.service import MarketService
from app.shared.errors import Invalid
from app.shared.ids import ProductId
from app.shared.languages import LANGUAGES
from app.shared.numbers import whole
from app.shared.texts import Text
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page

blueprint = area("home", __name__, "/home")
takes_uploads(blueprint)
_TEXTS = ("title", "text", "label")
_PLAIN = (
    "hero", "link", "all_collections", "revision", "q", "image_src", "image_width", "image_height",
    "image_alt", "image_drop", *(f"{name}.{code}" for name in _TEXTS for code in LANGUAGES),
)  # fmt: skip
_SHELF_BUTTONS = ("collection_up", "collection_down")


@dataclass(kw_only=True)
class HomeInput:
    """Everything that was typed, and what is wrong with it by field. ``order`` has all collections,
    ``shown`` those that are ticked."""

    values: dict[str, str]
    order: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    products: list[str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)


@blueprint.get("")
@needs(Permission.CATALOG_VIEW)
def edit() -> Response:
    """The form of a market's home page, or of all markets that have none of their own."""
    market = _market()
    stored = service(HomeComposing).find(market)
    return _show(_input_of(stored or HomeComposition(market=market, revision=0)), stored)


@blueprint.post("")
@needs(Permission.CATALOG_EDIT)
def change() -> BaseResponse:
    """Store it over the revision that the form was read at, or show what the form comes to."""
    market, given = _market(), _read(request.form)
    stored = service(HomeComposing).find(market)
    try:
        keep_upload(given.values, request.files.get("image"), given.values["title.en"])
        if only_arranges(request.form) or any(name in request.form for name in _SHELF_BUTTONS):
            only_looked()
            return _show(given, stored)
        before, after = service(HomeComposing).store(_composition(given, market))
    except Invalid as refusal:
        given.problems = refusal.fields
        return _show(given, stored, 422, CHECK)
    except Overtaken as overtaken:
        return _overtaken(given, market, overtaken.current)
    changed(f"home:{market}", _label(market), _plain(before), _plain(after))
    leave_message(Text("The home page is saved and shown."))
    return leave_to(f"/admin/home?market={market}")


@blueprint.post("/deletion")
@needs(Permission.CATALOG_EDIT)
def delete() -> BaseResponse:
    """Go back to what is shown without it; the next page offers to bring it back."""
    market = _market()
    gone = service(HomeComposing).remove(market)
    changed(f"home:{market}", _label(market), _plain(gone), None)
    return leave_to(f"/admin/home?market={market}&undo={entry_id()}")


@blueprint.record_once
def _let_undo(state: BlueprintSetupState) -> None:
    def restore(before: Mapping[str, Any]) -> None:
        service(HomeComposing).restore(before)

    undoable(cast("Flask", state.app), "home", Permission.CATALOG_EDIT, restore)


# --- the form -----------------------------------------------------------------------------------


def _market() -> str:
    wanted = request.values.get("market", "")
    known = {each.code for each in service(MarketService).every()}
    return wanted if wanted in known else EVERYWHERE


def _label(market: str) -> str:
    return "Home page" if market == EVERYWHERE else f"Home page, {market}"


def _plain(home: HomeComposition | None) -> dict[str, Any] | None:
    return home_to_document(home) if home else None


def _input_of(home: HomeComposition) -> HomeInput:
    hero = home.hero
    values = dict.fromkeys(_PLAIN, "") | {
        "hero": "own" if hero else "",
        "link": hero.link if hero else "/products",
        "all_collections": "" if home.collections else "1",
        "revision": str(home.revision),
        **fields_of(hero.image if hero else None),
    }
    texts = {"title": hero.title, "text": hero.text, "label": hero.label} if hero else {}
    for name, by_language in texts.items():
        values |= {f"{name}.{code}": text for code, text in by_language.items()}
    return HomeInput(
        values=values,
        order=_every_collection(home.collections),
        shown=list(home.collections),
        products=list(home.featured),
    )


def _every_collection(first: Sequence[str]) -> list[str]:
    """The slugs of all collections that there are, ``first`` ones first."""
    stored = [each.slug for each in service(Shelving).every(Collection)]
    known = [slug for slug in first if slug in stored]
    return [*known, *(slug for slug in stored if slug not in known)]


def _read(form: MultiDict[str, str]) -> HomeInput:
    given = HomeInput(
        values={name: form.get(name, "").strip() for name in _PLAIN},
        order=_every_collection(form.getlist("order")),
        shown=form.getlist("collection"),
        products=list(dict.fromkeys(form.getlist("product"))),
    )
    move_product(given.products, form)
    move(given.order, form.get("collection_up", ""), -1)
    move(given.order, form.get("collection_down", ""), 1)
    return given


def _composition(given: HomeInput, market: str) -> HomeComposition:
    values = given.values
    own = values["hero"] == "own"
    shown = (
        [] if values["all_collections"] else [each for each in given.order if each in given.shown]
    )
    return HomeComposition(
        market=market,
        hero=Hero(
            title=_texts(values, "title"),
            text=_texts(values, "text"),
            label=_texts(values, "label"),
            link=values["link"],
            image=image_in(values),
        )
        if own
        else None,
        collections=tuple(shown),
        featured=tuple(map(ProductId, given.products)),
        revision=whole(values["revision"], 0),
    )


def _texts(values: Mapping[str, str], name: str) -> dict[str, str]:
    found = {code: values[f"{name}.{code}"] for code in LANGUAGES}
    return {code: text for code, text in found.items() if text}


# --- answering ----------------------------------------------------------------------------------


def _overtaken(given: HomeInput, market: str, current: HomeComposition | None) -> Response:
    yours = _plain(_composition(given, market)) or {}
    given.values["revision"] = str(current.revision if current else 0)
    return _show(given, current, 409, rival=rivalry(_plain(current), yours))


def _show(
    given: HomeInput,
    stored: HomeComposition | None,
    status: int = 200,
    message: str = "",
    rival: Rivalry | None = None,
) -> Response:
    collections = {each.slug: each for each in service(Shelving).every(Collection)}
    return page(
        "admin/catalog/home.html",
        "content",
        status,
        given=given,
        stored=stored,
        message=message,
        rival=rival,
        market_code=_market(),
        everywhere=EVERYWHERE,
        languages_written=LANGUAGES,
        collections=[collections[slug] for slug in given.order if slug in collections],
        chosen=service(ProductFinder).by_ids(map(ProductId, given.products)),
        found=found_products(given.values["q"], given.products),
        all_markets=service(MarketService).every(),
    )
