"""How good search is: judged queries over a real export, against plain substring search.

``python -m bench.search_quality [EXPORT.csv]``. The queries and the products that fit them are in
tests/search/judged.tsv. Every fourth query is held out: it is measured, and nothing is tuned by it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log2
from pathlib import Path
from statistics import fmean

from pyroaring import BitMap
from rich.console import Console
from rich.table import Table

from app.catalog.csv.merging import options_of
from app.catalog.csv.parsing import ParsedProduct, Parser
from app.catalog.csv.reading import check_file, read_products
from app.catalog.search import SearchIndex, SearchText
from app.markets.service import UNITED_STATES
from app.shared.markup import plain_text

ROOT = Path(__file__).resolve().parents[1]
JUDGED = ROOT / "tests" / "search" / "judged.tsv"
EXPORT = ROOT.parent / "shared" / "data" / "apparel-2k-variants.csv"
_DEPTH = 10
_HELD_OUT = 4
_NOTHING = "none"
Search = Callable[[str], list[str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgedQuery:
    """A query with the products that fit: grades by slug, 3 what was asked for, 1 at least something."""

    kind: str
    text: str
    grades: dict[str, int]
    held_out: bool


def judged_queries() -> list[JudgedQuery]:
    """The judged queries in the order of the file."""
    lines = JUDGED.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [
        JudgedQuery(
            kind=kind,
            text=text,
            grades={slug: int(grade) for slug, _, grade in (each.partition("=") for each in fitting.split())},
            held_out=number % _HELD_OUT == 0,
        )
        for number, (kind, text, fitting) in enumerate(rows, 1)
    ]  # fmt: skip


class Shop:
    """The products of an export, with both ways to search them."""

    def __init__(self, path: Path) -> None:
        columns, _ = check_file(path)
        parser = Parser(UNITED_STATES, (), columns)
        self.products = [parser.parse(raw) for raw in read_products(path)]
        edit = SearchIndex().edit()
        for number, product in enumerate(self.products):
            edit.put(number, _text(product))
        self.index = edit.done()
        self._all = BitMap(range(len(self.products)))

    def search(self, query: str) -> list[str]:
        """Slugs by falling relevance, within the prices asked for."""
        hits = self.index.find(query, self._all)
        found = [self.products[number] for number in hits.ranked]
        return [each.slug for each in found if _fits(each, hits.floor, hits.ceiling)]

    def substring(self, query: str) -> list[str]:
        """Slugs of titles that contain the query, in the order of the file."""
        wanted = query.casefold()
        return [each.slug for each in self.products if wanted in each.title.casefold()]


def _text(product: ParsedProduct) -> SearchText:
    return SearchText(
        title=product.title,
        vendor=product.vendor,
        type=product.type,
        category=product.categories[-1] if product.categories else "",
        tags=product.tags,
        options=tuple(value for option in options_of(product.variants) for value in option.values),
        text=plain_text(product.description_html),
        skus=tuple(variant.sku for variant in product.variants),
    )


def _fits(product: ParsedProduct, floor: object, ceiling: object) -> bool:
    prices = [variant.prices["US"].amount.to_major() for variant in product.variants]
    return any(
        (floor is None or price >= floor) and (ceiling is None or price <= ceiling)
        for price in prices
    )


def ndcg(query: JudgedQuery, found: Sequence[str]) -> float:
    """Normalised discounted cumulative gain of the first ten, gains 2^grade - 1."""
    ideal = _gain(sorted(query.grades.values(), reverse=True))
    return _gain([query.grades.get(slug, 0) for slug in found]) / ideal


def _gain(grades: Sequence[int]) -> float:
    return sum((2**grade - 1) / log2(place + 2) for place, grade in enumerate(grades[:_DEPTH]))


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What was measured. Shares are between 0 and 1."""

    ndcg: dict[str, float]  # by kind, and "all"
    misspelt_found: float  # misspelt queries with a wanted product among the first ten
    nothing_precision: float  # of the queries that found nothing, those that nothing fits
    nothing_recall: float  # of the queries that nothing fits, those that found nothing


def report(queries: Sequence[JudgedQuery], search: Search) -> Report:
    """Measure one way to search."""
    found = {query.text: search(query.text) for query in queries}
    answerable = [query for query in queries if query.kind != _NOTHING]
    kinds = dict.fromkeys(query.kind for query in answerable)
    scores = {query.text: ndcg(query, found[query.text]) for query in answerable}
    misspelt = [query for query in queries if query.kind == "misspelt"]
    nothing = [query for query in queries if query.kind == _NOTHING]
    empty = [query for query in queries if not found[query.text]]
    return Report(
        ndcg={kind: fmean(scores[q.text] for q in answerable if q.kind == kind) for kind in kinds}
        | {"all": fmean(scores.values())},
        misspelt_found=fmean(_has_wanted(query, found[query.text]) for query in misspelt),
        nothing_precision=fmean(query in nothing for query in empty) if empty else 1.0,
        nothing_recall=fmean(not found[query.text] for query in nothing),
    )


def _has_wanted(query: JudgedQuery, found: Sequence[str]) -> bool:
    best = max(query.grades.values())
    return any(query.grades.get(slug) == best for slug in found[:_DEPTH])


def _table(reports: dict[str, Report], queries: Sequence[JudgedQuery]) -> Table:
    table = Table("measure", "queries", *reports)
    first = next(iter(reports.values()))
    for kind in first.ndcg:
        count = sum(q.kind == kind or (kind == "all" and q.kind != _NOTHING) for q in queries)
        table.add_row(
            f"nDCG@10 {kind}",
            str(count),
            *(f"{each.ndcg.get(kind, 0):.3f}" for each in reports.values()),
        )
    for label, name in (
        ("misspelt found in 10", "misspelt_found"),
        ("nothing: precision", "nothing_precision"),
        ("nothing: recall", "nothing_recall"),
    ):
        table.add_row(label, "", *(f"{getattr(each, name):.3f}" for each in reports.values()))
    return table  # fmt: skip


def main() -> None:
    """Print the table; with ``-v`` also the queries that fall short and are not held out."""
    paths = [Path(each) for each in sys.argv[1:] if not each.startswith("-")]
    shop = Shop(paths[0] if paths else EXPORT)
    queries = judged_queries()
    tuned = [query for query in queries if not query.held_out]
    held_out = [query for query in queries if query.held_out]
    reports = {
        "search": report(queries, shop.search),
        "tuned on": report(tuned, shop.search),
        "held out": report(held_out, shop.search),
        "substring": report(queries, shop.substring),
    }
    console = Console(width=120)
    console.print(_table(reports, queries))
    if "-v" in sys.argv:
        for query in tuned:
            found = shop.search(query.text)
            score = ndcg(query, found) if query.grades else float(not found)
            if score < 0.95:
                wrong = [f"{slug}={query.grades.get(slug, 0)}" for slug in found[:6]]
                console.print(
                    f"{score:.2f} {query.kind} [b]{query.text}[/b] {len(found)}: {' '.join(wrong)}"
                )


if __name__ == "__main__":
    main()
