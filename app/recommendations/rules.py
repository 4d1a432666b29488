"""How strongly two products belong together, and what follows from several of them.

One score everywhere: the shop's pages, its worker and the offline evaluation.
docs/decisions/0012-recommendations.md says why it is this one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

MOST_PER_ORDER = 40  # distinct products of an order that count: 780 pairs at most
MOST_NEIGHBOURS = 30
MOST_POPULAR = 60
LEAST_ORDERS = 2  # what one shopper did once is not "often"

_DOUBT = 0.5  # standard deviations that chance is given
_UNSEEN = 20.0  # orders of neither, supposed so that a young shop's only pair is one
_PRIOR = 5.0  # orders of a product before its counts are half believed
_OWN = 0.7  # how much of the score's base is this product's orders; the rest is the partner's


def scores(together: Counts, own: int, partners: Counts, orders: int) -> Floats:
    """How much more often than by chance a product is bought with each partner, per order.

    ``together`` are the orders with both, ``own`` those with the product, ``partners`` those with
    each partner, ``orders`` all of them. 0 is chance, 1 nearly always; negative is less than
    chance. A few orders count for less than their share, which is what keeps one chance pair
    behind a hundred solid ones.
    """
    both = together.astype(np.float64)
    expected = own * partners / (orders + _UNSEEN)
    surplus = both - expected - _DOUBT * np.sqrt(both)
    return np.asarray(surplus / ((own + _PRIOR) ** _OWN * (partners + _PRIOR) ** (1 - _OWN)))


def nearest(
    together: Counts, own: int, partners: Counts, orders: int
) -> tuple[NDArray[np.intp], Floats]:
    """Positions of the best partners, the best first, and their scores; none at or below 0."""
    found = scores(together, own, partners, orders)
    order = np.argsort(-found, kind="stable")[:MOST_NEIGHBOURS]
    order = order[found[order] > 0]
    return order, found[order]


def ranked(
    sources: Iterable[tuple[float, Iterable[tuple[K, float]]]],
    popular: Iterable[tuple[K, float]],
) -> dict[K, float]:
    """Everything worth recommending, the best first, with how much speaks for it.

    ``sources`` are a shopper's products: a weight, and neighbours with their scores. Each score
    is a surplus over chance, so it is added to the share of all orders a product is in
    (``popular``): without evidence, what is left is the bestsellers.
    """
    totals: dict[K, float] = {}
    for weight, neighbours in sources:
        for name, score in neighbours:
            totals[name] = totals.get(name, 0.0) + weight * score
    for name, share in popular:
        totals[name] = totals.get(name, 0.0) + share
    return dict(sorted(totals.items(), key=lambda item: -item[1]))


def mixed(
    candidates: Sequence[T], most: int, kind_of: Callable[[T], str], share: float = 0.4
) -> list[T]:
    """The first ``most``, but of one kind no more than a ``share`` while there are others."""
    room = max(2, round(most * share))
    taken: Counter[str] = Counter()
    chosen: list[T] = []
    rest: list[T] = []
    for each in candidates:
        kind = kind_of(each)
        if taken[kind] < room and len(chosen) < most:
            taken[kind] += 1
            chosen.append(each)
        else:
            rest.append(each)
    return [*chosen, *rest[: most - len(chosen)]]


def fading(names: Iterable[K], first: float, keeps: float) -> dict[K, float]:
    """A weight for each name: ``first`` for the first, and each ``keeps`` of the one before."""
    return {name: first * keeps**place for place, name in enumerate(dict.fromkeys(names))}


def summed(*weights: Mapping[K, float]) -> dict[K, float]:
    """One weight for each name."""
    total: dict[K, float] = {}
    for each in weights:
        for name, weight in each.items():
            total[name] = total.get(name, 0.0) + weight
    return total


def counted_products(names: Iterable[K]) -> tuple[K, ...]:
    """The distinct products of an order that count, in the order's own sequence."""
    return tuple(dict.fromkeys(names))[:MOST_PER_ORDER]
