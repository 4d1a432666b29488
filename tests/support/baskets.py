"""Baskets of shoppers who have, or have not, a reason for what they put together."""

from __future__ import annotations

import numpy as np

from app.recommendations.baskets import Basket


def baskets(
    many: int, items: int, *, seed: int, loyalty: float = 0.0, tail: float = 1.0
) -> list[Basket]:
    """``many`` baskets of about four of ``items``, whose popularity falls with rank ** ``tail``.

    A ``loyalty`` share of each basket comes from one group of about twenty items; with 0 nothing
    belongs together.
    """
    chance = np.random.default_rng(seed)
    share = 1.0 / np.arange(1, items + 1) ** tail
    groups = [np.arange(start, items, max(1, items // 20)) for start in range(max(1, items // 20))]
    made = []
    for _ in range(many):
        size = 2 + int(chance.poisson(2))
        group = groups[int(chance.integers(len(groups)))]
        loyal = int(chance.binomial(size, loyalty))
        own = chance.choice(group, loyal, p=share[group] / share[group].sum())
        any_ = chance.choice(items, size - loyal, p=share / share.sum())
        made.append(
            tuple(dict.fromkeys(f"item {each}" for each in [*own.tolist(), *any_.tolist()]))
        )
    return made
