"""Catalog documents, and the feed of changes that keeps every process's read model fresh."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pymongo import UpdateOne

from app.catalog.documents import (
    category_from_document,
    collection_from_document,
    product_from_document,
    product_to_document,
    shelf_to_document,
)
from app.catalog.home import HomeComposition, home_from_document
from app.catalog.list_repository import ListRepository
from app.catalog.models import Category, Collection, PolicyKind, Product, ProductKind
from app.db.database import Database, Document, Session, find_any, walk
from app.db.sizes import is_storable
from app.db.streams import DocumentStream
from app.shared.clock import now
from app.shared.ids import ProductId, Sku, new_id

_EVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """Something in the catalog changed; if nothing is named it may be anything.

    ``sold`` names products of which only the units sold changed, ``shelves`` the slugs of
    categories and collections.
    """

    id: str
    at: datetime
    product_ids: tuple[ProductId, ...] = ()
    skus: tuple[Sku, ...] = ()
    sold: tuple[ProductId, ...] = ()
    shelves: tuple[str, ...] = ()

    @property
    def is_anything(self) -> bool:
        """Whether nothing is named."""
        return not (self.names_products or self.sold or self.shelves)

    @property
    def names_products(self) -> bool:
        """Whether it is about products themselves, or their stock."""
        return bool(self.product_ids or self.skus)


@dataclass(frozen=True, kw_only=True, slots=True)
class LastChange:
    """When a product was last written."""

    id: ProductId
    slug: str
    changed_at: datetime


class CatalogRepository:
    """Reads and writes ``products``, ``categories``, ``collections`` and their changes."""

    def __init__(self, database: Database) -> None:
        self._products = database["products"]
        self._list = ListRepository(database)
        self._categories = database["categories"]
        self._collections = database["collections"]
        self._homes = database["home_pages"]
        self._changes = database["catalog_changes"]
        self._sales = database["product_sales"]
        self._counted = database["counted_sales"]

    def find_by_slug(self, slug: str) -> Product | None:
        """The product with this slug, whatever its status, or None."""
        found = self._products.find_one({"slug": slug})
        return product_from_document(found) if found else None

    def find_with_parts(self, slug: str) -> tuple[Product | None, list[Product]]:
        """A bundle with every product that it may be made of, in one query."""
        parts = {
            "from": "products",
            "localField": "part_skus",
            "foreignField": "variants.sku",
            "as": "parts",
        }
        for found in self._products.aggregate([{"$match": {"slug": slug}}, {"$lookup": parts}]):
            return product_from_document(found), list(map(product_from_document, found["parts"]))
        return None, []

    def by_slugs(self, slugs: Iterable[str], session: Session | None = None) -> dict[str, Product]:
        """Products by slug."""
        found = map(product_from_document, find_any(self._products, "slug", slugs, session))
        return {product.slug: product for product in found}

    def by_ids(
        self, ids: Iterable[ProductId], session: Session | None = None
    ) -> dict[ProductId, Product]:
        """Products by id."""
        found = map(product_from_document, find_any(self._products, "_id", ids, session))
        return {product.id: product for product in found}

    def with_skus(self, skus: Iterable[Sku], session: Session | None = None) -> list[Product]:
        """Every product that has one of these SKUs."""
        found = find_any(self._products, "variants.sku", skus, session)
        return list(map(product_from_document, found))

    def stocked_skus(self, ids: Sequence[ProductId]) -> list[Sku]:
        """The SKUs of these products, in their order, without bundles and gift cards."""
        fields = ("kind", "variants.sku")
        found = {each["_id"]: each for each in find_any(self._products, "_id", ids, only=fields)}
        return [
            Sku(variant["sku"])
            for product_id in ids
            if (product := found.get(product_id)) and product["kind"] == ProductKind.SIMPLE.value
            for variant in product["variants"]
        ]

    def bundles_of(self, skus: Iterable[Sku], session: Session | None = None) -> list[Product]:
        """Every bundle that may be made of one of these SKUs."""
        found = find_any(self._products, "part_skus", skus, session)
        return list(map(product_from_document, found))

    def released_before(self, moment: datetime) -> list[Product]:
        """Products with a variant that is a pre-order, and one whose day has come: most often the
        same. ``$elemMatch`` says it better, and has the embedded database look at every product."""
        day = {"$gte": _EVER, "$lte": moment}
        query = {
            "variants.policy.kind": PolicyKind.PRE_ORDER.value,
            "variants.policy.ships_on": day,
        }
        return list(map(product_from_document, self._products.find(query)))

    def percent_bundles(self, session: Session) -> list[Product]:
        """Every bundle whose price is a share of its parts'."""
        found = self._products.find({"pricing.kind": "percent_off"}, session=session)
        return list(map(product_from_document, found))

    def currencies_in(self, market: str, session: Session | None = None) -> set[str]:
        """The currencies that prices in a market are in."""
        apart, whole = f"variants.prices.{market}", f"pricing.prices.{market}"
        priced = {"$or": [{apart: {"$exists": True}}, {whole: {"$exists": True}}]}
        found = self._products.find(
            priced, {f"{apart}.currency": 1, f"{whole}.currency": 1}, session=session
        )
        return {
            prices[market]["currency"]
            for each in found
            for holder in (*each["variants"], each.get("pricing") or {})
            if market in (prices := holder.get("prices", {}))
        }

    def bar(self, ids: Iterable[ProductId], session: Session) -> None:
        """Make whoever writes one of these products at the same moment conflict."""
        for product_id in sorted(ids):
            self._products.update_one({"_id": product_id}, {"$inc": {"bars": 1}}, session=session)

    def every_product(self, *, status: str = "", category: str = "") -> Iterator[Product]:
        """All products, or those of a status and category, oldest first."""
        found = walk(self._products)
        return (
            product_from_document(each)
            for each in found
            if status in {"", each["status"]} and category in {"", each["category"]}
        )

    def attribute_names(self) -> set[str]:
        """The attributes that any product has."""
        return {
            name for each in walk(self._products, ("attributes",)) for name in each["attributes"]
        }

    def last_changes(self, ids: Iterable[ProductId]) -> list[LastChange]:
        """When each of these products was last written, in the order of ids."""
        found = find_any(self._products, "_id", ids, only=("slug", "updated_at"))
        changes = (
            LastChange(id=each["_id"], slug=each["slug"], changed_at=each["updated_at"])
            for each in found
        )
        return sorted(changes, key=lambda change: change.id)

    def can_hold(self, product: Product) -> bool:
        """Whether a product is not too large for one document."""
        return is_storable(product_to_document(product))

    def insert(self, products: Sequence[Product], session: Session) -> None:
        """Store new products. Raises ``BulkWriteError`` for a slug or SKU that is taken."""
        if products:
            documents = [product_to_document(product) for product in products]
            self._products.insert_many(documents, session=session)
            self._list.add(products, session)

    def replace(self, product: Product, session: Session) -> bool:
        """Store ``product`` as the next revision of what was read; False if that moved on.

        What is counted of it, its ratings, stays as it is. Raises ``DuplicateKeyError`` for a slug
        or SKU that is taken.
        """
        document = product_to_document(replace(product, revision=product.revision + 1))
        del document["_id"]
        result = self._products.update_one(
            {"_id": product.id, "revision": product.revision}, {"$set": document}, session=session
        )
        if result.modified_count:
            self._list.replace(product, session)
        return bool(result.modified_count)

    def remove(self, product: Product, session: Session) -> bool:
        """Forget a product as it was read; False if it moved on."""
        gone = self._products.delete_one(
            {"_id": product.id, "revision": product.revision}, session=session
        )
        if gone.deleted_count:
            self._list.remove(product.id, session)
        return bool(gone.deleted_count)

    def count_ratings(
        self, product_id: ProductId, steps: Mapping[int, int], session: Session
    ) -> None:
        """Add to the number of reviews by their stars; a new revision, as cards show it too."""
        changes = {f"ratings.{stars}": step for stars, step in steps.items()}
        self._products.update_one(
            {"_id": product_id}, {"$inc": {**changes, "revision": 1}}, session=session
        )

    def categories(self) -> list[Category]:
        """All categories in the owner's order."""
        return [
            category_from_document(document)
            for document in self._categories.find({}).sort([("position", 1), ("_id", 1)])
        ]

    def collections(self) -> list[Collection]:
        """All collections in the owner's order."""
        return [
            collection_from_document(document)
            for document in self._collections.find({}).sort([("position", 1), ("_id", 1)])
        ]

    def homes(self) -> list[HomeComposition]:
        """What is stored of the home page, market by market."""
        return list(map(home_from_document, self._homes.find({}).sort("_id", 1)))

    def collections_named(self, slugs: Iterable[str]) -> list[Collection]:
        """Those of the collections that there are, in no particular order."""
        return list(map(collection_from_document, find_any(self._collections, "_id", slugs)))

    def add_shelf(self, shelf: Category | Collection, session: Session | None = None) -> bool:
        """Store a category or collection unless its slug is there; say whether it was new."""
        target = self._categories if isinstance(shelf, Category) else self._collections
        document = shelf_to_document(shelf)
        result = target.update_one(
            {"_id": document["_id"]}, {"$setOnInsert": document}, upsert=True, session=session
        )
        return result.upserted_id is not None

    def next_position(self, session: Session | None = None) -> int:
        """The place behind the last category."""
        last = self._categories.find_one(
            {}, {"position": 1}, sort=[("position", -1)], session=session
        )
        return last["position"] + 1 if last else 0

    # --- changes ------------------------------------------------------------------------------

    def note_change(
        self,
        session: Session | None = None,
        *,
        product_ids: Iterable[ProductId] = (),
        skus: Iterable[Sku] = (),
        sold: Iterable[ProductId] = (),
        shelves: Iterable[str] = (),
    ) -> None:
        """Tell every process, once the transaction commits. An insert, so writers never collide."""
        self._changes.insert_one(
            {
                "_id": new_id("chg"),
                "at": now(),
                "product_ids": list(product_ids),
                "skus": list(skus),
                "sold": list(sold),
                "shelves": list(shelves),
            },
            session=session,
        )

    def changes_since(self, moment: datetime) -> list[Change]:
        """Changes from ``moment`` on."""
        return list(map(_change, self._changes.find({"at": {"$gte": moment}})))

    def first_changes_since(self, moment: datetime, most: int) -> list[Change]:
        """At most so many of the changes after ``moment``."""
        found = self._changes.find({"at": {"$gt": moment}}).limit(most)
        return list(map(_change, found))

    def watch_changes(self) -> ChangeWatch:
        """Changes as they come, from now on. Raises the driver's error if that cannot be."""
        return ChangeWatch(DocumentStream(self._changes))

    # --- sales --------------------------------------------------------------------------------

    def count_sale(self, order: str, units: Mapping[ProductId, int], session: Session) -> bool:
        """Add sold units to each product, once per order; False if that was done before."""
        if self._counted.find_one({"_id": order}, session=session):
            return False
        self._counted.insert_one({"_id": order, "at": now()}, session=session)
        steps = [
            UpdateOne({"_id": product_id}, {"$inc": {"units": count}}, upsert=True)
            for product_id, count in units.items()
        ]
        if steps:
            self._sales.bulk_write(steps, session=session)
        return True

    def units_sold(self) -> dict[ProductId, int]:
        """Units sold so far, by product."""
        return {each["_id"]: each["units"] for each in walk(self._sales)}

    def units_sold_of(self, ids: Iterable[ProductId]) -> dict[ProductId, int]:
        """Units sold so far of these products, those never sold left out."""
        return {each["_id"]: each["units"] for each in find_any(self._sales, "_id", ids)}


class ChangeWatch:
    """The feed of changes while it is being written."""

    def __init__(self, stream: DocumentStream) -> None:
        self._stream = stream

    def take(self, wait: float) -> list[Change]:
        """What came since the last call; waits up to ``wait`` seconds for the first.

        Raises the driver's error once the stream is lost.
        """
        return list(map(_change, self._stream.take(wait)))

    def close(self) -> None:
        """Stop watching."""
        self._stream.close()


def _change(document: Document) -> Change:
    return Change(
        id=document["_id"],
        at=document["at"],
        product_ids=tuple(document["product_ids"]),
        skus=tuple(document["skus"]),
        sold=tuple(document.get("sold", ())),
        shelves=tuple(document.get("shelves", ())),
    )
