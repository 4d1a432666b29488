"""How good the recommendations are: tried on baskets that they were not learnt from.

Some baskets are set aside. Of each of them one item is hidden, and ten are recommended from the
rest with the rules that the shop's pages use. The bestsellers are what to compare with.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from app.recommendations.baskets import Basket, UnreadableBaskets
from app.recommendations.rules import MOST_POPULAR, counted_products, nearest, ranked

AT = 10
_STEP = 200  # items or baskets between two looks of the progress bar
_SPARSE = 8  # where a product's partners are fewer than one in so many, they are sorted

Progress = Callable[[int, int], None]
Numbers = NDArray[np.int64]
T = TypeVar("T")
Near = list[tuple[int, float]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """``hit_rate`` is how often the hidden item was among the ten, ``coverage`` the share of all
    items that was recommended to anybody."""

    hit_rate: float
    coverage: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """Both ways on the same baskets. ``left_out`` had fewer than two items to test with."""

    baskets: int
    items: int
    learnt: int
    tested: int
    left_out: int
    ours: Outcome
    popularity: Outcome


class Learnt:
    """What baskets teach: the counts that the shop keeps in its database, held as arrays."""

    def __init__(self, baskets: Sequence[Basket]) -> None:
        names = dict.fromkeys(item for basket in baskets for item in counted_products(basket))
        self.numbers = {name: number for number, name in enumerate(names)}
        numbered = [[self.numbers[item] for item in counted_products(each)] for each in baskets]
        self.orders = len(numbered)
        self._sizes = np.array([len(each) for each in numbered], dtype=np.int64)
        self._starts = np.concatenate(([0], np.cumsum(self._sizes)))
        self._items = np.fromiter(chain.from_iterable(numbered), np.int64, self._starts[-1])
        self.own = np.bincount(self._items, minlength=len(names)).astype(np.int64)
        by_item = np.argsort(self._items, kind="stable")
        self._baskets = np.repeat(np.arange(self.orders), self._sizes)[by_item]
        self._firsts = np.concatenate(([0], np.cumsum(self.own)))
        self.ranking: list[int] = np.argsort(-self.own, kind="stable").tolist()
        shares = (self.own / self.orders).tolist()
        self.popular: Near = [(each, shares[each]) for each in self.ranking[:MOST_POPULAR]]

    def neighbours(self, number: int) -> Near:
        """The item's nearest, the best first, with their scores."""
        partners, together = self.together(number)
        own = int(self.own[number])
        places, found = nearest(together, own, self.own[partners], self.orders)
        return list(zip(partners[places].tolist(), found.tolist(), strict=True))

    def together(self, number: int) -> tuple[Numbers, Numbers]:
        """The other items of the baskets it is in, and in how many of them each is."""
        baskets = self._baskets[self._firsts[number] : self._firsts[number + 1]]
        sizes = self._sizes[baskets]
        ends = np.cumsum(sizes)
        places = np.arange(ends[-1]) + np.repeat(self._starts[baskets] - ends + sizes, sizes)
        others = self._items[places]
        if len(others) * _SPARSE < len(self.own):
            partners, together = np.unique(others, return_counts=True)
        else:
            every = np.bincount(others, minlength=len(self.own))
            partners = np.flatnonzero(every)
            together = every[partners]
        wanted = partners != number
        return partners[wanted], together[wanted].astype(np.int64)


def evaluate(
    baskets: Sequence[Basket], *, seed: int, holdout: float, progress: Progress
) -> Evaluation:
    """Learn from most of the baskets and test on a ``holdout`` share of them.

    The same ``seed`` gives the same result. Raises ``UnreadableBaskets`` if too few are left to
    learn from or to test on.
    """
    chance = random.Random(seed)  # noqa: S311 - a repeatable split, not a secret
    learning, testing = _split(baskets, chance, holdout)
    tests = [counted_products(basket) for basket in testing if len(basket) > 1]
    if not learning or not tests:
        raise UnreadableBaskets("There are too few baskets with two items to learn and to test.")
    learnt = Learnt(learning)
    steps = len(learnt.own) + len(tests)
    near = list(_told(map(learnt.neighbours, range(len(learnt.own))), 0, steps, progress))
    ours, bestsellers = _Score(), _Score()
    for basket in _told(iter(tests), len(learnt.own), steps, progress):
        hidden, rest = _hide(basket, chance, learnt.numbers)
        ours.note(_recommended(rest, near, learnt), hidden)
        bestsellers.note(_bestsellers(rest, learnt.ranking), hidden)
    progress(steps, steps)
    items = len({item for basket in baskets for item in basket})
    return Evaluation(
        baskets=len(baskets),
        items=items,
        learnt=len(learning),
        tested=len(tests),
        left_out=len(testing) - len(tests),
        ours=ours.outcome(items),
        popularity=bestsellers.outcome(items),
    )


class _Score:
    """Counts hits, and what was recommended at all."""

    def __init__(self) -> None:
        self._tests = 0
        self._hits = 0
        self._shown: set[int] = set()

    def note(self, recommended: list[int], hidden: int | None) -> None:
        self._tests += 1
        self._hits += hidden in recommended
        self._shown.update(recommended)

    def outcome(self, items: int) -> Outcome:
        return Outcome(hit_rate=self._hits / self._tests, coverage=len(self._shown) / items)


def _split(
    baskets: Sequence[Basket], chance: random.Random, holdout: float
) -> tuple[list[Basket], list[Basket]]:
    """Baskets to learn from and to test on, each in the file's order; at least one to test."""
    wanted = max(1, round(len(baskets) * holdout))
    tested = set(chance.sample(range(len(baskets)), wanted))
    learning = [each for place, each in enumerate(baskets) if place not in tested]
    return learning, [each for place, each in enumerate(baskets) if place in tested]


def _hide(
    basket: Basket, chance: random.Random, numbers: dict[str, int]
) -> tuple[int | None, list[int]]:
    """One item, None where it was never seen before, and those of the others that were."""
    place = chance.randrange(len(basket))
    rest = [*basket[:place], *basket[place + 1 :]]
    return numbers.get(basket[place]), [numbers[item] for item in rest if item in numbers]


def _recommended(rest: list[int], near: list[Near], learnt: Learnt) -> list[int]:
    """As for a cart: what its things are bought with, and bestsellers where that is not enough."""
    order = chain(ranked(((1.0, near[item]) for item in rest), learnt.popular), learnt.ranking)
    return _first(order, set(rest))


def _bestsellers(rest: list[int], ranking: list[int]) -> list[int]:
    return _first(iter(ranking), set(rest))


def _first(order: Iterator[int], without: set[int]) -> list[int]:
    found: dict[int, None] = {}
    for each in order:
        if len(found) == AT:
            break
        if each not in without:
            found[each] = None
    return list(found)


def _told(items: Iterator[T], done: int, total: int, progress: Progress) -> Iterator[T]:
    for count, item in enumerate(items, 1):
        yield item
        if count % _STEP == 0:
            progress(done + count, total)
