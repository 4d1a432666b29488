"""What a catalog page says in its ``<head>``: to search engines, and to whoever shares it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from app.catalog import structured_data as data
from app.catalog.models import Image, Product
from app.catalog.policies import Standing
from app.catalog.structured_data import SharedImage, SharedReview, Site
from app.catalog.views import Listing, ProductPage
from app.shared.markup import LONGEST_SUMMARY, shorten, text_of
from app.shared.money import Money
from app.shared.texts import Text

_NOT_LISTED = "noindex, follow"
_AVAILABILITY = {
    Standing.IN_STOCK: "in stock",
    Standing.PRE_ORDER: "preorder",
    Standing.BACK_ORDER: "available for order",
    Standing.OUT: "out of stock",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class PageHead:
    """``canonical``, ``previous_url`` and ``next_url`` are absolute; ``robots`` is empty where the
    page may be listed; ``kind`` is Open Graph's word. ``scripts`` are JSON-LD texts."""

    title: str
    description: str
    canonical: str
    robots: str = ""
    kind: str = "website"
    image: SharedImage | None = None
    price: Money | None = None
    standing: Standing = Standing.OUT
    previous_url: str = ""
    next_url: str = ""
    scripts: tuple[Markup, ...] = ()

    @property
    def availability(self) -> str:
        """Open Graph's word for how it can be had."""
        return _AVAILABILITY[self.standing]

    @property
    def price_amount(self) -> str:
        """The price as a plain decimal; empty if there is none."""
        return data.major_units(self.price) if self.price else ""


def home_head(site: Site) -> PageHead:
    """The shop window."""
    return PageHead(
        title=site.tagline or str(Text("Home")),
        description=shorten(site.description or site.name),
        canonical=site.url("/"),
        image=_shared(None, site),
        scripts=_scripts(data.organization(site), data.website(site)),
    )


def listing_head(listing: Listing, site: Site) -> PageHead:
    """A listing. Each page of it is a page of its own; sorted it is the same list, and filtered
    or searched it is one of endlessly many that no search engine should list."""
    is_plain = not (listing.active_filters or listing.query or listing.errors)
    is_plain = is_plain and listing.path != "/search"
    page = listing.page if is_plain else 1
    canonical = _page_url(listing, page, site)
    trail: list[tuple[str, str]] = [
        (str(Text("Home")), site.url("/")),
        (str(listing.heading), site.url(listing.path)),
    ]
    return PageHead(
        title=str(Text("%(heading)s, page %(page)s", heading=listing.heading, page=listing.page))
        if listing.page > 1
        else listing.heading,
        description=_listing_description(listing, site),
        canonical=canonical,
        robots="" if is_plain else _NOT_LISTED,
        image=_shared(listing.image, site),
        previous_url=_page_url(listing, page - 1, site) if is_plain and page > 1 else "",
        next_url=_page_url(listing, page + 1, site) if is_plain and listing.next_url else "",
        scripts=_scripts(data.breadcrumbs(trail), data.item_list(listing, canonical, site))
        if is_plain
        else (),
    )


def product_head(page: ProductPage, market: str, site: Site) -> PageHead:
    """A product; all its variants are one page to a search engine."""
    product = page.product
    text = text_of(product.description_html)
    url = site.url(data.product_path(product.slug))
    trail: list[tuple[str, str]] = [(str(Text("Home")), site.url("/"))]
    if page.category:
        trail.append((page.category.name, site.url(f"/categories/{page.category.slug}")))
    trail.append((product.title, url))
    summary = str(Text("%(title)s by %(vendor)s.", title=product.title, vendor=product.vendor))
    return PageHead(
        title=product.seo_title
        or str(Text("%(title)s by %(vendor)s", title=product.title, vendor=product.vendor)),
        description=shorten(product.seo_description or text or summary),
        canonical=url,
        kind="product",
        image=_shared(page.image, site),
        price=page.price,
        standing=page.standing,
        scripts=_scripts(
            data.product(page, text or summary, market, site), data.breadcrumbs(trail)
        ),
    )


def reviews_head(
    product: Product, reviews: Sequence[SharedReview], number: int, site: Site
) -> PageHead:
    """The reviews of a product; each page of them is a page of its own."""
    url = site.url(f"{data.product_path(product.slug)}/reviews")
    name = str(Text("Reviews of %(title)s", title=product.title))
    return PageHead(
        title=str(Text("%(name)s, page %(number)s", name=name, number=number))
        if number > 1
        else name,
        description=str(
            Text(
                "What buyers say of %(title)s by %(vendor)s.",
                title=product.title,
                vendor=product.vendor,
            )
        ),
        canonical=url + (f"?page={number}" if number > 1 else ""),
        robots="" if reviews else _NOT_LISTED,
        image=_shared(product.images[0] if product.images else None, site),
        scripts=_scripts(data.reviewed(product, reviews, site)) if reviews else (),
    )


def _listing_description(listing: Listing, site: Site) -> str:
    text = listing.description or str(
        Text("%(heading)s at %(shop)s.", heading=listing.heading, shop=site.name)
    )
    if listing.page == 1:
        return shorten(str(text))
    place = str(Text("Page %(page)s.", page=listing.page))
    return place + " " + shorten(text, LONGEST_SUMMARY - len(place) - 1)


def _page_url(listing: Listing, page: int, site: Site) -> str:
    return site.url(listing.path) + (f"?page={page}" if page > 1 else "")


def _shared(image: Image | None, site: Site) -> SharedImage | None:
    shown = image or site.image
    return site.picture(shown) if shown else None


def _scripts(*items: data.Data) -> tuple[Markup, ...]:
    return tuple(map(data.as_script, items))
