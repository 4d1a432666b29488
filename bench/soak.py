"""A soak: the same load for a long time, and whether memory or connections grow."""

from __future__ import annotations

import os
import random
import statistics
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import requests

from bench.few_orders import buy
from bench.latency import listing_paths
from bench.shop import Shop

_LOOKERS, _BUYERS = 6, 2
_EVERY = 5.0  # seconds between two looks at the processes
_MEGABYTE = 1024 * 1024
_GROWTH = 0.05  # of memory, from the second quarter to the last
_MORE_FILES = 8  # open files and sockets that come and go
_REST = 0.02  # seconds that a visitor looks at a page


@dataclass(frozen=True, kw_only=True, slots=True)
class Process:
    """A process in the second quarter and in the last: bytes, and open files and sockets."""

    name: str
    memory: tuple[float, float]
    files: tuple[float, float]

    @property
    def is_steady(self) -> bool:
        """Whether it has not grown."""
        before, after = self.memory
        return after <= before * (1 + _GROWTH) and self.files[1] <= self.files[0] + _MORE_FILES


@dataclass(frozen=True, kw_only=True, slots=True)
class Soak:
    """``answers`` counts pages by status, ``orders`` what was bought."""

    minutes: float
    answers: Counter[int]
    orders: int
    processes: list[Process]

    @property
    def is_good(self) -> bool:
        """Whether nothing grew and nothing failed."""
        failed = any(status >= 500 for status in self.answers)
        return not failed and all(each.is_steady for each in self.processes)


def soak(shop: Shop, minutes: float) -> Soak:
    """Have shoppers look and buy for so long."""
    over = threading.Event()
    answers: Counter[int] = Counter()
    orders: list[bool] = []
    lookers = [
        threading.Thread(target=_look, args=(shop, seed, over, answers)) for seed in range(_LOOKERS)
    ]
    buyers = [
        threading.Thread(target=_purchase, args=(shop, seed, over, orders))
        for seed in range(_BUYERS)
    ]
    for each in (*lookers, *buyers):
        each.start()
    samples: dict[str, list[tuple[int, int]]] = {}
    until = time.monotonic() + 60 * minutes
    while time.monotonic() < until:
        time.sleep(_EVERY)
        for name, process in _processes(shop).items():
            samples.setdefault(name, []).append((_memory(process), _files(process)))
    over.set()
    for each in (*lookers, *buyers):
        each.join()
    return Soak(
        minutes=minutes,
        answers=answers,
        orders=sum(orders),
        processes=[_compared(name, found) for name, found in samples.items()],
    )


def _look(shop: Shop, seed: int, over: threading.Event, answers: Counter[int]) -> None:
    dice = random.Random(seed)
    paths = [*listing_paths(shop, 200, seed), "/", "/cart", "/search?q=oak", "/checkout"]
    paths += [f"/products/product-{dice.randrange(shop.size)}" for _ in range(100)]
    with requests.Session() as browser:
        while not over.wait(_REST):
            answer = browser.get(f"{shop.url}{dice.choice(paths)}", timeout=60)
            answers[answer.status_code] += 1


def _purchase(shop: Shop, seed: int, over: threading.Event, orders: list[bool]) -> None:
    dice, number = random.Random(seed), 0
    while not over.wait(_REST):
        number += 1
        path = f"/products/product-{dice.randrange(shop.size)}"
        orders.append(buy(shop, path, 10_000 * seed + number))


def _processes(shop: Shop) -> dict[str, int]:
    """The shop's own processes: what the database keeps grows with what is sold."""
    server = shop.stack.services["web"].pid
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    web = {f"web {place}": int(each) for place, each in enumerate(sorted(children, key=int), 1)}
    redis = shop.stack.services["redis"].pid
    return {**web, "worker": shop.stack.services["worker"].pid, "Redis": redis}


def _memory(process: int) -> int:
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _files(process: int) -> int:
    return len(list(Path(f"/proc/{process}/fd").iterdir()))


def _compared(name: str, found: list[tuple[int, int]]) -> Process:
    quarter = max(1, len(found) // 4)
    second, last = found[quarter : 2 * quarter] or found, found[-quarter:]
    return Process(
        name=name,
        memory=(
            statistics.median(each[0] for each in second) / _MEGABYTE,
            statistics.median(each[0] for each in last) / _MEGABYTE,
        ),
        files=(
            statistics.median(each[1] for each in second),
            statistics.median(each[1] for each in last),
        ),
    )
