"""The offline evaluation: it tells structure from chance, and never looks at what it hid."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest

from app.recommendations.baskets import Basket, UnreadableBaskets
from app.recommendations.evaluation import Evaluation, Learnt, evaluate
from app.recommendations.rules import MOST_PER_ORDER
from tests.support.baskets import baskets


def _evaluate(given: list[Basket], seed: int = 0, holdout: float = 0.2) -> Evaluation:
    return evaluate(given, seed=seed, holdout=holdout, progress=lambda done, total: None)


def test_where_things_belong_together_bestsellers_are_clearly_beaten() -> None:
    result = _evaluate(baskets(6000, 400, seed=1, loyalty=0.7))
    assert result.ours.hit_rate > 1.3 * result.popularity.hit_rate
    assert result.ours.coverage > 5 * result.popularity.coverage


def test_without_bestsellers_structure_is_found_all_the_same() -> None:
    result = _evaluate(baskets(6000, 400, seed=2, loyalty=0.8, tail=0.0))
    assert result.ours.hit_rate > 5 * result.popularity.hit_rate
    assert result.ours.coverage > 0.9


@pytest.mark.parametrize("tail", [0.8, 1.0, 1.3])
def test_on_chance_with_a_long_tail_little_is_lost(tail: float) -> None:
    result = _evaluate(baskets(6000, 400, seed=3, tail=tail))
    assert result.ours.hit_rate > 0.95 * result.popularity.hit_rate


def test_on_pure_chance_both_are_chance() -> None:
    result = _evaluate(baskets(6000, 400, seed=4, tail=0.0))
    assert abs(result.ours.hit_rate - 10 / 400) < 0.02
    assert abs(result.popularity.hit_rate - 10 / 400) < 0.02


def test_few_baskets_are_no_disaster() -> None:
    results = [_evaluate(baskets(400, 60, seed=seed, loyalty=0.7), seed) for seed in range(8)]
    ours = sum(result.ours.hit_rate for result in results)
    assert ours > sum(result.popularity.hit_rate for result in results)


def test_a_seed_gives_the_same_result_and_another_one_another() -> None:
    given = baskets(1000, 100, seed=5, loyalty=0.5)
    assert _evaluate(given) == _evaluate(given)
    assert _evaluate(given, seed=1) != _evaluate(given)


def test_baskets_and_items_are_counted() -> None:
    given: list[Basket] = [("a", "b"), ("a", "b"), ("a",), ("c",), ("b", "a", "d")] * 2
    result = _evaluate(given, holdout=0.5)
    assert (result.baskets, result.items) == (10, 4)
    assert result.learnt == 5
    assert result.tested + result.left_out == 5
    assert 0 <= result.ours.hit_rate <= 1


def test_the_pair_that_is_always_together_is_always_found() -> None:
    given: list[Basket] = [(f"left {n}", f"right {n}") for n in range(50) for _ in range(10)]
    result = _evaluate(given)
    assert result.ours.hit_rate == 1
    assert result.popularity.hit_rate < 0.3


@pytest.mark.parametrize("given", [[("a", "b")], [("a",), ("b",), ("c",)]])
def test_too_little_is_explained(given: list[Basket]) -> None:
    with pytest.raises(UnreadableBaskets, match="too few baskets"):
        _evaluate(given)


def test_the_arrays_count_what_counting_by_hand_does() -> None:
    given = baskets(300, 40, seed=6, loyalty=0.5)
    given.append(tuple(f"item {number}" for number in range(MOST_PER_ORDER + 20)))
    learnt = Learnt(given)
    pairs: Counter[tuple[str, str]] = Counter()
    own: Counter[str] = Counter()
    for basket in given:
        counted = basket[:MOST_PER_ORDER]
        own.update(counted)
        for first, second in combinations(counted, 2):
            pairs[first, second] += 1
            pairs[second, first] += 1
    names = list(learnt.numbers)
    assert dict(zip(names, learnt.own.tolist(), strict=True)) == dict(own)
    for name, number in learnt.numbers.items():
        partners, together = learnt.together(number)
        found = dict(zip((names[each] for each in partners), together.tolist(), strict=True))
        assert found == {other: pairs[name, other] for other in names if pairs[name, other]}
