"""A flash sale: many shoppers want one SKU in the same seconds, and each order writes its stock.

A transaction that writes a document which another open one has written fails at once and begins
again after a pause, as the driver does it (``with_transaction``).
"""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass

_FIRST_PAUSE, _LONGEST_PAUSE = 0.005, 0.5  # of the driver, seconds
_GIVES_UP = 20.0  # seconds that a browser is let wait


@dataclass(frozen=True, kw_only=True, slots=True)
class Sale:
    """``rate`` is orders a second that were placed; waits in seconds."""

    offered: float
    rate: float
    median: float
    p99: float
    given_up: float  # share


def sell(offered: float, before: float, held: float, seconds: float = 30, seed: int = 1) -> Sale:
    """``offered`` shoppers a second for so many ``seconds``; a transaction takes ``before`` seconds
    until it writes the stock and ``held`` from there to its commit."""
    dice = random.Random(seed)
    events: list[tuple[float, int, float, int]] = []  # when it writes, who, since when, which try
    moment, shopper = 0.0, 0
    while moment < seconds:
        moment += dice.expovariate(offered)
        heapq.heappush(events, (moment + before, shopper, moment, 0))
        shopper += 1
    free_at, last, waits, lost = 0.0, 0.0, [], 0
    while events:
        moment, who, since, tries = heapq.heappop(events)
        if moment - since > _GIVES_UP:
            lost += 1
        elif moment >= free_at:
            free_at = last = moment + held
            waits.append(free_at - since)
        else:
            longest = min(_FIRST_PAUSE * 1.5 ** (tries + 1), _LONGEST_PAUSE)
            again = moment + dice.random() * longest + before
            heapq.heappush(events, (again, who, since, tries + 1))
    waits.sort()
    return Sale(
        offered=offered,
        rate=len(waits) / max(last, seconds),
        median=waits[len(waits) // 2],
        p99=waits[round((len(waits) - 1) * 0.99)],
        given_up=lost / shopper,
    )
