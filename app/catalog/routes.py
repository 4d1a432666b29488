"""The catalog's pages."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, current_app, render_template, request

from app.catalog.query import OPTION, ListingQuery, parse_query
from app.catalog.service import CatalogService
from app.catalog.sitemap import Sitemap
from app.catalog.views import Listing
from app.config import Settings
from app.markets.context import current_market
from app.web.memory import recently_viewed, remember_viewed
from app.web.registry import service
from app.web.rendering import page, private, wants_fragment

blueprint = Blueprint("catalog", __name__)
_LONGEST_SUGGESTION = 80
_VIEWED = 4


@blueprint.get("/")
def home() -> Response:
    """The shop window."""
    return page(
        "catalog/home.html", "content", home=service(CatalogService).home_page(current_market())
    )


@blueprint.get("/products")
def products() -> Response:
    """Every product."""
    return _listing(service(CatalogService).list_all(_query(), current_market()), "products")


@blueprint.get("/categories/<slug>")
def category(slug: str) -> Response:
    """A category."""
    return _listing(service(CatalogService).list_category(slug, _query(), current_market()), slug)


@blueprint.get("/collections/<slug>")
def collection(slug: str) -> Response:
    """A collection."""
    return _listing(service(CatalogService).list_collection(slug, _query(), current_market()), slug)


@blueprint.get("/search")
def search() -> Response:
    """Search results."""
    return _listing(service(CatalogService).search(_query(), current_market()), "search")


def _query() -> ListingQuery:
    return parse_query(request.args.items(multi=True), current_market().currency)


def _listing(listing: Listing, current: str) -> Response:
    status = 422 if listing.errors else 200
    answer = page("catalog/listing.html", "listing", status, listing=listing, nav_current=current)
    if wants_fragment():
        # A form also sends its empty fields; the address bar shows the list's one address.
        answer.headers["HX-Push-Url"] = _query().url(listing.path)
    return answer


@blueprint.get("/products/<slug>")
def product(slug: str) -> Response:
    """A product; ``option.<name>`` chooses the variant."""
    wanted = {
        name.removeprefix(OPTION): value
        for name, value in request.args.items()
        if name.startswith(OPTION)
    }
    shown = service(CatalogService).product_page(slug, wanted, current_market())
    remember_viewed(shown.product.id)
    return page("catalog/product.html", "product", page=shown)


@blueprint.get("/recently-viewed")
def viewed() -> Response:
    """What this visitor looked at; ``besides`` leaves one product out."""
    besides = request.args.get("besides", "")
    wanted = [each for each in recently_viewed() if each != besides]
    cards = service(CatalogService).cards_of(wanted, current_market(), _VIEWED)
    return private(page("catalog/viewed.html", "viewed", cards=cards))


@blueprint.get("/search/suggest")
def suggest() -> Response:
    """Products for what is being typed into the search field."""
    text = parse_query([("q", request.args.get("q", ""))], "USD").q[:_LONGEST_SUGGESTION]
    found = service(CatalogService).suggest(text, current_market())
    return page("catalog/suggestions.html", "suggestions", suggestions=found, query=text)


@blueprint.get("/sitemap.xml")
def sitemap() -> Response:
    """Every public page, for search engines; where they are too many, where to find them."""
    found = service(Sitemap)
    if found.fits_one_page():
        return _xml("catalog/sitemap.xml", entries=[*found.pages(), *found.products(1)])
    paths = ["/sitemaps/pages-1.xml"]
    paths += [f"/sitemaps/products-{part}.xml" for part in range(1, found.product_parts() + 1)]
    return _xml("catalog/sitemap_index.xml", paths=paths)


@blueprint.get("/sitemaps/pages-1.xml")
def sitemap_pages() -> Response:
    """The listings, of a sitemap in parts."""
    return _xml("catalog/sitemap.xml", entries=service(Sitemap).pages())


@blueprint.get("/sitemaps/products-<int:part>.xml")
def sitemap_products(part: int) -> Response:
    """Some of the products, of a sitemap in parts."""
    if part < 1:
        abort(404)
    return _xml("catalog/sitemap.xml", entries=service(Sitemap).products(part))


def _xml(template: str, **context: Any) -> Response:
    body = render_template(template, base_url=service(Settings).base_url, **context)
    return current_app.response_class(body, mimetype="application/xml")


@blueprint.get("/robots.txt")
def robots() -> Response:
    """What search engines may read."""
    body = render_template("catalog/robots.txt", base_url=service(Settings).base_url)
    return current_app.response_class(body, mimetype="text/plain")
