"""A product's page before it is published."""

from __future__ import annotations

from flask import Blueprint, Response, request

from app.catalog.pages import CatalogPages
from app.catalog.previews import PREVIEW, Previews
from app.catalog.query import OPTION
from app.markets.context import current_market
from app.web.registry import service
from app.web.rendering import page, private

blueprint = Blueprint("preview", __name__)


@blueprint.get(f"{PREVIEW}<token>")
def preview(token: str) -> Response:
    """The page with a banner; no cache keeps it, and no search engine lists it."""
    product_id, ends = service(Previews).read(token)
    wanted = {
        name.removeprefix(OPTION): value
        for name, value in request.args.items()
        if name.startswith(OPTION)
    }
    shown = service(CatalogPages).preview(product_id, wanted, current_market(), f"{PREVIEW}{token}")
    answer = private(page("catalog/preview.html", "product", page=shown, ready="", ends=ends))
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer
