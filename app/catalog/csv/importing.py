"""Bringing a product CSV into the catalog: repeatable, in batches, bad rows left out and told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from slugify import slugify

from app.catalog.bundles import check_bundle
from app.catalog.csv.parsing import BadRow, ManyBadRows, ParsedProduct, Parser
from app.catalog.csv.reading import check_file, read_products
from app.catalog.models import Category, Image, Product, ProductKind, ProductStatus, Variant
from app.catalog.repository import CatalogRepository
from app.catalog.stock import StockWriter
from app.catalog.writing import ProductWriter
from app.db.database import Database, Session
from app.markets.models import STANDARD, Market
from app.markets.service import MarketService
from app.shared.clock import now
from app.shared.ids import ProductId, Sku, new_id

_BATCH = 50  # products in one transaction


@dataclass(kw_only=True)
class ImportReport:
    """What an import did. ``problems`` are in the file's order."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    variants: int = 0
    stock_changes: int = 0
    problems: list[BadRow] = field(default_factory=list)


class CsvImport:
    """Imports one file after another."""

    def __init__(self, database: Database, stock: StockWriter, markets: MarketService) -> None:
        self._database = database
        self._catalog = CatalogRepository(database)
        self._stock = stock
        self._writer = ProductWriter(self._catalog, stock, markets.rounding_of)
        self._markets = markets

    def run(self, path: Path, market: Market, progress: Callable[[int, int], None]) -> ImportReport:
        """Import ``path`` with plain prices in ``market``; ``progress(rows done, rows)`` is called
        along the way. Raises ``UnreadableFile`` before anything is changed."""
        columns, total = check_file(path)
        others = [each for each in self._markets.every() if each.code != market.code]
        parser = Parser(market, others, columns)
        report = ImportReport()
        done = 0
        seen: dict[str, int] = {}
        products = read_products(path)
        while batch := list(islice(products, _BATCH)):
            parsed = []
            for raw in batch:
                done += len(raw.rows)
                try:
                    parsed.append(parser.parse(raw))
                    self._refuse_scattered(parsed, seen)
                except ManyBadRows as many:
                    report.problems += many.problems
                except BadRow as problem:
                    report.problems.append(problem)
            self._store(parsed, report)
            progress(done, total)
        report.problems.sort(key=lambda problem: problem.line)
        return report

    def _refuse_scattered(self, parsed: list[ParsedProduct], seen: dict[str, int]) -> None:
        newest = parsed[-1]
        if newest.slug in seen:
            parsed.pop()
            first = seen[newest.slug]
            raise BadRow(
                newest.line, f"rows of {newest.slug} must stand together; it began in line {first}"
            )
        seen[newest.slug] = newest.line

    def _store(self, parsed: list[ParsedProduct], report: ImportReport) -> None:
        """Store a batch in one transaction, then its stock counts."""
        for product in parsed:
            report.problems += product.problems

        def work(session: Session) -> tuple[ImportReport, dict[Sku, int]]:
            return self._store_in(parsed, session)

        part, stock = self._database.in_transaction(work)
        report.created += part.created
        report.updated += part.updated
        report.unchanged += part.unchanged
        report.variants += part.variants
        report.problems += part.problems
        if stock:
            report.stock_changes += self._stock.set_on_hand(stock, "import")

    def _store_in(
        self, parsed: list[ParsedProduct], session: Session
    ) -> tuple[ImportReport, dict[Sku, int]]:
        report = ImportReport()
        known = self._catalog.by_slugs([each.slug for each in parsed], session)
        skus = [variant.sku for each in parsed for variant in each.variants]
        owners = {
            variant.sku: product.slug
            for product in self._catalog.with_skus(skus, session)
            for variant in product.variants
        }
        new: list[Product] = []
        changed: list[Product] = []
        stock: dict[Sku, int] = {}
        for each in parsed:
            try:
                self._claim_skus(each, owners)
            except BadRow as problem:
                report.problems.append(problem)
                continue
            product = merge(each, known.get(each.slug))
            if refusal := _problem(product):
                report.problems.append(BadRow(each.line, f"{refusal}; {each.slug} was left out"))
                continue
            report.variants += len(each.variants)
            stock |= {} if product.is_bundle else each.stock
            if each.slug not in known:
                new.append(product)
            elif product != known[each.slug]:
                changed.append(replace(product, updated_at=now()))
            else:
                report.unchanged += 1
        shelves = self._add_categories(parsed, session)
        self._writer.store(new, changed, session, shelves=shelves)
        report.created, report.updated = len(new), len(changed)
        return report, stock

    def _claim_skus(self, product: ParsedProduct, owners: dict[Sku, str]) -> None:
        for variant in product.variants:
            owner = owners.get(variant.sku, product.slug)
            if owner != product.slug:
                line = product.lines[variant.sku]
                raise BadRow(
                    line, f"SKU {variant.sku} belongs to {owner}; {product.slug} was left out"
                )
        owners.update((variant.sku, product.slug) for variant in product.variants)

    def _add_categories(self, parsed: Iterable[ParsedProduct], session: Session) -> list[str]:
        """Add the categories that are not there yet; their slugs."""
        names = dict.fromkeys(each.category for each in parsed if each.category)
        known = {each.slug for each in self._catalog.categories()} if names else set()
        added = []
        for name in names:
            slug = slugify(name)
            if slug not in known:
                position = self._catalog.next_position(session)
                self._catalog.add_shelf(Category(slug=slug, name=name, position=position), session)
                known.add(slug)
                added.append(slug)
        return added


def merge(parsed: ParsedProduct, known: Product | None) -> Product:
    """The product as the file says, keeping what the file cannot say.

    Prices of other markets stay. A variant the file leaves out goes, as at Shopify, unless a
    bad row may have been about it.
    """
    before = {variant.sku: variant for variant in known.variants} if known else {}
    variants = tuple(
        _merge_variant(each, before.get(each.sku), says_policies=parsed.says_policies)
        for each in parsed.variants
    )
    if parsed.problems:
        named = {variant.sku for variant in variants}
        variants += tuple(each for sku, each in before.items() if sku not in named)
    pictures = {image.src: image for image in known.images} if known else {}
    published = parsed.status is ProductStatus.PUBLISHED
    kind = known.kind if known else ProductKind.SIMPLE
    components, pricing = (known.components, known.pricing) if known else ((), None)
    if parsed.bundle:
        kind, (components, pricing) = ProductKind.BUNDLE, parsed.bundle
    elif parsed.gift_card:
        kind, components, pricing = ProductKind.GIFT_CARD, (), None
    return Product(
        id=known.id if known else ProductId(new_id("prd")),
        slug=parsed.slug,
        title=parsed.title,
        vendor=parsed.vendor,
        type=parsed.type,
        kind=kind,
        status=parsed.status,
        description_html=parsed.description_html,
        category=slugify(parsed.category),
        tags=parsed.tags,
        options=parsed.options,
        variants=variants,
        images=tuple(_merge_image(each, pictures.get(each.src)) for each in parsed.images),
        components=components,
        pricing=pricing,
        attributes={**(known.attributes if known else {}), **parsed.attributes},
        tax_class=parsed.tax_class or (known.tax_class if known else STANDARD),
        seo_title=parsed.seo_title,
        seo_description=parsed.seo_description,
        featured=known.featured if known else False,
        published_at=(known.published_at if known else None) or (now() if published else None),
        updated_at=known.updated_at if known else now(),
        revision=known.revision if known else 1,
    )


def _problem(product: Product) -> str:
    """Why a bundle cannot be sold, "" if it can."""
    try:
        if product.is_bundle:
            check_bundle(product)
    except ValueError as error:
        return str(error)
    return ""


def _merge_variant(parsed: Variant, known: Variant | None, *, says_policies: bool) -> Variant:
    if known is None:
        return parsed
    # Most files know two policies alone: what the shop has beyond that stays what it is.
    kept = not says_policies and (parsed.policy.below == 0) == (known.policy.below == 0)
    return replace(
        parsed,
        prices={**known.prices, **parsed.prices},
        policy=known.policy if kept else parsed.policy,
    )


def _merge_image(parsed: Image, known: Image | None) -> Image:
    if known is None:
        return parsed
    return replace(
        parsed,
        width=known.width,
        height=known.height,
        option_values=parsed.option_values or known.option_values,
    )
