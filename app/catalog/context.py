"""What the shop's header, and the head of catalog pages, need of the catalog."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast
from urllib.parse import urljoin

from flask import Flask, current_app

from app.catalog.models import Category, Collection, Image, Product
from app.catalog.page_head import (
    PageHead,
    home_head,
    listing_head,
    product_head,
    reviews_head,
)
from app.catalog.service import CatalogService
from app.catalog.structured_data import SharedImage, SharedReview, Site
from app.catalog.views import Listing, ProductPage
from app.config import Settings
from app.db.errors import PyMongoError
from app.markets.context import current_market
from app.media.service import MediaService
from app.shop.context import shop_profile
from app.shop.models import Logo
from app.web.registry import service

_LOGO_WIDTH = 640  # pixels
_SHARED_WIDTH = 1280  # pixels; what large previews ask for


def _navigation() -> dict[str, Any]:
    """The header's links. An error page is shown even while the database is away."""
    categories: tuple[Category, ...] = ()
    collections: tuple[Collection, ...] = ()
    try:
        categories = service(CatalogService).categories()
        collections = service(CatalogService).collections()
    except PyMongoError:
        pass
    return {"nav_categories": categories, "nav_collections": collections}


def _site() -> Site:
    base = service(Settings).base_url
    collections = service(CatalogService).collections()
    static_url = cast("Callable[[str], str]", current_app.jinja_env.globals["static_url"])
    profile = shop_profile()
    return Site(
        name=profile.name,
        tagline=profile.tagline,
        description=profile.description,
        base_url=base,
        logo=urljoin(base, _logo(profile.logo) or static_url("favicon.svg")),
        picture=_shared_image,
        image=next((each.image for each in collections if each.image), None),
    )


def _logo(logo: Logo | None) -> str:
    """The address of the owner's picture, "" if there is none."""
    return service(MediaService).url(logo.src, _LOGO_WIDTH, logo.width) if logo else ""


def _shared_image(image: Image) -> SharedImage:
    url = service(MediaService).url(image.src, _SHARED_WIDTH, image.width)
    scale = min(_SHARED_WIDTH / image.width, 1) if image.width and url != image.src else 1
    return SharedImage(
        url=urljoin(service(Settings).base_url, url),
        width=round(image.width * scale),
        height=round(image.height * scale),
        alt=image.alt,
    )


def _home_head() -> PageHead:
    return home_head(_site())


def _listing_head(listing: Listing) -> PageHead:
    return listing_head(listing, _site())


def _product_head(page: ProductPage) -> PageHead:
    return product_head(page, current_market().code, _site())


def _reviews_head(product: Product, reviews: Sequence[SharedReview], number: int) -> PageHead:
    return reviews_head(product, reviews, number, _site())


def init_app(app: Flask) -> None:
    """Offer ``nav_categories`` and ``nav_collections`` to templates, and a head for each page."""
    app.context_processor(_navigation)
    app.jinja_env.globals.update(
        home_head=_home_head,
        listing_head=_listing_head,
        product_head=_product_head,
        reviews_head=_reviews_head,
    )
