"""What the catalog's own pages show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from pyroaring import BitMap

from app.catalog.beside import CompanionSource
from app.catalog.bundle_view import view_bundle
from app.catalog.bundles import Catalogue, nearest_choice
from app.catalog.cards import refer, shown_compare_at
from app.catalog.home import words_in
from app.catalog.listing import Shelf, build_listing
from app.catalog.models import Category, Choice, Product
from app.catalog.policies import Standing, sellable_units, standing_of
from app.catalog.product_finding import search_rows
from app.catalog.query import ListingQuery
from app.catalog.readmodel.model import CatalogModel
from app.catalog.readmodel.rows import Row
from app.catalog.rules import (
    FEW,
    MOST_PER_ORDER,
    bundle_message,
    can_buy,
    choose_variant,
    option_choices,
    saving_percent,
    stock_message,
    variant_images,
    variant_url,
)
from app.catalog.service import CatalogService
from app.catalog.suggestions import (
    completed_queries,
    fitting_categories,
    fitting_products,
    search_help,
    with_prices,
)
from app.catalog.views import BundlePart, BundleView, HomePage, Listing, ProductPage, Suggestion
from app.markets.models import Market
from app.shared.clock import now
from app.shared.errors import NotFound
from app.shared.ids import ProductId, Sku
from app.shared.texts import Text, current_language

_SUGGESTIONS = 6
_CATEGORIES = 4


class CatalogPages:
    """The shop window, listings, search and product pages, made from the read model."""

    def __init__(self, catalog: CatalogService, companions: CompanionSource) -> None:
        self._catalog = catalog
        self._companions = companions

    def home_page(self, market: Market) -> HomePage:
        """The shop window."""
        model = self._catalog.model()
        sold = model.sold_in(market.code)
        plain = sold - model.bundles
        buyable = model.buyable_in(market.code)
        chosen = model.shelves.home_of(market.code)
        picked = _these(model, sold, chosen.featured) if chosen else []
        marked = BitMap(row.number for row in picked) if picked else model.featured
        categories, collections = model.navigation
        if chosen is not None:
            open_now = {each.slug: each for each in collections}
            collections = (
                tuple(open_now[slug] for slug in chosen.collections if slug in open_now)
                or collections
            )
        return HomePage(
            hero=words_in(chosen.hero, current_language()) if chosen and chosen.hero else None,
            featured=refer(picked or _newest(model, plain & marked, 8), buyable),
            newest=refer(_newest(model, plain - marked, 8), buyable),
            bundles=refer(_newest(model, sold & model.bundles, 4), buyable),
            categories=categories,
            collections=collections,
        )

    def list_all(self, query: ListingQuery, market: Market) -> Listing:
        """Every product."""
        model = self._catalog.model()
        shelf = Shelf(
            heading=Text("All products"), path="/products", rows=model.sold_in(market.code)
        )
        return self._listing(model, shelf, query, market)

    def search(self, query: ListingQuery, market: Market) -> Listing:
        """Products by words; without words, every product."""
        model = self._catalog.model()
        heading = Text("Results for “%(q)s”", q=query.q) if query.q else Text("Search")
        shelf = Shelf(heading=heading, path="/search", rows=model.sold_in(market.code))
        return self._listing(model, shelf, query, market)

    def list_category(self, slug: str, query: ListingQuery, market: Market) -> Listing:
        """A category's products. Raises ``NotFound``."""
        model = self._catalog.model()
        category = model.shelves.category(slug)
        if category is None:
            raise NotFound(Text("We could not find this category."))
        shelf = Shelf(
            heading=category.name,
            path=f"/categories/{slug}",
            rows=model.sold_in(market.code) & model.in_category.get(slug, BitMap()),
            description=category.description,
            image=category.image,
        )
        return self._listing(model, shelf, query, market)

    def list_collection(self, slug: str, query: ListingQuery, market: Market) -> Listing:
        """A collection's products, in the owner's order or by its rule. Raises ``NotFound``, also
        of a campaign that has not begun or is over."""
        model = self._catalog.model()
        collection = model.shelves.collection(slug)
        if collection is None or not collection.is_open(now()):
            raise NotFound(Text("We could not find this collection."))
        members = model.members_of[slug]
        order = members.order
        shelf = Shelf(
            heading=collection.title,
            path=f"/collections/{slug}",
            rows=model.sold_in(market.code) & members.rows_in(market.code),
            own_order=None if order is None else lambda: order,
            description=collection.description,
            image=collection.image,
            default_sort=collection.sort or ("newest" if order is None else "relevance"),
        )
        return self._listing(model, shelf, query, market)

    def product_page(self, slug: str, wanted: Mapping[str, str], market: Market) -> ProductPage:
        """A product with the variant that ``wanted`` options choose. Raises ``NotFound``."""
        model = self._catalog.model()
        parts: Catalogue = {}
        if slug in model.bundle_slugs:
            product, parts = self._catalog.find_bundle(slug)
        else:
            product = self._catalog.find_product(slug)
        row = model.find(product.id) if product else None
        if product is None or row is None or not row.is_live:
            raise NotFound(Text("We could not find this product."))
        return self._page(product, parts, wanted, market)

    def preview(
        self, product_id: ProductId, wanted: Mapping[str, str], market: Market, path: str
    ) -> ProductPage:
        """The same of a product that nobody else sees yet, its choices linked below ``path``.
        Raises ``NotFound``."""
        product, parts = self._catalog.find_any(product_id)
        if product is None:
            raise NotFound(Text("We could not find this product."))
        shown = self._page(product, parts, wanted, market)
        own = variant_url(product, {})
        choices = tuple(
            replace(
                choice,
                values=tuple(
                    replace(each, url=path + each.url.removeprefix(own)) for each in choice.values
                ),
            )
            for choice in shown.choices
        )
        return replace(shown, choices=choices)

    def _page(
        self, product: Product, parts: Catalogue, wanted: Mapping[str, str], market: Market
    ) -> ProductPage:
        model = self._catalog.model()
        bundle = self._bundle(product, parts, market) if product.is_bundle else None
        own = [] if bundle else [each.sku for each in product.variants]
        stock = self._catalog.available(own) if own else {}
        variant = choose_variant(product, wanted, market.code, stock)
        price = variant.price_in(market.code) if variant else None
        if bundle:
            price = bundle.price
            left = None if bundle.has_choices else bundle.left
        else:
            left = sellable_units(variant, stock) if variant else None
        compare_at = shown_compare_at(price) if price else None
        images = variant_images(product, variant)
        return ProductPage(
            product=product,
            category=model.shelves.category(product.category),
            variant=variant,
            price=price.amount if price else None,
            compare_at=compare_at,
            saving_percent=saving_percent(price.amount, compare_at) if price else 0,
            choices=option_choices(
                product, variant.options if variant else wanted, market.code, stock
            ),
            image=images[0] if images else None,
            images=images,
            stock_message=(
                bundle_message(bundle, market.locale)
                if bundle
                else stock_message(variant, market.code, stock, market.locale)
            ),
            standings=_standings(product, bundle, market, stock),
            max_quantity=MOST_PER_ORDER if left is None or left > FEW else max(left, 0),
            parts=bundle.parts if bundle else (),
            part_ids=bundle.product_ids if bundle else frozenset(),
            companions=self._companions.together(product.id, market),
        )

    def bundle_parts(
        self, sku: Sku, chosen: Mapping[int, str], market: Market
    ) -> tuple[BundlePart, ...]:
        """The parts of a bundle with what was chosen of them, as far as there is such a choice,
        for a form that is filled in again; nothing for what is no bundle."""
        found = self._catalog.get_variants([sku])
        if sku not in found or not found[sku][0].is_bundle:
            return ()
        product = found[sku][0]
        parts = self._catalog.get_variants(product.part_skus)
        return self._bundle(product, parts, market, nearest_choice(product, chosen)).parts

    def _bundle(
        self, product: Product, found: Catalogue, market: Market, wanted: Choice = ()
    ) -> BundleView:
        """A bundle with what can be chosen in it, of what is ``found`` in range."""
        stock = self._catalog.available(found) if found else {}
        return view_bundle(product, found, stock, market, wanted)

    def suggest(self, text: str, market: Market) -> tuple[Suggestion, ...]:
        """What to show under the search field while ``text`` is being typed."""
        if not text:
            return ()
        model = self._catalog.model()
        hits = search_rows(model, text, model.sold_in(market.code))
        best = hits.ranked[:_SUGGESTIONS].tolist()
        refs = refer(map(model.row, best), model.buyable_in(market.code))
        cards = self._catalog.make_cards(refs, market)
        return (
            *completed_queries(model.search.complete(text, hits), hits),
            *fitting_categories(model.navigation[0], text),
            *fitting_products((card for card in cards if card), hits.marks),
        )

    def _listing(
        self, model: CatalogModel, shelf: Shelf, query: ListingQuery, market: Market
    ) -> Listing:
        """The page of the shelf, or of what the query's words find on it."""
        if not query.q:
            return build_listing(model, shelf, query, market)
        hits = search_rows(model, query.q, shelf.rows)
        found = replace(
            shelf,
            rows=hits.rows,
            own_order=lambda: hits.ranked,
            default_sort="relevance",
            corrected=hits.corrected,
        )
        listing = build_listing(model, found, with_prices(query, hits, market), market)
        popular = _popular_categories(model, shelf.rows)
        advice = search_help(hits, query, shelf.path, popular, found=bool(listing.total))
        return replace(listing, marks=hits.marks, help=advice)


def _standings(
    product: Product, bundle: BundleView | None, market: Market, stock: Mapping[Sku, int]
) -> dict[Sku, Standing]:
    """The variants that can be bought in the market now, and how."""
    if bundle:
        return {each.sku: bundle.standing for each in product.variants if bundle.buyable}
    return {
        each.sku: standing_of(each, stock)
        for each in product.variants
        if can_buy(each, market.code, stock)
    }


def _popular_categories(model: CatalogModel, rows: BitMap) -> list[tuple[Category, int]]:
    """The categories of some rows with their numbers of products, the fullest first."""
    counted = [
        (each, model.in_category[each.slug].intersection_cardinality(rows))
        for each in model.navigation[0]
    ]
    filled = [pair for pair in counted if pair[1]]
    return sorted(filled, key=lambda pair: -pair[1])[:_CATEGORIES]


def _these(model: CatalogModel, rows: BitMap, ids: Iterable[ProductId]) -> list[Row]:
    """Those of these products that are among ``rows``, in this order."""
    found = (model.find(each) for each in ids)
    return [row for row in found if row is not None and row.number in rows]


def _newest(model: CatalogModel, rows: BitMap, most: int) -> list[Row]:
    return list(map(model.row, model.newest.page(rows, 0, most).tolist()))
