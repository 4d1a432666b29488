"""Reading the owner's pages."""

from __future__ import annotations

from flask import Blueprint, Response

from app.config import Settings
from app.pages.formatting import format_body
from app.pages.service import ContentPages
from app.shared.markup import shorten, text_of
from app.web.page_cache import keep_page
from app.web.registry import service
from app.web.rendering import page

blueprint = Blueprint("pages", __name__)


@blueprint.get("/pages/<slug>")
def show(slug: str) -> Response:
    """One page; every visitor of a language reads the same."""
    found = service(ContentPages).get(slug)
    keep_page(())  # a change of what is stored by hand drops every kept page
    body = format_body(found.body)
    return page(
        "pages/page.html",
        "content",
        found=found,
        body=body,
        summary=shorten(text_of(str(body))),
        canonical=service(Settings).base_url + found.path,
    )
