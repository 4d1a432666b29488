"""The catalog as other packages and the catalog's own pages see it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice

from app.catalog.cards import make_cards, shown_compare_at
from app.catalog.index import CatalogIndex, Row, Snapshot, StockReader
from app.catalog.listing import Shelf, build_listing
from app.catalog.models import (
    Category,
    Collection,
    Product,
    ProductKind,
    ProductStatus,
    Variant,
)
from app.catalog.query import ListingQuery
from app.catalog.repository import CatalogRepository
from app.catalog.rules import (
    can_buy,
    choose_variant,
    option_choices,
    saving_percent,
    stock_message,
    variant_images,
    variant_url,
)
from app.catalog.searching import CatalogSearch
from app.catalog.suggestions import (
    completed_queries,
    fitting_categories,
    fitting_products,
    search_help,
    with_prices,
)
from app.catalog.views import (
    BundlePart,
    HomePage,
    Listing,
    ProductCard,
    ProductPage,
    Suggestion,
)
from app.db.database import Database, Session
from app.markets.models import Market
from app.shared.clock import now
from app.shared.errors import NotFound
from app.shared.ids import ProductId, Sku

_MOST_PER_ORDER = 99
_RELATED = 4
_SUGGESTIONS = 6
_CATEGORIES = 4


class CatalogService:
    """Products, categories and collections: looked up, listed, searched."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._catalog = CatalogRepository(database)
        self._stock: StockReader | None = None
        self._index: CatalogIndex | None = None
        self._words = CatalogSearch()

    def use_stock(self, stock: StockReader) -> None:
        """Say where stock is read; the inventory lies above, so the root brings them together."""
        self._stock = stock
        self._index = CatalogIndex(self._catalog, stock)

    @property
    def _snapshot(self) -> Snapshot:
        if self._index is None:
            raise RuntimeError("the composition root has not said where stock is read")
        return self._index.snapshot()

    def _available(self, skus: Iterable[Sku]) -> dict[Sku, int]:
        if self._stock is None:
            raise RuntimeError("the composition root has not said where stock is read")
        return self._stock.available(skus)

    def note_stock_change(self, session: Session, skus: list[Sku]) -> None:
        """Tell every process that these SKUs sold out or came back."""
        self._catalog.note_change(session, skus=skus)

    # --- for carts and orders -----------------------------------------------------------------

    def get_variants(self, skus: Iterable[Sku]) -> dict[Sku, tuple[Product, Variant]]:
        """Each SKU that can be sold now, with its product; bundles and hidden products cannot."""
        wanted = set(skus)
        return {
            variant.sku: (product, variant)
            for product in self._catalog.with_skus(wanted)
            if _is_sold(product)
            for variant in product.variants
            if variant.sku in wanted
        }

    def names_of(self, skus: Iterable[Sku]) -> dict[Sku, tuple[str, str]]:
        """Product and variant title of each SKU that is or was in the range."""
        wanted = set(skus)
        return {
            variant.sku: (product.title, variant.title)
            for product in self._catalog.with_skus(wanted)
            for variant in product.variants
            if variant.sku in wanted
        }

    def count_sale(self, order: str, units: Mapping[ProductId, int]) -> None:
        """Count an order's units towards "best selling", once."""

        def work(session: Session) -> None:
            if self._catalog.count_sale(order, units, session):
                self._catalog.note_change(session, product_ids=units)

        self._database.in_transaction(work)

    # --- pages ----------------------------------------------------------------------------------

    def categories(self) -> tuple[Category, ...]:
        """Every category with something in it, in the owner's order."""
        filled = {row.category for row in self._snapshot.rows.values()}
        return tuple(each for each in self._snapshot.categories if each.slug in filled)

    def collections(self) -> tuple[Collection, ...]:
        """Every collection, in the owner's order."""
        return self._snapshot.collections

    def home_page(self, market: Market) -> HomePage:
        """The shop window."""
        rows = self._sold_rows(market)
        plain = [row for row in rows if not row.is_bundle]
        return HomePage(
            featured=self._cards((row for row in plain if row.featured), market, 8),
            newest=self._cards((row for row in plain if not row.featured), market, 8),
            bundles=self._cards((row for row in rows if row.is_bundle), market, 4),
            categories=self.categories(),
            collections=self.collections(),
        )

    def _cards(self, rows: Iterable[Row], market: Market, most: int) -> tuple[ProductCard, ...]:
        chosen = list(islice(rows, most))
        return make_cards(chosen, self._catalog.by_ids(row.id for row in chosen), market.code)

    def _sold_rows(self, market: Market) -> list[Row]:
        return [
            row
            for row in self._snapshot.rows.values()
            if row.is_live and row.lowest_price(market.code) is not None
        ]

    def list_all(self, query: ListingQuery, market: Market) -> Listing:
        """Every product."""
        shelf = Shelf(
            heading="All products",
            path="/products",
            rows=self._sold_rows(market),
            default_sort="relevance" if query.q else "newest",
        )
        return self._listing(shelf, query, market)

    def search(self, query: ListingQuery, market: Market) -> Listing:
        """Products by words; without words, every product."""
        shelf = Shelf(
            heading=f"Results for “{query.q}”" if query.q else "Search",
            path="/search",
            rows=self._sold_rows(market),
            default_sort="relevance" if query.q else "newest",
        )
        return self._listing(shelf, query, market)

    def _listing(self, shelf: Shelf, query: ListingQuery, market: Market) -> Listing:
        """The shelf's page, with what the words of the query find on it."""
        if not query.q:
            return build_listing(shelf, query, market, self._catalog.by_ids)
        searchable = self._words.of(self._snapshot)
        hits = searchable.index.find(query.q, searchable.numbers_of(shelf.rows))
        found = replace(shelf, rows=searchable.ordered(hits), corrected=hits.corrected)
        asked = with_prices(query, hits, market)
        listing = build_listing(found, asked, market, self._catalog.by_ids)
        advice = search_help(hits, query, shelf.path, self.popular_categories(shelf.rows))
        return replace(listing, marks=hits.marks, help=advice)

    def popular_categories(self, rows: Iterable[Row]) -> list[tuple[Category, int]]:
        """The categories of some rows with their numbers of products, the fullest first."""
        counts = Counter(row.category for row in rows)
        filled = [(each, counts[each.slug]) for each in self.categories() if counts[each.slug]]
        return sorted(filled, key=lambda pair: -pair[1])[:_CATEGORIES]

    def list_category(self, slug: str, query: ListingQuery, market: Market) -> Listing:
        """A category's products. Raises ``NotFound``."""
        category = next((each for each in self._snapshot.categories if each.slug == slug), None)
        if category is None:
            raise NotFound("We could not find this category.")
        shelf = Shelf(
            heading=category.name,
            path=f"/categories/{slug}",
            rows=[row for row in self._sold_rows(market) if row.category == slug],
            description=category.description,
            image=category.image,
            default_sort="relevance" if query.q else "newest",
        )
        return self._listing(shelf, query, market)

    def list_collection(self, slug: str, query: ListingQuery, market: Market) -> Listing:
        """A collection's products, in the owner's order. Raises ``NotFound``."""
        collection = next((each for each in self._snapshot.collections if each.slug == slug), None)
        if collection is None:
            raise NotFound("We could not find this collection.")
        sold = {row.id: row for row in self._sold_rows(market)}
        shelf = Shelf(
            heading=collection.title,
            path=f"/collections/{slug}",
            rows=[sold[each] for each in collection.product_ids if each in sold],
            description=collection.description,
            image=collection.image,
            default_sort="relevance",
        )
        return self._listing(shelf, query, market)

    def product_page(self, slug: str, wanted: Mapping[str, str], market: Market) -> ProductPage:
        """A product with the variant that ``wanted`` options choose. Raises ``NotFound``."""
        product = self._catalog.find_by_slug(slug)
        row = self._snapshot.rows.get(product.id) if product else None
        if product is None or row is None or not row.is_live:
            raise NotFound("We could not find this product.")
        stock = self._available(variant.sku for variant in product.variants)
        variant = choose_variant(product, wanted, market.code, stock)
        price = variant.price_in(market.code) if variant else None
        compare_at = shown_compare_at(price) if price else None
        is_bundle = product.kind is ProductKind.BUNDLE
        images = variant_images(product, variant)
        left = stock.get(variant.sku, 0) if variant else 0
        unlimited = variant is not None and variant.sells_when_out
        return ProductPage(
            product=product,
            category=self._category(product),
            variant=variant,
            price=price.amount if price else None,
            compare_at=compare_at,
            saving_percent=saving_percent(price.amount, compare_at) if price else 0,
            choices=option_choices(
                product, variant.options if variant else wanted, market.code, stock
            ),
            image=images[0] if images else None,
            images=images,
            stock_message="" if is_bundle else stock_message(variant, market.code, stock),
            buyable=variant is not None and not is_bundle and can_buy(variant, market.code, stock),
            max_quantity=_MOST_PER_ORDER if unlimited else min(max(left, 0), _MOST_PER_ORDER),
            parts=self._parts(product),
            related=self._related(row, market),
        )

    def cards_of(
        self, product_ids: Iterable[str], market: Market, most: int
    ) -> tuple[ProductCard, ...]:
        """Cards for these products in this order, without those that are not sold here."""
        rows = self._snapshot.rows
        wanted = [rows[ProductId(each)] for each in product_ids if ProductId(each) in rows]
        sold = [row for row in wanted if row.is_live and row.lowest_price(market.code) is not None]
        return self._cards(sold, market, most)

    def _category(self, product: Product) -> Category | None:
        return next(
            (each for each in self._snapshot.categories if each.slug == product.category), None
        )

    def _parts(self, product: Product) -> tuple[BundlePart, ...]:
        """What a bundle is made of."""
        known = (
            self.get_variants(part.sku for part in product.components) if product.components else {}
        )
        return tuple(
            BundlePart(
                title=known[part.sku][0].title,
                variant_title=known[part.sku][1].title,
                url=variant_url(known[part.sku][0], known[part.sku][1].options),
                image=next(iter(variant_images(*known[part.sku])), None),
                quantity=part.quantity,
            )
            for part in product.components
            if part.sku in known
        )

    def _related(self, row: Row, market: Market) -> tuple[ProductCard, ...]:
        """Others of the same category, those with most words in common first."""
        own = set(row.weights)
        others = [
            other
            for other in self._sold_rows(market)
            if other.id != row.id and other.category == row.category and other.in_stock
        ]
        others.sort(key=lambda other: -len(own & set(other.weights)))
        return self._cards(others, market, _RELATED)

    def suggest(self, text: str, market: Market) -> tuple[Suggestion, ...]:
        """What to show under the search field while ``text`` is being typed."""
        if not text:
            return ()
        searchable = self._words.of(self._snapshot)
        allowed = searchable.numbers_of(self._sold_rows(market))
        hits = searchable.index.find(text, allowed)
        cards = self._cards(searchable.ordered(hits), market, _SUGGESTIONS)
        return (
            *completed_queries(searchable.index.complete(text, allowed), hits),
            *fitting_categories(self.categories(), text),
            *fitting_products(cards, hits.marks),
        )

    def sitemap_paths(self) -> Iterator[str]:
        """The address of every public page of the catalog."""
        snapshot = self._snapshot
        yield "/"
        yield "/products"
        yield from (f"/categories/{each.slug}" for each in self.categories())
        yield from (f"/collections/{each.slug}" for each in snapshot.collections)
        yield from (f"/products/{row.slug}" for row in snapshot.rows.values() if row.is_live)


def _is_sold(product: Product) -> bool:
    return (
        product.kind is ProductKind.SIMPLE
        and product.status is ProductStatus.PUBLISHED
        and product.published_at is not None
        and product.published_at <= now()
    )
