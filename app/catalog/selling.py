"""How variants are sold beyond their stock: changed by staff, and ended when a pre-order is out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import datetime

from app.catalog.bundles import RoundingOf
from app.catalog.models import DENY, Policy, PolicyKind, Product, Variant
from app.catalog.policies import check_policy
from app.catalog.repository import CatalogRepository
from app.catalog.stock import Stock
from app.catalog.writing import ProductWriter
from app.db.database import Database, Session
from app.shared.clock import now
from app.shared.errors import Invalid, NotFound
from app.shared.ids import Sku
from app.shared.texts import Text


class Selling:
    """Policies of variants. The stock keeps how far it may be sold in the same transaction."""

    def __init__(
        self,
        database: Database,
        catalog: CatalogRepository,
        stock: Stock,
        rounding_of: RoundingOf,
    ) -> None:
        self._database = database
        self._catalog = catalog
        self._stock = stock
        self._writer = ProductWriter(catalog, stock, rounding_of)

    def policy_of(self, sku: Sku) -> Policy:
        """A SKU's policy. Raises ``NotFound``."""
        return _variant(self._product(sku), sku).policy

    def set_policy(self, sku: Sku, policy: Policy) -> None:
        """Change how a SKU is sold; for orders that there are nothing changes.

        Raises ``NotFound``, ``Invalid`` beside ``kind``, ``limit``, ``days`` or ``ships_on``, and
        ``Conflict`` if the product is being changed by somebody else.
        """
        check_policy(policy)

        def work(session: Session) -> None:
            product = self._product(sku, session)
            if product.is_bundle:
                message = Text("A set is sold as its parts are: change theirs.")
                raise Invalid(message, {"kind": message})
            changed = _changed(product, lambda each: policy if each.sku == sku else each.policy)
            if changed != product:
                self._writer.store((), [changed], session)

        self._database.in_transaction(work)

    def end_pre_orders(self) -> int:
        """Sell what is out, and of which some came, like anything else; how many products."""
        waiting = self._catalog.released_before(now())
        skus = [each.sku for product in waiting for each in product.variants]
        there = {sku for sku, units in self._stock.on_hand(skus).items() if units > 0}
        ended = 0
        for product in waiting:
            if there.isdisjoint(each.sku for each in _released(product, now())):
                continue
            self._end(there & {each.sku for each in product.variants})
            ended += 1
        return ended

    def _end(self, skus: Collection[Sku]) -> None:
        self._database.in_transaction(lambda session: self.end_arrived(session, skus))

    def end_arrived(self, session: Session, skus: Collection[Sku]) -> None:
        """The same of these SKUs, of which some came with this transaction."""
        moment = now()
        found = self._catalog.with_skus(skus, session)
        out = {each.sku for product in found for each in _released(product, moment)} & set(skus)
        changed = [
            _changed(product, lambda each: DENY if each.sku in out else each.policy)
            for product in found
            if any(each.sku in out for each in product.variants)
        ]
        if changed:
            self._writer.store((), changed, session)

    def _product(self, sku: Sku, session: Session | None = None) -> Product:
        found = self._catalog.with_skus([sku], session)
        if not found:
            raise NotFound(Text("There is no variant %(sku)s.", sku=sku))
        return found[0]


def _variant(product: Product, sku: Sku) -> Variant:
    return next(each for each in product.variants if each.sku == sku)


def _released(product: Product, moment: datetime) -> Iterable[Variant]:
    """The variants whose pre-order's day has come."""
    for each in product.variants:
        day = each.policy.ships_on
        if each.policy.kind is PolicyKind.PRE_ORDER and day is not None and day <= moment:
            yield each


def _changed(product: Product, policy: Callable[[Variant], Policy]) -> Product:
    variants = tuple(replace(each, policy=policy(each)) for each in product.variants)
    if variants == product.variants:
        return product
    return replace(product, variants=variants, updated_at=now())
