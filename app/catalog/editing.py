"""What staff do with products: make, change, copy, delete and bring back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import count
from typing import TypeVar

from app.catalog.bundles import RoundingOf
from app.catalog.models import Product
from app.catalog.past_address_repository import PastAddresses
from app.catalog.product_parts import Part, copy_of
from app.catalog.repository import CatalogRepository
from app.catalog.stock import Stock, still_waited_for
from app.catalog.writing import ProductWriter, as_sold
from app.db.database import Database, Session
from app.db.errors import PyMongoError
from app.shared.clock import now
from app.shared.errors import Conflict, Invalid, NotFound
from app.shared.ids import ProductId, Sku
from app.shared.texts import Text

T = TypeVar("T")
Edit = Callable[[Product], Product]
_COPIES = 100


class ProductMoved(Conflict):
    """Somebody changed the same part of the product: ``theirs`` is what is stored now, ``yours``
    what would be, had it been saved."""

    def __init__(self, theirs: Product, yours: Product) -> None:
        super().__init__(Text("Somebody else has changed this product in the meantime."))
        self.theirs = theirs
        self.yours = yours


@dataclass(frozen=True, kw_only=True, slots=True)
class Saved:
    """A product before and after a change."""

    before: Product
    after: Product

    @property
    def is_changed(self) -> bool:
        """Whether anything was."""
        return self.before != self.after


class ProductEditing:
    """Every change is one transaction; doing one again changes nothing more."""

    def __init__(self, database: Database, stock: Stock, rounding_of: RoundingOf) -> None:
        self._database = database
        self._catalog = CatalogRepository(database)
        self._stock = stock
        self._writer = ProductWriter(self._catalog, stock, rounding_of)
        self._past = PastAddresses(database)

    # --- reading --------------------------------------------------------------------------------

    def get(self, product_id: str) -> Product:
        """A product, whatever its status. Raises ``NotFound``."""
        return self._get(ProductId(product_id))

    def _get(self, product_id: ProductId, session: Session | None = None) -> Product:
        found = self._catalog.by_ids([product_id], session).get(product_id)
        if found is None:
            raise NotFound(Text("There is no such product (any more)."))
        return found

    def several(self, ids: Iterable[ProductId]) -> list[Product]:
        """Those of these products that there are, in this order."""
        wanted = list(dict.fromkeys(ids))
        found = self._catalog.by_ids(wanted)
        return [found[each] for each in wanted if each in found]

    def slug_of_past(self, slug: str) -> str | None:
        """The address of today of a product that was once at this one, or None."""
        return self._past.find(slug)

    def stock_of(self, skus: Iterable[Sku]) -> dict[Sku, int]:
        """Units on the shelves of these SKUs, reserved ones included."""
        return self._stock.on_hand(skus)

    # --- writing --------------------------------------------------------------------------------

    def create(self, product: Product) -> Product:
        """Store a new product; one that has this id already is left as it is, so that a form that
        is sent twice makes one. Raises ``Invalid`` beside ``slug`` or ``sku`` that is taken."""

        def work(session: Session) -> Product:
            known = self._catalog.by_ids([product.id], session).get(product.id)
            if known is not None:
                return known
            self._check_free(product, session)
            self._store((replace(product, updated_at=now()),), (), session)
            return self._get(product.id, session)

        return self._tell_taken(product, work)

    def save(
        self, product_id: str, edit: Edit, part: Part, seen: str, *, write_off: str = ""
    ) -> Saved:
        """Change a product by ``edit``, which only touches ``part``; ``seen`` is the part's print
        at which it was read.

        Stock of variants that go is counted to nothing in the name of ``write_off``; without one
        they stay. Raises ``NotFound``, ``ProductMoved``, and ``Invalid`` beside ``slug``, ``sku``
        or ``variants``.
        """

        def work(session: Session) -> Saved:
            before = self._get(ProductId(product_id), session)
            after = as_sold(edit(before))
            if after == before:
                return Saved(before=before, after=before)
            if part.print_of(before) != seen:
                raise ProductMoved(before, after)
            return self._change(before, after, session, may_lose_stock=bool(write_off))

        saved = self._tell_taken(None, work)
        self._write_off(saved, write_off)
        return saved

    def change(self, product_id: ProductId, edit: Edit) -> Saved:
        """Change a product as it is now. Raises as ``save``, and what ``edit`` raises."""

        def work(session: Session) -> Saved:
            before = self._get(product_id, session)
            after = as_sold(edit(before))
            if after == before:
                return Saved(before=before, after=before)
            return self._change(before, after, session)

        return self._tell_taken(None, work)

    def copy(self, product_id: str, new_id: str) -> Product:
        """Make a draft like a product, under an id that makes it once. Raises ``NotFound``."""
        original = self.get(product_id)
        for number in count(1):
            suffix = "" if number == 1 else f"-{number}"
            made = copy_of(
                original, ProductId(new_id), f"{original.slug}-copy{suffix}", f"-COPY{suffix}"
            )
            try:
                return self.create(made)
            except Invalid:
                if number == _COPIES:
                    raise
        raise AssertionError("unreachable")

    def delete(self, product_id: str) -> Product:
        """Delete a product; what was deleted. Raises ``NotFound``, and ``Conflict`` for one that
        was sold, has stock or is part of a set: that can be archived."""

        def work(session: Session) -> Product:
            product = self._get(ProductId(product_id), session)
            self._check_unused(product, session)
            if not self._catalog.remove(product, session):
                raise Conflict(Text("This product is being changed by somebody else."))
            self._catalog.note_change(session, product_ids=[product.id])
            return product

        return self._database.in_transaction(work)

    def restore(self, product: Product) -> None:
        """Bring a deleted product back. Raises ``Conflict`` if what it was called is taken."""
        again = replace(product, revision=product.revision + 1)

        def work(session: Session) -> None:
            if self._catalog.by_ids([product.id], session):
                raise Conflict(Text("It is there again."))
            self._check_free(again, session)
            self._store((again,), (), session)
            ratings = dict(enumerate(product.ratings.counts, 1))
            if product.ratings.total:
                self._catalog.count_ratings(product.id, ratings, session)

        try:
            self._database.in_transaction(work)
        except Invalid as taken:
            raise Conflict(taken.message) from taken

    # --- within a transaction -------------------------------------------------------------------

    def _change(
        self, before: Product, after: Product, session: Session, *, may_lose_stock: bool = False
    ) -> Saved:
        self._check_free(after, session, before)
        gone = _skus(before) - _skus(after)
        if gone:
            self._check_gone(before, gone, session, may_lose_stock=may_lose_stock)
        if after.slug != before.slug:
            self._past.keep(before.slug, before.id, session)
        self._store((), (replace(after, updated_at=now()),), session)
        return Saved(before=before, after=self._get(before.id, session))

    def _store(
        self, new: tuple[Product, ...], changed: tuple[Product, ...], session: Session
    ) -> None:
        try:
            self._writer.store(new, changed, session)
        except ValueError as error:
            raise Invalid(Text("This cannot be sold like that: %(why)s.", why=error)) from error

    def _tell_taken(self, product: Product | None, work: Callable[[Session], T]) -> T:
        try:
            return self._database.in_transaction(work)
        except PyMongoError:  # somebody took the slug or SKU at the same moment
            if product is not None:
                self._check_free(product)
            raise

    def _check_free(
        self, product: Product, session: Session | None = None, before: Product | None = None
    ) -> None:
        """Raise ``Invalid`` for what another product has; what it had ``before`` is its own."""
        if before is None or product.slug != before.slug:
            other = self._catalog.by_slugs([product.slug], session).get(product.slug)
            if other is not None and other.id != product.id:
                message = Text("“%(title)s” has this address already.", title=other.title)
                raise Invalid(message, {"slug": message})
        skus = _skus(product) - (_skus(before) if before else set())
        for each in self._catalog.with_skus(skus, session):
            if each.id != product.id:
                taken = min(skus & _skus(each))
                message = Text("%(sku)s belongs to “%(title)s”.", sku=taken, title=each.title)
                raise Invalid(message, {"sku": message, f"sku:{taken}": message})

    def _check_gone(
        self, product: Product, gone: set[Sku], session: Session, *, may_lose_stock: bool
    ) -> None:
        sets = [each for each in self._catalog.bundles_of(gone, session) if each.id != product.id]
        if sets:
            message = Text(
                "%(sku)s is part of “%(title)s”: change that set first.",
                sku=min(gone & sets[0].part_skus),
                title=sets[0].title,
            )
            raise Invalid(message, {"variants": message})
        for sku in self._stock.waited_for(gone, session):
            message = still_waited_for(sku)
            raise Invalid(message, {"variants": message})
        on_hand = self._stock.on_hand(gone, session)
        for sku in sorted(gone):
            units = on_hand.get(sku, 0)
            if units and not may_lose_stock:
                message = Text(
                    "There are %(units)s units of %(sku)s on the shelves. Tick the box to count "
                    "them to nothing.",
                    units=units,
                    sku=sku,
                )
                raise Invalid(message, {"variants": message, "stock": message})

    def _check_unused(self, product: Product, session: Session) -> None:
        skus = _skus(product)
        sets = [each for each in self._catalog.bundles_of(skus, session) if each.id != product.id]
        if sets:
            names = ", ".join(each.title for each in sets[:3])
            raise Conflict(
                Text("It is part of %(sets)s, so it stays: archive it instead.", sets=names)
            )
        if self._catalog.units_sold_of([product.id]):
            raise Conflict(
                Text("It was sold, and its orders name it, so it stays: archive it instead.")
            )
        own = set() if product.is_bundle else skus
        on_hand, free = self._stock.on_hand(own), self._stock.available(own)
        if any(units or free.get(sku, 0) for sku, units in on_hand.items()):
            raise Conflict(
                Text("There is stock of it: count it to nothing first, or archive it instead.")
            )

    def _write_off(self, saved: Saved, by: str) -> None:
        gone = _skus(saved.before) - _skus(saved.after)
        lost = {sku: 0 for sku, units in self._stock.on_hand(gone).items() if units} if gone else {}
        if lost and by:
            self._stock.set_on_hand(lost, by)


def _skus(product: Product) -> set[Sku]:
    return {each.sku for each in product.variants}
