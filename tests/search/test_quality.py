"""Search answers the judged queries as well as it did, and far better than substring search."""

from __future__ import annotations

import pytest

from bench.search_quality import EXPORT, Shop, judged_queries, report

FLOORS = {"exact": 0.96, "partial": 0.87, "misspelt": 0.94, "plural": 0.94, "option": 0.95, "price": 0.96, "synonym": 0.92, "all": 0.94}  # fmt: skip


@pytest.fixture(scope="module")
def shop() -> Shop:
    if not EXPORT.exists():
        pytest.skip(f"{EXPORT.name} is not on this machine")
    return Shop(EXPORT)


def test_the_judged_queries_are_whole(shop: Shop) -> None:
    queries = judged_queries()
    slugs = {product.slug for product in shop.products}
    assert len(queries) == len({query.text for query in queries}) == 200
    assert all(set(query.grades) <= slugs for query in queries)
    assert all(bool(query.grades) == (query.kind != "none") for query in queries)


def test_quality_stays_above_its_floors(shop: Shop) -> None:
    reached = report(judged_queries(), shop.search)
    assert {kind for kind, floor in FLOORS.items() if reached.ndcg[kind] < floor} == set()
    assert reached.misspelt_found >= 0.97
    assert reached.nothing_precision == 1.0
    assert reached.nothing_recall >= 0.86


def test_what_is_held_out_is_answered_as_well(shop: Shop) -> None:
    held_out = [query for query in judged_queries() if query.held_out]
    reached = report(held_out, shop.search)
    plain = report(held_out, shop.substring)
    assert reached.ndcg["all"] >= 0.93
    assert reached.ndcg["all"] >= plain.ndcg["all"] + 0.5
