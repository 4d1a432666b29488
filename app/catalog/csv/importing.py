"""Bringing a product CSV into the catalog: repeatable, in batches, bad rows left out and told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Protocol

from app.catalog.bundles import check_bundle, check_parts
from app.catalog.csv.categories import CategoriesByName
from app.catalog.csv.merging import merge, with_own_skus
from app.catalog.csv.parsed import BadRow, ManyBadRows, ParsedProduct
from app.catalog.csv.parsing import Parser
from app.catalog.csv.reading import RawProduct, Source, check_file, read_products
from app.catalog.errors import BundleRefused
from app.catalog.models import Category, Product
from app.catalog.repository import CatalogRepository
from app.catalog.stock import StockWriter, still_waited_for
from app.catalog.writing import ProductWriter
from app.db.database import Database, Session
from app.markets.models import Market
from app.markets.service import MarketService
from app.shared.clock import now
from app.shared.ids import ProductId, Sku

_BATCH = 50  # products in one transaction, or fewer of very many rows: it has to end in time
_BATCH_ROWS = 500


@dataclass(kw_only=True)
class ImportReport:
    """What an import did. ``problems`` are in the file's order."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    variants: int = 0
    stock_changes: int = 0
    problems: list[BadRow] = field(default_factory=list)

    def add(self, part: ImportReport) -> None:
        """Count a part of the file."""
        self.created += part.created
        self.updated += part.updated
        self.unchanged += part.unchanged
        self.variants += part.variants
        self.stock_changes += part.stock_changes
        self.problems += part.problems


@dataclass(kw_only=True)
class Decision:
    """What becomes of some products of the file. ``known`` are those that it changes, as they are
    now, by slug; ``on_hand`` are the units that ``stock`` would be counted over, and
    ``categories`` the names, by slug, of those that the products are in."""

    new: list[Product] = field(default_factory=list)
    changed: list[Product] = field(default_factory=list)
    known: dict[str, Product] = field(default_factory=dict)
    stock: dict[Sku, int] = field(default_factory=dict)
    on_hand: dict[Sku, int] = field(default_factory=dict)
    categories: dict[str, str] = field(default_factory=dict)
    report: ImportReport = field(default_factory=ImportReport)


class Journal(Protocol):
    """Where an import notes how far it is, so that another process can go on with it."""

    @property
    def passed(self) -> int:
        """Products of the file that are done."""

    def begin(self) -> None:
        """A batch is tried now, before anything of it is read or written."""

    def done(self, products: int, rows: int, part: ImportReport, session: Session) -> None:
        """The batch that ends with this product and row is stored and counted in this
        transaction; it may run again."""


class CsvImport:
    """Imports one file after another."""

    def __init__(self, database: Database, stock: StockWriter, markets: MarketService) -> None:
        self._database = database
        self._catalog = CatalogRepository(database)
        self._stock = stock
        self._writer = ProductWriter(self._catalog, stock, markets.rounding_of)
        self._markets = markets

    def run(
        self,
        source: Source,
        market: Market,
        progress: Callable[[int, int], None],
        journal: Journal | None = None,
    ) -> ImportReport:
        """Import a file with plain prices in ``market``; ``progress(rows done, rows)`` is called
        along the way. With a ``journal``, what that has passed is left out, also of the report.
        Raises ``UnreadableFile`` before anything is changed."""
        report = ImportReport()
        for batch in self._batches(source, market, journal.passed if journal else 0):
            part = self._store(batch, journal)
            report.add(part)
            progress(batch.rows, batch.all_rows)
        report.problems.sort(key=lambda problem: problem.line)
        return report

    def plan(
        self, source: Source, market: Market, progress: Callable[[int, int], None]
    ) -> Iterator[Decision]:
        """What ``run`` would do with the file now, batch by batch; nothing is written. Raises
        ``UnreadableFile``."""
        claimed: dict[Sku, str] = {}
        for batch in self._batches(source, market, 0):
            decision = self._decide(batch.parsed, None, claimed)
            decision.report.problems += batch.problems
            decision.on_hand = self._stock.on_hand(decision.stock) if decision.stock else {}
            decision.report.stock_changes = sum(
                decision.on_hand.get(sku) != units for sku, units in decision.stock.items()
            )
            yield decision
            progress(batch.rows, batch.all_rows)

    def _batches(self, source: Source, market: Market, passed: int) -> Iterator[_Batch]:
        """The file's products, those ``passed`` left out."""
        columns, total = check_file(source)
        others = [each for each in self._markets.every() if each.code != market.code]
        parser = Parser(market, others, columns)
        rows = done = 0
        seen: dict[str, int] = {}
        products = read_products(source)
        skipped = _Batch(all_rows=total)
        for raw in islice(products, passed):
            rows, done = rows + len(raw.rows), done + 1
            skipped.take(parser, raw, seen)
        while found := _some(products):
            batch = _Batch(all_rows=total)
            for raw in found:
                rows, done = rows + len(raw.rows), done + 1
                batch.take(parser, raw, seen)
            batch.rows, batch.products = rows, done
            yield batch

    def _store(self, batch: _Batch, journal: Journal | None) -> ImportReport:
        """Store a batch, count its stock and note that it is done, all in one transaction: a
        count that was made again later would undo the sales between."""

        def work(session: Session) -> ImportReport:
            if journal is not None:
                journal.begin()
            decision = self._decide(batch.parsed, session, {})
            report = decision.report
            report.problems += batch.problems
            shelves = self._add_categories(decision.categories, session)
            self._writer.store(decision.new, decision.changed, session, shelves=shelves)
            if decision.stock:
                report.stock_changes = self._stock.count(decision.stock, "import", session)
            if journal is not None:
                journal.done(batch.products, batch.rows, report, session)
            return report

        return self._database.in_transaction(work)

    def _decide(
        self, parsed: list[ParsedProduct], session: Session | None, claimed: dict[Sku, str]
    ) -> Decision:
        """``claimed`` has the SKUs of earlier products that are not stored, and gets these."""
        known = self._catalog.by_slugs([each.slug for each in parsed], session)
        decision = Decision(known=known)
        report = decision.report
        parsed = self._priced(parsed, known, report)
        skus = [variant.sku for each in parsed for variant in each.variants]
        owners = {
            variant.sku: product.slug
            for product in self._catalog.with_skus(skus, session)
            for variant in product.variants
        } | claimed
        shelves = CategoriesByName(self._catalog.categories())
        merged: list[tuple[ParsedProduct, Product]] = []
        for each in parsed:
            report.problems += each.problems
            try:
                product = merge(each, known.get(each.slug), shelves)
                self._check_size(each, product)
                _claim_skus(each, owners)
            except BadRow as problem:
                report.problems.append(problem)
                continue
            merged.append((each, product))
        claimed.update((v.sku, each.slug) for _, each in merged for v in each.variants)
        products = [product for _, product in merged]
        refusals = self._lost_variants(products, known, session)
        refusals |= self._bundle_problems(products, session)
        there = self._stock.on_hand({s for each, _ in merged for s in each.stock_was}, session)
        for each, product in merged:
            if refusal := refusals.get(product.id):
                report.problems.append(BadRow(each.line, f"{refusal}; {each.slug} was left out"))
                continue
            report.variants += len(each.variants)
            if each.categories:
                decision.categories.setdefault(product.category, each.categories[-1])
            if not product.is_bundle:
                decision.stock |= _counts(each, known.get(each.slug), there, report.problems)
            if each.slug not in known:
                decision.new.append(product)
            elif product != known[each.slug]:
                decision.changed.append(replace(product, updated_at=now()))
            else:
                report.unchanged += 1
        report.created, report.updated = len(decision.new), len(decision.changed)
        return decision

    def _priced(
        self, parsed: Iterable[ParsedProduct], known: Mapping[str, Product], report: ImportReport
    ) -> list[ParsedProduct]:
        """The products by the shop's own SKUs, without what would lose or never had a price."""
        markets = {each.code for each in self._markets.every()}
        found = []
        for each in parsed:
            before = known.get(each.slug)
            try:
                found.append(with_own_skus(each, before).without_unpriced(before, markets))
            except ManyBadRows as many:
                report.problems += many.problems
        return found

    def _check_size(self, parsed: ParsedProduct, product: Product) -> None:
        if not self._catalog.can_hold(product):  # or its whole batch could not be stored
            raise BadRow(
                parsed.line,
                f"the texts of {parsed.slug} and its variants are too long to be stored together; "
                f"{parsed.slug} was left out",
            )

    def _bundle_problems(
        self, products: list[Product], session: Session | None
    ) -> dict[ProductId, str]:
        """Why some of these cannot be stored: bundles that cannot be sold, or name what cannot be
        a part, or are parts themselves; gift cards that are."""
        bundles = [each for each in products if each.is_bundle]
        odd = [each for each in products if each.is_bundle or each.is_gift_card]
        if not odd:
            return {}
        parts = self._catalog.with_skus({s for each in bundles for s in each.part_skus}, session)
        known = {each.id: each for each in (*parts, *products)}
        own = {variant.sku for each in odd for variant in each.variants}
        holders = {each.id: each for each in self._catalog.bundles_of(own, session)}
        holders |= {each.id: each for each in products if each.id in holders or each.is_bundle}
        return {
            each.id: refusal
            for each in odd
            if (refusal := _refusal(each, known.values(), holders.values()))
        }

    def _lost_variants(
        self, products: list[Product], known: Mapping[str, Product], session: Session | None
    ) -> dict[ProductId, str]:
        """Which of these have lost a variant that bundles are made of, so that nobody could buy
        them, or that orders still hold units of."""
        gone = {
            variant.sku: product.id
            for product in products
            if product.slug in known
            for variant in known[product.slug].variants
            if product.variant(variant.sku) is None
        }
        holders = {each.id: each for each in self._catalog.bundles_of(gone, session)}
        holders |= {each.id: each for each in products if each.id in holders}
        waited_for = self._stock.waited_for(gone, session) if gone else []
        return {gone[sku]: str(still_waited_for(sku)).rstrip(".") for sku in waited_for} | {
            gone[sku]: f"{sku} is part of {bundle.slug}: change that first"
            for bundle in holders.values()
            for sku in sorted(bundle.part_skus & gone.keys())
        }

    def _add_categories(self, wanted: Mapping[str, str], session: Session) -> list[str]:
        """Add the categories that are not there yet; their slugs."""
        known = {each.slug for each in self._catalog.categories()} if wanted else set()
        added = [slug for slug in wanted if slug and slug not in known]
        for slug in added:
            position = self._catalog.next_position(session)
            shelf = Category(slug=slug, name=wanted[slug], position=position)
            self._catalog.add_shelf(shelf, session)
        return added


def _some(products: Iterator[RawProduct]) -> list[RawProduct]:
    """As many of the next products as one transaction can store."""
    found: list[RawProduct] = []
    rows = 0
    while len(found) < _BATCH and rows < _BATCH_ROWS and (raw := next(products, None)):
        found.append(raw)
        rows += len(raw.rows)
    return found


@dataclass(kw_only=True)
class _Batch:
    """Some products of the file; ``rows`` and ``products`` of it are done with this batch."""

    all_rows: int
    rows: int = 0
    products: int = 0
    parsed: list[ParsedProduct] = field(default_factory=list)
    problems: list[BadRow] = field(default_factory=list)

    def take(self, parser: Parser, raw: RawProduct, seen: dict[str, int]) -> None:
        """Parse a product; ``seen`` has the first line of each handle."""
        try:
            parsed = parser.parse(raw)
            if parsed.slug in seen:
                raise BadRow(
                    parsed.line,
                    f"rows of {parsed.slug} must stand together; "
                    f"it began in line {seen[parsed.slug]}",
                )
            seen[parsed.slug] = parsed.line
            self.parsed.append(parsed)
        except ManyBadRows as many:
            self.problems += many.problems
        except BadRow as problem:
            self.problems.append(problem)


def _refusal(product: Product, parts: Iterable[Product], others: Iterable[Product]) -> str:
    """Why a bundle or gift card cannot be stored, "" if it can."""
    own = {variant.sku for variant in product.variants}
    holders = [each for each in others if each.is_bundle and not own.isdisjoint(each.part_skus)]
    try:
        if product.is_bundle:
            check_bundle(product)
        check_parts(product, parts, holders)
    except BundleRefused as error:
        return str(error)
    return ""


def _counts(
    parsed: ParsedProduct, known: Product | None, there: Mapping[Sku, int], problems: list[BadRow]
) -> dict[Sku, int]:
    """What is to be counted. A number that is as it was exported says nothing of variants that are
    there, and one that was changed is void where something was sold or came in between."""
    counts = dict(parsed.stock)
    for sku, was in parsed.stock_was.items():
        if known is None or known.variant(sku) is None or sku not in there or sku not in counts:
            continue
        units = there[sku]
        if counts[sku] == was:
            del counts[sku]
        elif units not in {was, counts[sku]}:
            reason = f"{sku} has {units} units by now, not {was}: its stock stays as it is"
            problems.append(BadRow(parsed.lines[sku], reason))
            del counts[sku]
    return counts


def _claim_skus(product: ParsedProduct, owners: dict[Sku, str]) -> None:
    for variant in product.variants:
        owner = owners.get(variant.sku, product.slug)
        if owner != product.slug:
            line = product.lines[variant.sku]
            raise BadRow(line, f"SKU {variant.sku} belongs to {owner}; {product.slug} was left out")
    owners.update((variant.sku, product.slug) for variant in product.variants)
