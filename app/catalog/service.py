"""The catalog as other packages and the catalog's own pages see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from pyroaring import BitMap

from app.catalog.beside import CompanionSource, NothingBeside
from app.catalog.cards import make_card, refer, shown_compare_at
from app.catalog.follower import CatalogFollower
from app.catalog.listing import Shelf, build_listing
from app.catalog.modelling import Modelling
from app.catalog.models import (
    Category,
    Collection,
    Product,
    ProductKind,
    ProductStatus,
    Variant,
)
from app.catalog.pack_repository import PackRepository
from app.catalog.packs import ModelPacks, Packer
from app.catalog.picks import Picks
from app.catalog.query import ListingQuery
from app.catalog.readmodel.bits import Numbers
from app.catalog.readmodel.model import CatalogModel
from app.catalog.readmodel.rows import Row
from app.catalog.repository import CatalogRepository
from app.catalog.rules import (
    FEW,
    can_buy,
    choose_variant,
    option_choices,
    saving_percent,
    stock_message,
    variant_images,
    variant_url,
)
from app.catalog.search.index import Hits
from app.catalog.stock import StockReader
from app.catalog.views import (
    BundlePart,
    CardRef,
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
_SUGGESTIONS = 6


class CatalogService:
    """Products, categories and collections: looked up, listed, searched."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._catalog = CatalogRepository(database)
        self._stock: StockReader | None = None
        self._follower: CatalogFollower | None = None
        self._packer: Packer | None = None
        self._companions: CompanionSource = NothingBeside()

    def use_stock(self, stock: StockReader) -> None:
        """Say where stock is read; the inventory lies above, so the root brings them together."""
        packs = ModelPacks(PackRepository(self._database))
        self._stock = stock
        self._follower = CatalogFollower(self._catalog, Modelling(self._catalog, stock), packs)
        self._packer = Packer(self._catalog, packs, self._follower)

    def use_companions(self, companions: CompanionSource) -> None:
        """Say what is shown beside a product; recommendations lie above, as the stock does."""
        self._companions = companions

    @property
    def follower(self) -> CatalogFollower:
        """Keeps the read model; tells whoever listens what changed."""
        if self._follower is None:
            raise RuntimeError("the composition root has not said where stock is read")
        return self._follower

    @property
    def packer(self) -> Packer:
        """Packs the read model for processes that start."""
        if self._packer is None:
            raise RuntimeError("the composition root has not said where stock is read")
        return self._packer

    def _available(self, skus: Iterable[Sku]) -> dict[Sku, int]:
        if self._stock is None:
            raise RuntimeError("the composition root has not said where stock is read")
        return self._stock.available(skus)

    def note_stock_change(self, session: Session, skus: list[Sku]) -> None:
        """Tell every process that these SKUs sold out or came back, or that few are left."""
        self._catalog.note_change(session, skus=skus)

    def note_companions_change(self, session: Session, product_ids: list[ProductId]) -> None:
        """Tell every process that other products are shown beside these."""
        self._catalog.note_change(session, product_ids=product_ids)

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
                self._catalog.note_change(session, sold=units)

        self._database.in_transaction(work)

    # --- pages ----------------------------------------------------------------------------------

    def categories(self) -> tuple[Category, ...]:
        """Every category with something sold in it, in the owner's order."""
        return self.follower.model().navigation[0]

    def collections(self) -> tuple[Collection, ...]:
        """Every collection with something sold in it, in the owner's order."""
        return self.follower.model().navigation[1]

    def home_page(self, market: Market) -> HomePage:
        """The shop window."""
        model = self.follower.model()
        sold = model.sold_in(market.code)
        plain = sold - model.bundles
        shown = (
            _newest(model, plain & model.featured, 8),
            _newest(model, plain - model.featured, 8),
            _newest(model, sold & model.bundles, 4),
        )
        featured, newest, bundles = map(refer, shown)
        categories, collections = model.navigation
        return HomePage(
            featured=featured,
            newest=newest,
            bundles=bundles,
            categories=categories,
            collections=collections,
        )

    def list_all(self, query: ListingQuery, market: Market) -> Listing:
        """Every product."""
        model = self.follower.model()
        shelf = Shelf(heading="All products", path="/products", rows=model.sold_in(market.code))
        return self._listing(model, shelf, query, market)

    def search(self, query: ListingQuery, market: Market) -> Listing:
        """Products by words; without words, every product."""
        model = self.follower.model()
        heading = f"Results for “{query.q}”" if query.q else "Search"
        shelf = Shelf(heading=heading, path="/search", rows=model.sold_in(market.code))
        return self._listing(model, shelf, query, market)

    def list_category(self, slug: str, query: ListingQuery, market: Market) -> Listing:
        """A category's products. Raises ``NotFound``."""
        model = self.follower.model()
        category = model.shelves.category(slug)
        if category is None:
            raise NotFound("We could not find this category.")
        shelf = Shelf(
            heading=category.name,
            path=f"/categories/{slug}",
            rows=model.sold_in(market.code) & model.in_category.get(slug, BitMap()),
            description=category.description,
            image=category.image,
        )
        return self._listing(model, shelf, query, market)

    def list_collection(self, slug: str, query: ListingQuery, market: Market) -> Listing:
        """A collection's products, in the owner's order. Raises ``NotFound``."""
        model = self.follower.model()
        collection = model.shelves.collection(slug)
        if collection is None:
            raise NotFound("We could not find this collection.")
        members = model.members_of[slug]
        shelf = Shelf(
            heading=collection.title,
            path=f"/collections/{slug}",
            rows=model.sold_in(market.code) & members.rows,
            own_order=members.order,
            description=collection.description,
            image=collection.image,
            default_sort="relevance",
        )
        return self._listing(model, shelf, query, market)

    def _listing(
        self, model: CatalogModel, shelf: Shelf, query: ListingQuery, market: Market
    ) -> Listing:
        """The page of the shelf, or of what the query's words find on it."""
        if query.q:
            hits = model.search.find(query.q, shelf.rows)
            shelf = replace(
                shelf,
                rows=hits.rows,
                own_order=_ranked(model, hits) if len(hits.ranked) else shelf.own_order,
                default_sort="relevance",
                corrected=hits.corrected,
            )
        return build_listing(model, shelf, query, market)

    def product_page(self, slug: str, wanted: Mapping[str, str], market: Market) -> ProductPage:
        """A product with the variant that ``wanted`` options choose. Raises ``NotFound``."""
        product = self._catalog.find_by_slug(slug)
        model = self.follower.model()
        row = model.find(product.id) if product else None
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
            stock_message="" if is_bundle else stock_message(variant, market.code, stock),
            buyable_skus=tuple(
                each.sku
                for each in product.variants
                if not is_bundle and can_buy(each, market.code, stock)
            ),
            buyable=variant is not None and not is_bundle and can_buy(variant, market.code, stock),
            max_quantity=_MOST_PER_ORDER if unlimited or left > FEW else max(left, 0),
            parts=self._parts(product),
            companions=self._companions.together(product.id, market),
        )

    def cards_of(
        self, product_ids: Iterable[str], market: Market, most: int
    ) -> tuple[CardRef, ...]:
        """Cards for these products in this order, without those that are not sold here."""
        model = self.follower.model()
        sold = model.sold_in(market.code)
        rows = (model.find(ProductId(each)) for each in product_ids)
        return refer([row for row in rows if row and row.number in sold][:most])

    def make_cards(self, refs: Sequence[CardRef], market: Market) -> tuple[ProductCard | None, ...]:
        """What the cards show, in one query; None for a product that is not sold any more."""
        products = self._catalog.by_ids(ref.product_id for ref in refs)
        found = ((ref, products.get(ref.product_id)) for ref in refs)
        return tuple(
            make_card(product, ref, market.code) if product else None for ref, product in found
        )

    def picks(self) -> Picks:
        """The read model in the orders that recommendations ask for."""
        return Picks(self.follower.model())

    def _parts(self, product: Product) -> tuple[BundlePart, ...]:
        """What a bundle is made of."""
        known = (
            self.get_variants(part.sku for part in product.components) if product.components else {}
        )
        return tuple(
            BundlePart(
                product_id=known[part.sku][0].id,
                title=known[part.sku][0].title,
                variant_title=known[part.sku][1].title,
                url=variant_url(known[part.sku][0], known[part.sku][1].options),
                image=next(iter(variant_images(*known[part.sku])), None),
                quantity=part.quantity,
            )
            for part in product.components
            if part.sku in known
        )

    def suggest(self, text: str, market: Market) -> tuple[Suggestion, ...]:
        """What to show under the search field while ``text`` is being typed."""
        if not text:
            return ()
        model = self.follower.model()
        hits = model.search.find(text, model.sold_in(market.code))
        best = _ranked(model, hits)[:_SUGGESTIONS]
        cards = self.make_cards(refer(map(model.row, best.tolist())), market)
        return tuple(
            Suggestion(
                label=card.title,
                url=f"/products/{card.slug}",
                kind="product",
                image=card.image,
                price=card.price,
            )
            for card in cards
            if card is not None
        )

    def live_product_ids(self) -> list[ProductId]:
        """Every product that has a page, the first to come to the shop first."""
        model = self.follower.model()
        return sorted(model.ids[row] for row in model.live)

    def popular_paths(self, most: int) -> list[str]:
        """The addresses that are asked for most: the listings, then what sells best."""
        model = self.follower.model()
        categories, collections = model.navigation
        listings = [
            "/",
            "/products",
            *(f"/categories/{each.slug}" for each in categories),
            *(f"/collections/{each.slug}" for each in collections),
        ]
        best = model.bestselling.page(model.live, 0, most)
        return [*listings, *(f"/products/{model.slugs[row]}" for row in best.tolist())][:most]


def _newest(model: CatalogModel, rows: BitMap, most: int) -> list[Row]:
    return list(map(model.row, model.newest.page(rows, 0, most).tolist()))


def _ranked(model: CatalogModel, hits: Hits) -> Numbers:
    """Rows by falling relevance, the newest first among equals."""
    order = np.lexsort((-model.newest.rank[hits.ranked], -hits.scores))
    return hits.ranked[order]


def _is_sold(product: Product) -> bool:
    return (
        product.kind is ProductKind.SIMPLE
        and product.status is ProductStatus.PUBLISHED
        and product.published_at is not None
        and product.published_at <= now()
    )
