"""How strongly products belong together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.recommendations.rules import (
    MOST_NEIGHBOURS,
    MOST_PER_ORDER,
    counted_products,
    fading,
    mixed,
    nearest,
    ranked,
    scores,
    summed,
)


def _score(together: int, own: int, partner: int, orders: int) -> float:
    return float(scores(np.array([together]), own, np.array([partner]), orders)[0])


def test_one_chance_pair_does_not_beat_a_hundred_solid_ones() -> None:
    chance = _score(together=1, own=120, partner=1, orders=10_000)
    solid = _score(together=100, own=120, partner=150, orders=10_000)
    assert solid > 5 * chance
    assert _score(together=1, own=1, partner=1, orders=10_000) < solid


@pytest.mark.parametrize("orders", [2, 3, 10, 100])
def test_the_only_pair_of_a_young_shop_is_one(orders: int) -> None:
    assert _score(together=orders, own=orders, partner=orders, orders=orders) > 0


def test_what_everybody_buys_anyway_is_no_companion() -> None:
    popular = _score(together=50, own=100, partner=5_000, orders=10_000)
    friend = _score(together=50, own=100, partner=60, orders=10_000)
    assert popular < 0 < friend


@given(st.integers(1, 500), st.integers(0, 500), st.integers(0, 500), st.integers(0, 5000))
def test_more_orders_with_both_never_say_less(
    together: int, more_own: int, more_partner: int, more_orders: int
) -> None:
    own, partner = together + 1 + more_own, together + 1 + more_partner
    orders = own + partner + more_orders
    weaker, stronger = (_score(each, own, partner, orders) for each in (together, together + 1))
    assert weaker < stronger < 1


def test_the_nearest_come_first_and_chance_is_left_out() -> None:
    places, found = nearest(np.array([2, 30, 0, 9]), 40, np.array([900, 35, 4, 10]), 1000)
    assert places.tolist() == [1, 3]
    assert found[0] > found[1] > 0


def test_a_list_is_short() -> None:
    places, _ = nearest(np.full(100, 9), 10, np.full(100, 10), 1000)
    assert len(places) == MOST_NEIGHBOURS


def test_nothing_is_near_to_what_was_never_bought_with_anything() -> None:
    none = np.array([], dtype=np.int64)
    assert nearest(none, 1, none, 1)[0].tolist() == []


def test_evidence_adds_up_and_its_lack_leaves_the_bestsellers() -> None:
    popular = [("mug", 0.3), ("lamp", 0.1)]
    assert list(ranked([], popular)) == ["mug", "lamp"]
    near = [(1.0, [("bowl", 0.22), ("rug", 0.25)]), (0.5, [("bowl", 0.2), ("lamp", 0.9)])]
    order = ranked(near, popular)
    assert list(order) == ["lamp", "bowl", "mug", "rug"]
    assert list(order.values()) == pytest.approx([0.55, 0.32, 0.3, 0.25])


def test_no_kind_fills_the_shelf_while_there_are_others() -> None:
    candidates = [("a", n) for n in range(8)] + [("b", 1), ("c", 1), ("c", 2)]
    chosen = mixed(candidates, 8, lambda each: each[0])
    assert len(chosen) == 8
    assert [kind for kind, _ in chosen].count("a") == 5  # three at first, two for want of others
    assert {("b", 1), ("c", 1), ("c", 2)} <= set(chosen)
    assert mixed(candidates[:8], 8, lambda each: each[0]) == candidates[:8]
    assert mixed(candidates, 0, lambda each: each[0]) == []


def test_interest_fades_and_adds_up() -> None:
    weights = summed(fading(["mug", "rug", "mug"], 1.0, 0.5), fading(["rug"], 0.4, 0.5))
    assert weights == {"mug": 1.0, "rug": 0.9}


def test_a_huge_order_counts_in_part() -> None:
    names = [str(number) for number in range(500)]
    assert counted_products([*names, *names]) == tuple(names[:MOST_PER_ORDER])
    assert counted_products(["a", "b", "a"]) == ("a", "b")
