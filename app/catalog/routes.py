"""The catalog's pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    render_template,
    request,
)

from app.catalog.forgetting import BESTSELLERS, LISTED, of_products, of_shelf
from app.catalog.moving import follow_move
from app.catalog.pages import CatalogPages
from app.catalog.partials import cached_page
from app.catalog.query import OPTION, ListingQuery, parse_query
from app.catalog.service import CatalogService
from app.catalog.sitemap import Sitemap
from app.catalog.views import Listing
from app.config import Settings
from app.markets.context import current_market
from app.shared.errors import NotFound
from app.shop.context import shop_profile
from app.web.fragments import Fragments
from app.web.memory import recently_viewed, remember_viewed
from app.web.page_cache import is_shared, keep_page
from app.web.registry import service
from app.web.rendering import page, private, wants_fragment
from app.web.visitor import ensure_visitor

blueprint = Blueprint("catalog", __name__)
_LONGEST_SUGGESTION = 80
_VIEWED = 4
_SITEMAP_FRESH = 300  # seconds


@blueprint.get("/")
def home() -> Response:
    """The shop window."""
    keep_page((LISTED,))
    home = service(CatalogPages).home_page(current_market())
    shop = shop_profile().words
    return cached_page("catalog/home.html", "content", home=home, shop=shop)


@blueprint.get("/products")
def products() -> Response:
    """Every product."""
    listing = service(CatalogPages).list_all(_query(), current_market())
    return _listing(listing, "products", LISTED)


@blueprint.get("/categories/<slug>")
def category(slug: str) -> Response:
    """A category."""
    listing = service(CatalogPages).list_category(slug, _query(), current_market())
    return _listing(listing, slug, of_shelf(slug))


@blueprint.get("/collections/<slug>")
def collection(slug: str) -> Response:
    """A collection."""
    listing = service(CatalogPages).list_collection(slug, _query(), current_market())
    return _listing(listing, slug, of_shelf(slug))


@blueprint.get("/search")
def search() -> Response:
    """Search results."""
    listing = service(CatalogPages).search(_query(), current_market())
    return _listing(listing, "search", LISTED)


def _query() -> ListingQuery:
    return parse_query(request.args.items(multi=True), current_market().currency)


def _listing(listing: Listing, current: str, tag: str) -> Response:
    status = 422 if listing.errors else 200
    bestselling = any(each.active and each.value == "bestselling" for each in listing.sorts)
    keep_page((tag, BESTSELLERS) if bestselling else (tag,))
    answer = cached_page(
        "catalog/listing.html", "listing", status, listing=listing, nav_current=current
    )
    if wants_fragment():
        # A form also sends its empty fields; the address bar shows the list's one address.
        answer.headers["HX-Push-Url"] = _query().url(listing.path)
    return answer


@blueprint.get("/products/<slug>")
def product(slug: str) -> Response:
    """A product; ``option.<name>`` chooses the variant. One that moved is found where it is now."""
    wanted = {
        name.removeprefix(OPTION): value
        for name, value in request.args.items()
        if name.startswith(OPTION) and value
    }
    try:
        shown = service(CatalogPages).product_page(slug, wanted, current_market())
    except NotFound:
        follow_move(slug)
        raise
    if not is_shared():  # of shared pages the page cache tells, each time they are served
        remember_viewed(shown.product.id)
    keep_page(of_products(shown.shown_ids), subject=shown.product.id)
    return cached_page("catalog/product.html", "product", page=shown)


@blueprint.get("/recently-viewed")
def viewed() -> Response:
    """What this visitor looked at; ``besides`` leaves out the one they are looking at.

    It is remembered here, too: a browser that has no name yet gets one with this answer.
    """
    besides = request.args.get("besides", "")
    if service(CatalogService).cards_of((besides,), current_market(), 1):
        ensure_visitor()
        remember_viewed(besides)
    wanted = [each for each in recently_viewed() if each != besides]
    cards = service(CatalogService).cards_of(wanted, current_market(), _VIEWED)
    return private(page("catalog/viewed.html", "viewed", cards=cards))


@blueprint.get("/search/suggest")
def suggest() -> Response:
    """Products for what is being typed into the search field."""
    text = parse_query([("q", request.args.get("q", ""))], "USD").q[:_LONGEST_SUGGESTION]
    found = service(CatalogPages).suggest(text, current_market())
    keep_page((LISTED,))
    return page("catalog/suggestions.html", "suggestions", suggestions=found, query=text)


@blueprint.get("/sitemap.xml")
def sitemap() -> Response:
    """Every public page, for search engines; where they are too many, where to find them."""

    def render() -> str:
        found = service(Sitemap)
        if found.fits_one_page():
            return _xml("catalog/sitemap.xml", entries=[*found.pages(), *found.products(1)])
        paths = ["/sitemaps/pages-1.xml"]
        paths += [f"/sitemaps/products-{part}.xml" for part in range(1, found.product_parts() + 1)]
        return _xml("catalog/sitemap_index.xml", paths=paths)

    return _recent("index", render)


@blueprint.get("/sitemaps/pages-1.xml")
def sitemap_pages() -> Response:
    """The listings, of a sitemap in parts."""
    return _recent("pages", lambda: _xml("catalog/sitemap.xml", entries=service(Sitemap).pages()))


@blueprint.get("/sitemaps/products-<int:part>.xml")
def sitemap_products(part: int) -> Response:
    """Some of the products, of a sitemap in parts."""
    if part < 1:
        abort(404)
    return _recent(
        f"products-{part}",
        lambda: _xml("catalog/sitemap.xml", entries=service(Sitemap).products(part)),
    )


def _xml(template: str, **context: Any) -> str:
    return render_template(template, base_url=service(Settings).base_url, **context)


def _recent(name: str, render: Callable[[], str]) -> Response:
    """A part of the sitemap, as it was some minutes ago at most; it costs too much to make it for
    each robot that asks."""
    fragments = service(Fragments)
    base_url = service(Settings).base_url
    text = fragments.get_recent(fragments.key("sitemap", name, base_url), render, _SITEMAP_FRESH)
    return current_app.response_class(text, mimetype="application/xml")


@blueprint.get("/robots.txt")
def robots() -> Response:
    """What search engines may read."""
    body = render_template("catalog/robots.txt", base_url=service(Settings).base_url)
    return current_app.response_class(body, mimetype="text/plain")
