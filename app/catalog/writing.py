"""Writing products so that the bundles made of them stay right, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from app.catalog.bundles import (
    RoundingOf,
    catalogue_of,
    check_bundle,
    check_parts,
    most_units,
    unrounded,
    with_prices,
)
from app.catalog.models import UNCOUNTED, Product
from app.catalog.repository import CatalogRepository
from app.catalog.rules import FEW
from app.catalog.stock import StockWriter
from app.db.database import Session
from app.shared.clock import now
from app.shared.errors import Conflict
from app.shared.ids import Sku
from app.shared.texts import Text


class ProductWriter:
    """Stores products, what bundles cost by them, and the news of both."""

    def __init__(
        self, catalog: CatalogRepository, stock: StockWriter, rounding_of: RoundingOf = unrounded
    ) -> None:
        self._catalog = catalog
        self._stock = stock
        self._rounding_of = rounding_of

    def store(
        self,
        new: Sequence[Product],
        changed: Sequence[Product],
        session: Session,
        shelves: Sequence[str] = (),
    ) -> None:
        """Insert and replace products, and tell every process.

        Bundles among them, and those made of them, get the prices of their parts. Raises
        ``BundleRefused`` for a bundle that cannot be sold, ``Conflict`` for a product that moved
        on, and the driver's error for a slug or SKU that is taken.
        """
        if not (new or changed or shelves):
            return
        new, changed = [*map(as_sold, new)], [*map(as_sold, changed)]
        old = self._catalog.by_ids((each.id for each in changed), session)
        given = {each.id for each in (*new, *changed)}
        skus = {
            each.sku for product in (*old.values(), *new, *changed) for each in product.variants
        }
        known = _units_below(old.values()).items()
        below = dict(_units_below((*new, *changed)).items() - known)
        if below:
            self._stock.allow_below(below, session)
        self._catalog.insert([each for each in new if not each.is_bundle], session)
        self._replace((each for each in changed if not each.is_bundle), session)
        made = [each for each in self._catalog.bundles_of(skus, session) if each.id not in given]
        self._store_bundles(new, changed, made, session)
        ids = [*given, *(each.id for each in made)]
        self._catalog.note_change(session, product_ids=ids, shelves=shelves)

    def reprice(self, bundles: Sequence[Product], session: Session) -> None:
        """Give bundles the prices of their parts again: how a market rounds them has changed."""
        self._store_bundles((), (), bundles, session)
        self._catalog.note_change(session, product_ids=[each.id for each in bundles])

    def _store_bundles(
        self,
        new: Sequence[Product],
        changed: Sequence[Product],
        made: Sequence[Product],
        session: Session,
    ) -> None:
        fresh = [each for each in new if each.is_bundle]
        edited = [each for each in changed if each.is_bundle]
        for bundle in (*fresh, *edited):
            check_bundle(bundle)
            self._stock.tell_exactly(_units_told(bundle), session)
        bundles = [*fresh, *edited, *made]
        if not bundles:
            return
        parts = self._catalog.with_skus(
            {part for each in bundles for part in each.part_skus}, session
        )
        self._check_parts([*fresh, *edited], parts, session)
        for bundle in made:
            check_parts(bundle, (*new, *changed), ())
        # Two writers of parts of one bundle each see the other's old price: one has to wait.
        self._catalog.bar({each.id for each in (*parts, *made)}, session)
        found = catalogue_of(parts)
        self._catalog.insert(
            [with_prices(each, found, self._rounding_of) for each in fresh], session
        )
        self._replace((with_prices(each, found, self._rounding_of) for each in edited), session)
        for bundle in made:
            priced = with_prices(bundle, found, self._rounding_of)
            if priced is not bundle:
                self._replace([replace(priced, updated_at=now())], session)

    def _check_parts(
        self, bundles: Sequence[Product], parts: Sequence[Product], session: Session
    ) -> None:
        """Bundles may name one another, or be named by others: all are looked at."""
        own = {each.variants[0].sku for each in bundles}
        holders = {each.id: each for each in self._catalog.bundles_of(own, session)}
        holders |= {each.id: each for each in bundles}
        known = {each.id: each for each in (*parts, *bundles)}
        for bundle in bundles:
            sku = bundle.variants[0].sku
            held = [each for each in holders.values() if sku in each.part_skus]
            check_parts(bundle, known.values(), held)

    def _replace(self, products: Iterable[Product], session: Session) -> None:
        for product in products:
            if not self._catalog.replace(product, session):
                raise Conflict(
                    Text("This product is being changed by somebody else."), retry_after=1
                )


def _units_below(products: Iterable[Product]) -> dict[Sku, int | None]:
    """How far the stock of each variant may fall below nothing."""
    return {
        variant.sku: variant.policy.below
        for product in products
        if not product.is_bundle
        for variant in product.variants
    }


def _units_told(bundle: Product) -> dict[Sku, int]:
    """The units of each part from which on a page says no more than that there are sets."""
    return {sku: (FEW + 1) * units for sku, units in most_units(bundle).items() if units > 1}


def as_sold(product: Product) -> Product:
    """A gift card's variants as such: never out of stock, weightless, sent by e-mail, and not
    taxed when it is sold, since it is not known yet what it will buy (a multi-purpose voucher)."""
    if not product.is_gift_card:
        return product
    variants = tuple(
        replace(each, policy=UNCOUNTED, taxable=False, requires_shipping=False, weight_grams=0)
        for each in product.variants
    )
    return replace(product, variants=variants)
