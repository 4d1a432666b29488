"""Pieces of catalog pages that are kept in Redis, for every page and process that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Flask, Response, current_app
from jinja2_fragments.flask import render_block
from markupsafe import Markup

from app.catalog.search import Marks
from app.catalog.service import CatalogService
from app.catalog.views import CardRef
from app.markets.context import current_locale, current_market
from app.web import csrf
from app.web.fragments import Fragments
from app.web.registry import service
from app.web.rendering import page, page_or_fragment, wants_fragment


def cards_html(refs: Sequence[CardRef], eager: int = 0, marks: Marks | None = None) -> list[Markup]:
    """The cards as markup, the first ``eager`` with pictures that are loaded at once; ``marks``
    shows the words of a search in the titles."""
    fragments = service(Fragments)
    market = current_market()
    keys = [
        fragments.key("card", market.key, current_locale(), ref, place < eager, marks or None)
        for place, ref in enumerate(refs)
    ]

    def render(missing: list[int]) -> list[str]:
        made = service(CatalogService).make_cards([refs[place] for place in missing], market)
        macros: Any = current_app.jinja_env.get_template("macros/product.html").module
        return [
            str(macros.card(card, place < eager, marks)) if card else ""
            for place, card in zip(missing, made, strict=True)
        ]

    return [Markup(text) for text in fragments.get_many(keys, render) if text]  # noqa: S704 - ours


def cached_page(template: str, block: str, status: int = 200, /, **context: Any) -> Response:
    """A page whose ``block`` is the same for every visitor of the market, and kept as such.

    The block is named by all that it is made of: whatever is in ``context`` must say itself in
    full by ``repr``, as views and refs do.
    """
    fragments = service(Fragments)
    market = current_market()
    key = fragments.key(
        f"{template}#{block}", market.key, current_locale(), csrf.blank(), repr(context)
    )

    def render() -> str:
        with csrf.left_blank():
            return render_block(template, block, **context, ready="")

    text = csrf.filled(fragments.get(key, render))
    if wants_fragment():
        return page_or_fragment(text, status)
    return page(template, block, status, **context, ready=Markup(text))  # noqa: S704 - ours


def init_app(app: Flask) -> None:
    """Offer ``cards_html`` to templates."""
    app.jinja_env.globals["cards_html"] = cards_html
