"""Products for tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from flask import Flask

from app.catalog.models import (
    BundleComponent,
    BundlePricing,
    Option,
    Price,
    Product,
    ProductKind,
    ProductStatus,
    Variant,
)
from app.catalog.repository import CatalogRepository
from app.catalog.service import CatalogService
from app.catalog.writing import ProductWriter
from app.db.database import Database
from app.inventory.service import InventoryService
from app.shared.clock import now
from app.shared.ids import ProductId, Sku, new_id
from app.shared.money import Money
from app.web.registry import service

_CURRENCIES = {"US": "USD", "IN": "INR", "DE": "EUR", "JP": "JPY", "KW": "KWD", "FR": "EUR"}
_STARTING = ("US", "IN", "DE")


def make_variant(sku: str, options: dict[str, str] | None = None, **prices: int) -> Variant:
    """A variant; prices are minor units by market, by default 20.00 everywhere."""
    amounts = prices or dict.fromkeys(_STARTING, 2000)
    return Variant(
        sku=Sku(sku),
        options=options or {},
        prices={
            code: Price(amount=Money(minor, _CURRENCIES[code])) for code, minor in amounts.items()
        },
    )


def make_product(title: str, *variants: Variant, **more: object) -> Product:
    """A published product with the options its variants have."""
    names = list(variants[0].options)
    fields: dict[str, object] = {
        "id": ProductId(new_id("prd")),
        "slug": title.lower().replace(" ", "-"),
        "title": title,
        "vendor": "Halden",
        "type": "Thing",
        "kind": ProductKind.SIMPLE,
        "status": ProductStatus.PUBLISHED,
        "description_html": "<p>Good.</p>",
        "category": "things",
        "tags": (),
        "options": tuple(
            Option(name=name, values=tuple(dict.fromkeys(v.options[name] for v in variants)))
            for name in names
        ),
        "variants": variants,
        "images": (),
        "published_at": now() - timedelta(days=100),
        "updated_at": now(),
    }
    return Product(**{**fields, **more})


def _is_oversold(product: Product) -> bool:
    return any(variant.policy.below != 0 for variant in product.variants)


class CatalogMaker:
    """Stores products with their stock."""

    def __init__(self, app: Flask) -> None:
        self._database = service(Database, app)
        self._stock = service(InventoryService, app)
        self._follower = service(CatalogService, app).follower

    def add(self, *products: Product, stock: int = 10) -> None:
        """Store products; every variant gets ``stock`` units."""
        catalog = CatalogRepository(self._database)
        writer = ProductWriter(catalog, self._stock)
        simple = [each for each in products if not each.is_bundle]

        def work(session: object) -> None:
            if len(simple) < len(products) or any(map(_is_oversold, simple)):
                writer.store(products, (), session)
            else:
                catalog.insert(products, session)
            catalog.note_change(session)

        self._database.in_transaction(work)
        counts = {variant.sku: stock for product in simple for variant in product.variants}
        if counts:
            self._stock.set_on_hand(counts, "test")
        self._follower.catch_up()  # so that pages have it at once, whenever they looked last

    def bundle(
        self, title: str, *components: BundleComponent, pricing: BundlePricing, **more: object
    ) -> Product:
        """Store a bundle of variants that are there; its SKU is the title in capitals."""
        variant = replace(make_variant(title.upper().replace(" ", "-")), prices={})
        product = make_product(
            title,
            variant,
            kind=ProductKind.BUNDLE,
            type="Set",
            components=components,
            pricing=pricing,
            **more,
        )
        self.add(product)
        return product

    def mug(self, stock: int = 10) -> str:
        """Store a mug with one variant; its SKU."""
        self.add(make_product("Dune Mug", make_variant("MUG")), stock=stock)
        return "MUG"
