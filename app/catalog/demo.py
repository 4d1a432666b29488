"""Loading the demo store from ``demo/``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from app.catalog.documents import component_from_document, rule_from_document
from app.catalog.models import (
    DENY,
    BundlePricing,
    Category,
    Collection,
    FixedPricing,
    Image,
    Option,
    PercentOff,
    Policy,
    PolicyKind,
    Price,
    Product,
    ProductKind,
    ProductStatus,
    Variant,
)
from app.catalog.repository import CatalogRepository
from app.catalog.stock import StockWriter
from app.catalog.writing import ProductWriter
from app.db.database import Database, Session
from app.markets.models import STANDARD
from app.markets.service import MarketService
from app.media.service import MediaService
from app.media.store import StoredImage
from app.shared.clock import now
from app.shared.ids import ProductId, Sku, new_id
from app.shared.markup import clean_html
from app.shared.money import Money

_BATCH = 20


class DemoMissing(Exception):
    """The demo store's files are not there."""


class DemoLoader:
    """Adds what is missing of the demo store; never touches what is there."""

    def __init__(
        self,
        database: Database,
        stock: StockWriter,
        media: MediaService,
        markets: MarketService,
        folder: Path,
    ) -> None:
        self._database = database
        self._catalog = CatalogRepository(database)
        self._stock = stock
        self._writer = ProductWriter(self._catalog, stock, markets.rounding_of)
        self._media = media
        self._markets = markets
        self._folder = folder
        self._stored: dict[Path, StoredImage] = {}  # several variants show the same picture
        self._currencies: dict[str, str] = {}  # of each market, for the hundreds of prices

    def run(self, progress: Callable[[int, int], None]) -> int:
        """Load, and return how many products were added. Raises ``DemoMissing``."""
        try:
            data = json.loads((self._folder / "catalog.json").read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise DemoMissing(f"{self._folder / 'catalog.json'} is missing") from error
        self._currencies.clear()
        given = [*data["products"], *data["bundles"]]
        known = self._catalog.by_slugs(each["slug"] for each in given)
        missing = [each for each in given if each["slug"] not in known]
        for start in range(0, len(missing), _BATCH):
            self._add(missing[start : start + _BATCH])
            progress(min(start + _BATCH, len(missing)), len(missing))
        self._add_shelves(data)
        return len(missing)

    def _add(self, batch: list[dict[str, Any]]) -> None:
        products = [self._product(each) for each in batch]
        stock = {
            Sku(variant["sku"]): int(variant["stock"])
            for each in batch
            if "components" not in each and not each.get("gift_card")
            for variant in each["variants"]
        }

        def work(session: Session) -> None:
            self._writer.store(products, (), session)

        if stock:
            self._stock.set_on_hand(stock, "demo")
        self._database.in_transaction(work)

    def _add_shelves(self, data: Mapping[str, Any]) -> None:
        slugs = [slug for each in data["collections"] for slug in each.get("products", ())]
        ids = {slug: product.id for slug, product in self._catalog.by_slugs(slugs).items()}
        shelves: list[Category | Collection] = [
            Category(
                slug=each["slug"],
                name=each["name"],
                description=each["description"],
                image=self._image(each.get("image"), each["name"]),
                position=place,
            )
            for place, each in enumerate(data["categories"])
        ]
        shelves += [
            Collection(
                slug=each["slug"],
                title=each["title"],
                description=each["description"],
                image=self._image(each.get("image"), each["title"]),
                product_ids=tuple(ids[slug] for slug in each.get("products", ()) if slug in ids),
                position=place,
                rule=rule_from_document(each["rule"]) if "rule" in each else None,
                sort=each.get("sort", ""),
                starts_at=_moment(each["starts_at"]) if each.get("starts_at") else None,
                ends_at=_moment(each["ends_at"]) if each.get("ends_at") else None,
            )
            for place, each in enumerate(data["collections"])
        ]
        added = [shelf.slug for shelf in shelves if self._catalog.add_shelf(shelf)]
        if added:
            self._catalog.note_change()

    def _product(self, given: dict[str, Any]) -> Product:
        seo = given.get("seo") or {}
        bundle = "components" in given
        single = ProductKind.GIFT_CARD if given.get("gift_card") else ProductKind.SIMPLE
        return Product(
            id=ProductId(new_id("prd")),
            slug=given["slug"],
            title=given["title"],
            vendor=given["vendor"],
            type=given["type"],
            kind=ProductKind.BUNDLE if bundle else single,
            status=ProductStatus.PUBLISHED,
            description_html=clean_html(given["description_html"]),
            category=given["category"],
            tags=tuple(given["tags"]),
            options=tuple(
                Option(name=each["name"], values=tuple(each["values"])) for each in given["options"]
            ),
            variants=tuple(map(self._variant, given["variants"])),
            images=tuple(
                image
                for each in given["images"]
                if (image := self._image(each, each.get("alt", "")))
            ),
            components=tuple(map(component_from_document, given.get("components", ()))),
            pricing=self._pricing(given["pricing"]) if bundle else None,
            attributes=given["attributes"],
            tax_class=given.get("tax_class", STANDARD),
            seo_title=seo.get("title", ""),
            seo_description=seo.get("description", ""),
            featured=bool(given.get("featured")),
            published_at=_moment(given["published_at"]),
            updated_at=now(),
        )

    def _variant(self, each: dict[str, Any]) -> Variant:
        prices = each.get("prices", {})  # a bundle's are worked out when it is stored
        image = self._image(each.get("image"), "")
        return Variant(
            sku=Sku(each["sku"]),
            options=each["options"],
            prices={code: self._price(code, price) for code, price in prices.items()},
            weight_grams=each["weight_grams"],
            barcode=each.get("barcode", ""),
            image_src=image.src if image else "",
            policy=_policy(each.get("policy")),
        )

    def _price(self, market: str, price: Mapping[str, Any]) -> Price:
        if market not in self._currencies:
            self._currencies[market] = self._markets.get(market).currency
        currency = self._currencies[market]
        compare_at = price.get("compare_at")
        return Price(
            amount=Money(price["amount"], currency),
            compare_at=Money(compare_at, currency) if compare_at else None,
        )

    def _pricing(self, given: Mapping[str, Any]) -> BundlePricing:
        if given["kind"] == "percent_off":
            return PercentOff(basis_points=given["basis_points"])
        prices = given["prices"].items()
        return FixedPricing(prices={code: self._price(code, each).amount for code, each in prices})

    def _image(self, given: str | Mapping[str, Any] | None, alt: str) -> Image | None:
        """Put the picture into the media store; None where there is none."""
        if not given:
            return None
        file = self._folder / "images" / (given if isinstance(given, str) else given["file"])
        if not file.is_file():
            return None
        stored = self._stored.get(file) or self._media.put(file.read_bytes(), file.stem)
        self._stored[file] = stored
        options = {} if isinstance(given, str) else given.get("option_values") or {}
        return Image(
            src=stored.src, alt=alt, width=stored.width, height=stored.height, option_values=options
        )


def _policy(given: Mapping[str, Any] | None) -> Policy:
    """A variant's policy; ``ships_in`` so many days from when the store is loaded."""
    if not given:
        return DENY
    day = now() + timedelta(days=given["ships_in"]) if "ships_in" in given else None
    return Policy(
        kind=PolicyKind(given["kind"]),
        limit=given.get("limit"),
        days=given.get("days"),
        ships_on=day.replace(hour=0, minute=0, second=0, microsecond=0) if day else None,
    )


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=now().tzinfo)
