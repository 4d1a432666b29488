"""Composing bundles: what they are made of, and what that comes to before it is saved."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from typing import TypeVar

from slugify import slugify

from app.catalog.bundles import (
    Catalogue,
    catalogue_of,
    check_bundle,
    check_parts,
    first_choice,
    limited_stock,
    makeable_choice,
    price_of,
    sets_left,
    units_of,
)
from app.catalog.documents import pricing_to_document
from app.catalog.errors import BundleRefused, Overtaken
from app.catalog.follower import CatalogFollower
from app.catalog.models import (
    BundleComponent,
    BundlePricing,
    Price,
    Product,
    ProductKind,
    ProductStatus,
    Variant,
)
from app.catalog.repository import CatalogRepository
from app.catalog.stock import Stock
from app.catalog.writing import ProductWriter
from app.db.database import Database, Session
from app.db.errors import DuplicateKeyError
from app.markets.service import MarketService
from app.shared.clock import now
from app.shared.errors import Invalid, NotFound
from app.shared.ids import ProductId, Sku, new_id
from app.shared.texts import Text

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Composition:
    """What a bundle is made of and how it is priced."""

    components: tuple[BundleComponent, ...]
    pricing: BundlePricing

    @property
    def print(self) -> str:
        """Names this composition: two are the same if their prints are."""
        whole = [[asdict(each) for each in self.components], pricing_to_document(self.pricing)]
        text = json.dumps(whole, sort_keys=True, ensure_ascii=False)
        return blake2b(text.encode(), digest_size=12).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class BundleOutlook:
    """What a composition comes to: prices of the first choice by market, None where it is not
    sold; how many sets the stock makes, None for any number; and what is known of its parts."""

    prices: Mapping[str, Price | None]
    sets: int | None
    stock: Mapping[Sku, int]
    parts: Catalogue


def composition_of(product: Product) -> Composition:
    """What a bundle is made of. Raises ``NotFound`` for what is no bundle."""
    if not product.is_bundle or product.pricing is None:
        raise NotFound(Text("This product is no bundle."))
    return Composition(components=product.components, pricing=product.pricing)


class Composing:
    """Bundles as the owner composes them."""

    def __init__(
        self,
        database: Database,
        stock: Stock,
        markets: MarketService,
        follower: CatalogFollower,
    ) -> None:
        self._database = database
        self._stock = stock
        self._markets = markets
        self._follower = follower
        self._catalog = CatalogRepository(database)
        self._writer = ProductWriter(self._catalog, stock, markets.rounding_of)

    def get(self, product_id: str) -> Product:
        """A bundle. Raises ``NotFound``."""
        found = self._catalog.by_ids([ProductId(product_id)]).get(ProductId(product_id))
        if found is None:
            raise NotFound(Text("This product does not exist."))
        composition_of(found)
        return found

    def work_out(self, composition: Composition) -> BundleOutlook:
        """What it comes to with today's prices and stock; parts may be missing."""
        draft = _draft(composition)
        parts = catalogue_of(self._catalog.with_skus(draft.part_skus))
        stock = self._stock.available(draft.part_skus) if draft.part_skus else {}
        limited = limited_stock(stock, parts)
        choice = makeable_choice(draft, parts, limited) or first_choice(draft)
        return BundleOutlook(
            prices={
                each.code: price_of(draft, first_choice(draft), parts, each.code, each.rounding)
                for each in self._markets.open()
            },
            sets=sets_left(units_of(choice), limited),
            stock=stock,
            parts=parts,
        )

    def check(self, composition: Composition) -> None:
        """Raise ``BundleRefused`` for what could not be saved."""
        self._check(composition, self._catalog.with_skus(_draft(composition).part_skus))

    def change(
        self, product_id: str, composition: Composition, was: str
    ) -> tuple[Product, Product]:
        """Give a bundle another composition over the one whose print is ``was``; the product
        before and after. Storing what is there already changes nothing.

        Raises ``NotFound``, ``BundleRefused``, and ``Overtaken`` with the product of today.
        """

        def work(session: Session) -> tuple[Product, Product]:
            found = self._catalog.by_ids([ProductId(product_id)], session)
            before = found.get(ProductId(product_id))
            if before is None:
                raise NotFound(Text("This product does not exist."))
            known = composition_of(before)
            if known == composition:
                return before, before
            if known.print != was:
                raise Overtaken(before)
            after = replace(
                before,
                components=composition.components,
                pricing=composition.pricing,
                updated_at=now(),
            )
            self._check(composition, self._catalog.with_skus(after.part_skus, session))
            self._writer.store((), [after], session)
            return before, self._catalog.by_ids([after.id], session)[after.id]

        return self._write(work)

    def create(
        self, product_id: ProductId, title: str, slug: str, sku: str, composition: Composition
    ) -> Product:
        """Store a new bundle as a draft, of the first part's vendor; storing it again is a
        no-op.

        Raises ``Invalid`` beside ``title``, ``slug`` or ``sku``, and ``BundleRefused``.
        """
        product = _new_bundle(product_id, title, slug, sku, composition)

        def work(session: Session) -> Product:
            known = self._catalog.by_ids([product_id], session)
            if product_id in known:
                return known[product_id]
            self._refuse_taken(product, session)
            parts = self._catalog.with_skus(product.part_skus, session)
            self._check(composition, parts)
            first, _ = catalogue_of(parts)[composition.components[0].sku]
            made = replace(product, vendor=first.vendor)
            self._writer.store([made], (), session)
            return made

        try:
            return self._write(work)
        except DuplicateKeyError:  # somebody took it between the look and the write
            return self._write(work)

    def _refuse_taken(self, product: Product, session: Session) -> None:
        problems: dict[str, str] = {}
        if self._catalog.by_slugs([product.slug], session):
            problems["slug"] = Text("The address “%(slug)s” is taken.", slug=product.slug)
        if self._catalog.with_skus([product.variants[0].sku], session):
            problems["sku"] = Text("Another product has this SKU.")
        if problems:
            raise Invalid(next(iter(problems.values())), problems)

    def _check(self, composition: Composition, parts: Sequence[Product]) -> None:
        draft = _draft(composition)
        check_bundle(draft)
        check_parts(draft, parts, ())
        known = catalogue_of(parts)
        problems: dict[str, str] = {}
        for place, each in enumerate(composition.components):
            for sku in each.choices:
                if sku not in known:
                    name = "sku" if sku == each.sku else "alternatives"
                    problems[f"components.{place}.{name}"] = Text(
                        "there is no product with the SKU “%(sku)s”", sku=sku
                    )
        if problems:
            raise BundleRefused(next(iter(problems.values())), problems)

    def _write(self, work: Callable[[Session], T]) -> T:
        result = self._database.in_transaction(work)
        self._follower.catch_up()
        return result


def _draft(composition: Composition) -> Product:
    """A product to reckon with; nobody sees it."""
    return _bundle(ProductId("draft"), "Draft", "draft", Sku("draft"), composition)


def _new_bundle(
    product_id: ProductId, title: str, slug: str, sku: str, composition: Composition
) -> Product:
    problems: dict[str, str] = {}
    address = slug or slugify(title)
    if not 0 < len(title) <= 255:
        problems["title"] = Text("Please give it a title.")
    if not address or slugify(address) != address:
        problems["slug"] = Text("Please use small letters, digits and hyphens.")
    if len(sku) > 120:
        problems["sku"] = Text("Please use at most %(most)s characters.", most=120)
    if problems:
        raise Invalid(next(iter(problems.values())), problems)
    return _bundle(product_id, title, address, Sku(sku or address.upper()), composition)


def _bundle(
    product_id: ProductId, title: str, slug: str, sku: Sku, composition: Composition
) -> Product:
    return Product(
        id=product_id,
        slug=slug,
        title=title,
        vendor="",
        type="",
        kind=ProductKind.BUNDLE,
        status=ProductStatus.DRAFT,
        description_html="",
        category="",
        tags=(),
        options=(),
        variants=(Variant(sku=sku, options={}, prices={}),),
        images=(),
        components=composition.components,
        pricing=composition.pricing,
        updated_at=now(),
    )


def new_bundle_id() -> ProductId:
    """An id for a bundle whose form is opened: sent twice, it is one bundle."""
    return ProductId(new_id("prd"))
