"""What a load asks of each resource, and how much of it there is."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bench.scaling.assumed import Assumed
from bench.scaling.caching import Pages, hit_rate
from bench.scaling.measured import Speed
from bench.scaling.purchase import Cost

_LANES = 6  # events that one worker handles at once
_PAGE_CACHE = 192 * 2**20  # bytes of each process, as MOSSX_PAGE_CACHE_MB has it


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """``limit`` is how many orders a second it bears when it is wholly busy."""

    name: str
    limit: float
    grows: bool  # by more machines of the same kind, without a change of the program
    remedy: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """One shop under load."""

    cost: Cost
    speed: Speed
    assumed: Assumed
    pages: Pages

    @property
    def measured_rate(self) -> float:
        """Orders a second of one shopper after the other on the measured machine, worker and all."""
        return 1 / sum(each.seconds for each in self.cost.phases.values())

    @property
    def hits(self) -> float:
        """Share of page views that the page cache answers."""
        kept = hit_rate(self.pages, _PAGE_CACHE, self.assumed.zipf)
        return kept * (1 - self.assumed.personal_views)

    def times(self, phase: str) -> float:
        """How often a phase happens for each order that is paid."""
        often = {"cart": self.assumed.carts_per_order}
        asked = self.assumed.checkouts_per_order
        return often.get(phase, asked if phase in {"checkout", "button"} else 1.0)

    def per_order(self, kind: str) -> float:
        """Of reads, writes, commits, redis or gateway: how many for each paid order, views in it."""
        bought = sum(
            getattr(each, kind) * self.times(name) for name, each in self.cost.phases.items()
        )
        missed = self.assumed.views_per_order * (1 - self.hits)
        of_page = {"reads": self.assumed.reads_per_page, "redis": self.assumed.redis_per_page}
        return bought + missed * of_page.get(kind, 0)

    @property
    def web_seconds(self) -> float:
        """Core seconds of the web tier for each paid order."""
        views = self.assumed.views_per_order
        seen = views * (
            self.hits * self.speed.hit_seconds + (1 - self.hits) * self.speed.miss_seconds
        )
        pressed = sum(
            each.seconds * self.times(name)
            for name, each in self.cost.phases.items()
            if name != "worker"
        )
        return seen + pressed

    def holding(self, thing: str) -> float:
        """Seconds from the first write of a hot document to the commit, on a cluster."""
        trips = self.cost.held[thing] * self.assumed.round_trip_ms + self.assumed.commit_ms
        return trips / 1000

    @property
    def placing(self) -> float:
        """Seconds that the placing transaction takes on a cluster."""
        return (self.cost.trips * self.assumed.round_trip_ms + self.assumed.commit_ms) / 1000

    def resources(self) -> list[Resource]:
        """Everything there is one of, the narrowest first."""
        assumed, asked = self.assumed, self.assumed.checkouts_per_order
        lane = self.cost.phases["worker"].seconds
        found = [
            Resource(
                name=f"one web machine ({assumed.cores_of_web} cores)",
                limit=assumed.cores_of_web / self.web_seconds,
                grows=True,
                remedy="more of them: nothing is kept in a process that others need",
            ),
            Resource(
                name=f"one worker ({_LANES} lanes)",
                limit=_LANES / lane,
                grows=True,
                remedy="more of them: events are leased one by one",
            ),
            Resource(
                name="one SKU in a flash sale",
                limit=1 / self.holding("stock_levels"),
                grows=False,
                remedy="a waiting room in front of the button, then the SKU's stock in several documents",
            ),
            Resource(
                name="the counter of order numbers",
                limit=1 / self.holding("counters") / asked,
                grows=False,
                remedy="numbers in blocks of a hundred for each process: unique, with gaps",
            ),
            Resource(
                name="one primary's writes",
                limit=assumed.writes_per_second / self.per_order("writes"),
                grows=False,
                remedy="collections apart on shards of their own, then shard keys as below",
            ),
            Resource(
                name="one primary's reads",
                limit=assumed.reads_per_second / self.per_order("reads"),
                grows=False,
                remedy="catalog reads from secondaries (they are checked again at the checkout)",
            ),
            Resource(
                name="one Redis",
                limit=assumed.redis_per_second / self.per_order("redis"),
                grows=False,
                remedy="a Redis cluster: keys are spread over its primaries",
            ),
        ]
        return sorted(found, key=lambda each: each.limit)

    def memory(self, products: int) -> float:
        """Bytes of one web process with a catalog of this size and a full page cache."""
        return self.speed.empty_process + products * self.speed.per_product + _PAGE_CACHE


def waiting(rate: float, seconds: float, servers: int) -> float:
    """Mean seconds in the queue of ``servers`` that take ``seconds`` for each (M/M/c, Erlang C);
    infinite where they never catch up."""
    load = rate * seconds
    if load >= servers:
        return math.inf
    blocked = 1.0
    for number in range(1, servers + 1):  # Erlang B by its recursion, which does not overflow
        blocked = load * blocked / (number + load * blocked)
    queued = blocked / (1 - load / servers * (1 - blocked))
    return queued * seconds / (servers - load)


def servers_for(rate: float, seconds: float, most_waiting: float) -> int:
    """The fewest servers whose queue is no longer than ``most_waiting`` seconds on average."""
    servers = max(1, math.ceil(rate * seconds))
    while waiting(rate, seconds, servers) > most_waiting:
        servers += 1
    return servers
