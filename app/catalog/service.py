"""The catalog as other packages and the catalog's own pages see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from app.catalog.bundles import RoundingOf, unrounded
from app.catalog.cards import make_card, refer
from app.catalog.follower import CatalogFollower
from app.catalog.modelling import Modelling
from app.catalog.models import (
    Category,
    Collection,
    Product,
    Variant,
)
from app.catalog.pack_repository import PackRepository
from app.catalog.packs import ModelPacks, Packer
from app.catalog.picks import Picks
from app.catalog.readmodel.model import CatalogModel
from app.catalog.repository import CatalogRepository
from app.catalog.rules import is_sold
from app.catalog.selling import Selling
from app.catalog.stock import Stock
from app.catalog.views import (
    CardRef,
    ProductCard,
)
from app.db.database import Database, Session
from app.markets.models import Market
from app.shared.ids import ProductId, Sku


class CatalogService:
    """Products, categories and collections: looked up, listed, searched."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._catalog = CatalogRepository(database)
        self._stock: Stock | None = None
        self._follower: CatalogFollower | None = None
        self._packer: Packer | None = None
        self._selling: Selling | None = None
        self.rounding_of: RoundingOf = unrounded

    def use_stock(self, stock: Stock) -> None:
        """Say where stock is read; the inventory lies above, so the root brings them together."""
        packs = ModelPacks(PackRepository(self._database))
        self._stock = stock
        self._follower = CatalogFollower(self._catalog, Modelling(self._catalog, stock), packs)
        self._packer = Packer(self._catalog, packs, self._follower)
        self._selling = Selling(self._database, self._catalog, stock, self.rounding_of)

    @property
    def follower(self) -> CatalogFollower:
        """Keeps the read model; tells whoever listens what changed."""
        if self._follower is None:
            raise RuntimeError("the composition root has not said where stock is read")
        return self._follower

    @property
    def selling(self) -> Selling:
        """Changes how variants are sold beyond their stock."""
        if self._selling is None:
            raise RuntimeError("the composition root has not said where stock is read")
        return self._selling

    @property
    def packer(self) -> Packer:
        """Packs the read model for processes that start."""
        if self._packer is None:
            raise RuntimeError("the composition root has not said where stock is read")
        return self._packer

    def available(self, skus: Iterable[Sku]) -> dict[Sku, int]:
        """Units of each SKU that are there and not reserved; its policy says what can be sold."""
        if self._stock is None:
            raise RuntimeError("the composition root has not said where stock is read")
        return self._stock.available(skus)

    def note_stock_change(self, session: Session, skus: list[Sku]) -> None:
        """Tell every process that these SKUs sold out or came back, or that few are left."""
        self._catalog.note_change(session, skus=skus)

    def note_companions_change(self, session: Session, product_ids: list[ProductId]) -> None:
        """Tell every process that other products are shown beside these."""
        self._catalog.note_change(session, product_ids=product_ids)

    def count_ratings(
        self, product_id: ProductId, steps: Mapping[int, int], session: Session
    ) -> None:
        """Add to a product's number of published reviews, by stars, and tell every process."""
        self._catalog.count_ratings(product_id, steps, session)
        self._catalog.note_change(session, product_ids=[product_id])

    # --- for markets --------------------------------------------------------------------------

    def use_rounding(self, rounding_of: RoundingOf) -> None:
        """Say how markets round the prices that are worked out."""
        self.rounding_of = rounding_of

    def currencies_in(self, market: str, session: Session) -> set[str]:
        """The currencies that products' prices in a market are in."""
        return self._catalog.currencies_in(market, session)

    # --- for carts and orders -----------------------------------------------------------------

    def get_variants(self, skus: Iterable[Sku]) -> dict[Sku, tuple[Product, Variant]]:
        """Each SKU that is sold now, with its product; those of hidden products are not."""
        wanted = set(skus)
        return _sold(self._catalog.with_skus(wanted), wanted)

    def names_of(self, skus: Iterable[Sku]) -> dict[Sku, tuple[str, str]]:
        """Product and variant title of each SKU that is or was in the range."""
        wanted = set(skus)
        return {
            variant.sku: (product.title, variant.title)
            for product in self._catalog.with_skus(wanted)
            for variant in product.variants
            if variant.sku in wanted
        }

    def titles_of(self, ids: Iterable[str]) -> dict[str, str]:
        """Titles of products by id; those that are gone have none."""
        found = self._catalog.by_ids(ProductId(each) for each in ids)
        return {product_id: product.title for product_id, product in found.items()}

    def unknown_products(self, names: Iterable[str]) -> list[str]:
        """Which of these, ids or slugs, name no product."""
        wanted = list(names)
        known = {*self._catalog.by_ids(map(ProductId, wanted)), *self._catalog.by_slugs(wanted)}
        return [name for name in wanted if name not in known]

    def search_skus(self, query: str, most: int) -> list[Sku]:
        """SKUs of published products, found by their words or SKUs, the best first; only of what
        has stock of its own."""
        model = self.model()
        hits = model.search.find(query, model.present)
        ids = [model.ids[row] for row in hits.ranked[:most].tolist()]
        return self._catalog.stocked_skus(ids)[:most]

    def slugs_and_titles_of(
        self, product_ids: Iterable[ProductId]
    ) -> dict[ProductId, tuple[str, str]]:
        """Slug and title of each product that there is, sold or not."""
        found = self._catalog.by_ids(product_ids)
        return {key: (product.slug, product.title) for key, product in found.items()}

    def members_of(
        self, collections: Iterable[str], products: Iterable[ProductId], market: str
    ) -> dict[str, frozenset[ProductId]]:
        """Which of these products are in each of the collections in a market, by slug; an unknown
        collection has none. What a rule finds is what the collection shows."""
        wanted = frozenset(products)
        return {
            each.slug: self._found_by_rule(each, wanted, market)
            if each.rule
            else wanted.intersection(each.product_ids)
            for each in self._catalog.collections_named(collections)
        }

    def _found_by_rule(
        self, collection: Collection, products: AbstractSet[ProductId], market: str
    ) -> frozenset[ProductId]:
        model = self.model()
        rows = model.membership(collection).rows_in(market)
        found = ((each, model.row_of.get(each)) for each in products)
        return frozenset(each for each, row in found if row is not None and row in rows)

    def unknown_collections(self, slugs: Iterable[str]) -> list[str]:
        """Which of these slugs name no collection."""
        wanted = list(slugs)
        known = {each.slug for each in self._catalog.collections_named(wanted)}
        return [slug for slug in wanted if slug not in known]

    def count_sale(self, order: str, units: Mapping[ProductId, int]) -> None:
        """Count an order's units towards "best selling", once."""

        def work(session: Session) -> None:
            if self._catalog.count_sale(order, units, session):
                self._catalog.note_change(session, sold=units)

        self._database.in_transaction(work)

    # --- pages ----------------------------------------------------------------------------------

    def model(self) -> CatalogModel:
        """The newest read model."""
        return self.follower.model()

    def find_product(self, slug: str) -> Product | None:
        """The product with this slug, whatever its status, or None."""
        return self._catalog.find_by_slug(slug)

    def find_bundle(self, slug: str) -> tuple[Product | None, dict[Sku, tuple[Product, Variant]]]:
        """A bundle, whatever its status, and what of its parts is sold now."""
        bundle, products = self._catalog.find_with_parts(slug)
        return bundle, _sold(products, bundle.part_skus) if bundle else {}

    def find_any(
        self, product_id: ProductId
    ) -> tuple[Product | None, dict[Sku, tuple[Product, Variant]]]:
        """A product, whatever its status, and of a bundle what of its parts is sold now."""
        product = self._catalog.by_ids([product_id]).get(product_id)
        if product is None or not product.is_bundle:
            return product, {}
        return self.find_bundle(product.slug)

    def categories(self) -> tuple[Category, ...]:
        """Every category with something sold in it, in the owner's order."""
        return self.follower.model().navigation[0]

    def collections(self) -> tuple[Collection, ...]:
        """Every collection with something sold in it, in the owner's order."""
        return self.follower.model().navigation[1]

    def cards_of(
        self, product_ids: Iterable[str], market: Market, most: int
    ) -> tuple[CardRef, ...]:
        """Cards for these products in this order, without those that are not sold here."""
        model = self.follower.model()
        sold = model.sold_in(market.code)
        rows = (model.find(ProductId(each)) for each in product_ids)
        shown = [row for row in rows if row and row.number in sold][:most]
        return refer(shown, model.buyable_in(market.code))

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


def _sold(
    products: Iterable[Product], wanted: AbstractSet[Sku]
) -> dict[Sku, tuple[Product, Variant]]:
    """The wanted variants of products that are in the shop now."""
    return {
        variant.sku: (product, variant)
        for product in products
        if is_sold(product)
        for variant in product.variants
        if variant.sku in wanted
    }
