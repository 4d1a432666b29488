"""What pages tell machines about themselves: schema.org in JSON-LD, as pure functions.

It depends on the product and the market alone, so it is the same for every visitor of a market.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from app.catalog.models import Image, Product, Ratings, Variant
from app.catalog.policies import Standing
from app.catalog.rules import variant_url
from app.catalog.views import Listing, ProductPage
from app.shared.money import Money

Data = dict[str, Any]
_CONTEXT = "https://schema.org"
_AVAILABILITY = {
    Standing.IN_STOCK: "InStock",
    Standing.PRE_ORDER: "PreOrder",
    Standing.BACK_ORDER: "BackOrder",
    Standing.OUT: "OutOfStock",
}
_MOST_IMAGES = 4
_MOST_OFFERS = 24  # the range covers all variants; a page of hundreds of them would only be heavy
_GTIN_LENGTHS = {8, 12, 13, 14}
_IN_HOUSE = re.compile(r"\d(?:2|02|04)")  # GS1 prefixes that each company uses as it likes


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedImage:
    """A picture as other sites see it: an absolute address; sizes in pixels, 0 when unknown."""

    url: str
    width: int
    height: int
    alt: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedReview:
    """A published review as other sites see it: plain text, 1 to 5 stars."""

    author: str
    title: str
    text: str
    stars: int
    published_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """The shop as the web knows it.

    ``tagline`` and ``description`` are the shop's own words, "" for none. ``picture`` gives a
    picture an absolute address; ``image`` stands for pages without their own.
    """

    name: str
    tagline: str = ""
    description: str = ""
    base_url: str
    logo: str
    picture: Callable[[Image], SharedImage]
    image: Image | None = None

    def url(self, path: str) -> str:
        """A path of the shop as an absolute address."""
        return self.base_url + path


def as_script(data: Data) -> Markup:
    """The text of a ``<script type="application/ld+json">``.

    Nothing in it can end the script, start a tag, or be read as a line end by JavaScript.
    """
    return htmlsafe_json_dumps({"@context": _CONTEXT, **data}, json.dumps, separators=(",", ":"))


def major_units(amount: Money) -> str:
    """The amount as a plain decimal with the currency's own decimals: ``20.00``, ``2000``."""
    return f"{amount.to_major():f}"


def availability(standing: Standing) -> str:
    """The term for how it can be had now."""
    return f"{_CONTEXT}/{_AVAILABILITY[standing]}"


def organization(site: Site) -> Data:
    """Who sells."""
    return {
        "@type": "Organization",
        "@id": site.url("/#organization"),
        "name": site.name,
        "url": site.url("/"),
        "logo": site.logo,
    }


def website(site: Site) -> Data:
    """The shop and how to search it."""
    return {
        "@type": "WebSite",
        "@id": site.url("/#website"),
        "name": site.name,
        "url": site.url("/"),
        "publisher": {"@id": site.url("/#organization")},
        "potentialAction": {
            "@type": "SearchAction",
            "target": {
                "@type": "EntryPoint",
                "urlTemplate": site.url("/search?q={search_term_string}"),
            },
            "query-input": "required name=search_term_string",
        },
    }


def breadcrumbs(trail: Sequence[tuple[str, str]]) -> Data:
    """The way to a page: names with their absolute addresses, the page itself last."""
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": place, "name": name, "item": url}
            for place, (name, url) in enumerate(trail, 1)
        ],
    }


def item_list(listing: Listing, url: str, site: Site) -> Data:
    """The products of one page of a listing."""
    return {
        "@type": "ItemList",
        "name": str(listing.heading),
        "url": url,
        "numberOfItems": len(listing.cards),
        "itemListElement": [
            {"@type": "ListItem", "position": place, "url": site.url(product_path(card.slug))}
            for place, card in enumerate(listing.cards, 1)
        ],
    }


def product_path(slug: str) -> str:
    """The product's one address, whatever variant is chosen."""
    return f"/products/{quote(slug)}"


def product(page: ProductPage, description: str, market: str, site: Site) -> Data:
    """A product with its offers in a market; ``description`` is plain text."""
    shown = page.product
    url = site.url(product_path(shown.slug))
    data: Data = {
        "@type": "Product",
        "@id": f"{url}#product",
        "name": shown.title,
        "description": description,
        "url": url,
        "sku": (page.variant or shown.variants[0]).sku,
        "brand": {"@type": "Brand", "name": shown.vendor},
    }
    if page.category:
        data["category"] = page.category.name
    if shown.images:
        data["image"] = [site.picture(image).url for image in shown.images[:_MOST_IMAGES]]
    if len(shown.variants) == 1:
        data |= _gtin(shown.variants[0])
    sold = [(each, price) for each in shown.variants if (price := _price(page, each, market))]
    if sold:
        data["offers"] = _offers(page, sold, site)
    return data | _rating(shown.ratings)


def reviewed(shown: Product, reviews: Sequence[SharedReview], site: Site) -> Data:
    """A product with some of its reviews, for the page that shows them."""
    url = site.url(product_path(shown.slug))
    data: Data = {"@type": "Product", "@id": f"{url}#product", "name": shown.title, "url": url}
    data["review"] = [
        {
            "@type": "Review",
            "author": {"@type": "Person", "name": each.author},
            "datePublished": each.published_at.date().isoformat(),
            "name": each.title,
            "reviewBody": each.text,
            "reviewRating": {"@type": "Rating", "ratingValue": each.stars, "bestRating": 5},
        }
        for each in reviews
    ]
    return data | _rating(shown.ratings)


def _rating(ratings: Ratings) -> Data:
    """The mean, where there is one."""
    if not ratings.total:
        return {}
    return {
        "aggregateRating": {
            "@type": "AggregateRating",
            "ratingValue": f"{ratings.average}",
            "reviewCount": ratings.total,
            "bestRating": 5,
        }
    }


def _price(page: ProductPage, variant: Variant, market: str) -> Money | None:
    """What the page asks for it: of a bundle, for the choice that it shows."""
    if page.product.is_bundle:
        return page.price
    price = variant.price_in(market)
    return price.amount if price else None


def _offers(page: ProductPage, sold: list[tuple[Variant, Money]], site: Site) -> Data:
    if len(sold) == 1:
        return _offer(page, *sold[0], site)
    amounts = [price for _, price in sold]
    return {
        "@type": "AggregateOffer",
        "lowPrice": major_units(min(amounts, key=_minor)),
        "highPrice": major_units(max(amounts, key=_minor)),
        "priceCurrency": amounts[0].currency,
        "offerCount": len(sold),
        "availability": availability(min(page.standings.values(), default=Standing.OUT)),
        "itemCondition": f"{_CONTEXT}/NewCondition",
        "offers": [_offer(page, *each, site) for each in _shown_first(page, sold)[:_MOST_OFFERS]],
    }


def _shown_first(
    page: ProductPage, sold: list[tuple[Variant, Money]]
) -> list[tuple[Variant, Money]]:
    """The variant on the page is never the one that is left out."""
    shown = page.variant.sku if page.variant else ""
    return sorted(sold, key=lambda each: each[0].sku != shown)


def _offer(page: ProductPage, variant: Variant, price: Money, site: Site) -> Data:
    several = len(page.product.variants) > 1
    return {
        "@type": "Offer",
        **({"name": variant.title} if variant.title else {}),
        "sku": variant.sku,
        **(_gtin(variant) if several else {}),
        "url": site.url(variant_url(page.product, variant.options if several else {})),
        "price": major_units(price),
        "priceCurrency": price.currency,
        "availability": availability(page.standing_of(variant.sku)),
        "itemCondition": f"{_CONTEXT}/NewCondition",
    }


def _minor(amount: Money) -> int:
    return amount.minor


def _gtin(variant: Variant) -> Data:
    """The bar code, where it is one that means the same everywhere."""
    code = variant.barcode.strip()
    return {"gtin": code} if _is_gtin(code) else {}


def _is_gtin(code: str) -> bool:
    if not (code.isascii() and code.isdigit() and len(code) in _GTIN_LENGTHS):
        return False
    if _IN_HOUSE.match(code.zfill(14)):
        return False
    return sum(_weighted(reversed(code))) % 10 == 0


def _weighted(digits: Iterable[str]) -> Iterable[int]:
    return (int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
