"""How fast search is: queries, changes and loading on a made-up catalog.

``python -m bench.search_speed [PRODUCTS]``, by default 100 000. Times are those of the
processor, so that what else the machine does is not measured.
"""

from __future__ import annotations

import gc
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from pyroaring import BitMap
from rich.console import Console
from rich.progress import track
from rich.table import Table

from app.catalog.search import SearchIndex, SearchText, dump, load

_SYLLABLES = [first + then for first in "bcdfghjklmnprstvwz" for then in "aeio"]
_THINGS = (
    "Mug",
    "Bowl",
    "Plate",
    "Tray",
    "Lamp",
    "Vase",
    "Chair",
    "Table",
    "Shelf",
    "Jacket",
    "Hoodie",
    "Shirt",
    "Trouser",
    "Scarf",
    "Blanket",
    "Cushion",
    "Candle",
    "Basket",
    "Jug",
    "Teapot",
    "Apron",
    "Towel",
    "Rug",
    "Curtain",
    "Mirror",
    "Clock",
    "Stool",
    "Bench",
    "Frame",
    "Board",
)
_COLOURS = (
    "Black",
    "White",
    "Grey",
    "Red",
    "Blue",
    "Green",
    "Yellow",
    "Brown",
    "Pink",
    "Moss",
    "Sand",
    "Ink",
)
_MATERIALS = (
    "Linen",
    "Cotton",
    "Wool",
    "Walnut",
    "Oak",
    "Ash",
    "Brass",
    "Glass",
    "Stoneware",
    "Porcelain",
    "Leather",
    "Steel",
)
_COMMON = (
    "the",
    "and",
    "with",
    "for",
    "from",
    "a",
    "of",
    "in",
    "to",
    "is",
    "made",
    "by",
    "hand",
    "soft",
    "every",
    "day",
    "quality",
    "design",
)
_VOCABULARY = 150_000
_ROUNDS = 200
QUERIES = {
    "one letter": ["s", "m", "b", "l"],
    "two letters": ["sh", "mo", "la"],
    "beginning": ["walnu", "jack", "ted"],
    "very common word": ["made", "soft", "quality"],
    "one word": ["hoodie", "lamp", "walnut"],
    "three words": ["blue linen shirt", "walnut tray moss", "red wool blanket"],
    "misspelt": ["hoddie", "wallnut tray", "blnaket", "trouesrs blue"],
    "two common words": ["made quality", "soft design hand"],
    "price words": ["linen shirt under 50", "lamp between 20 and 40"],
    "partial": ["titanium walnut tray", "xqzvw lamp"],
    "nothing": ["xqzvwj", "qqqq wwww"],
    "compound": ["leinenhemd", "walnuttray"],
    "SKU": ["SKU-00500-M", "SKU-00777"],
}  # fmt: skip


def _products(count: int) -> list[SearchText]:
    chance = random.Random(7)
    vocabulary = [
        "".join(chance.choices(_SYLLABLES, k=chance.choice((2, 3, 3, 4))))
        for _ in range(_VOCABULARY)
    ]
    weights = np.cumsum(1 / np.arange(1, _VOCABULARY + 1) ** 0.9).tolist()
    return [_product(number, chance, vocabulary, weights) for number in track(range(count), "Products")]  # fmt: skip


def _product(
    number: int, chance: random.Random, vocabulary: list[str], weights: list[float]
) -> SearchText:
    thing, material = chance.choice(_THINGS), chance.choice(_MATERIALS)
    text = chance.choices(vocabulary, cum_weights=weights, k=60) + chance.choices(_COMMON, k=25)
    name = chance.choices(vocabulary, cum_weights=weights, k=1)
    colours = chance.sample(_COLOURS, 3)
    return SearchText(
        title=f"{name[0].title()} {material} {thing}",
        vendor=vocabulary[number % 400].title(),
        type=f"{thing}s",
        category=thing,
        tags=(material, thing, chance.choice(_COMMON)),
        options=(*colours, "S", "M", "L"),
        text=" ".join(text),
        skus=tuple(f"SKU-{number:05}-{size}" for size in "SML"),
    )  # fmt: skip


def _milliseconds(work: Callable[[], object], rounds: int) -> np.ndarray:
    taken = []
    for _ in range(rounds):
        started = time.thread_time()
        work()
        taken.append((time.thread_time() - started) * 1000)
    return np.array(taken)


def _resident() -> float:
    """Megabytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def _loaded_elsewhere(path: str) -> tuple[float, float]:
    """Seconds to load the index in a process of its own, and the megabytes it takes there."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_load_alone, path).result()


def _load_alone(path: str) -> tuple[float, float]:
    before = _resident()
    started = time.thread_time()
    index = load(Path(path).read_bytes())
    taken = time.thread_time() - started
    gc.collect()
    index.find("one to warm up", index.rows)
    return taken, _resident() - before


def main() -> None:
    """Build, measure, print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    console = Console(width=110)
    products = _products(count)
    started = time.thread_time()
    edit = SearchIndex().edit()
    for row, text in enumerate(track(products, "Index")):
        edit.put(row, text)
    index = edit.done()
    del edit
    console.print(
        f"built: {time.thread_time() - started:.1f} s, {len(index.lexicon.vocabulary.terms)} words"
    )
    data = dump(index)
    del index
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        taken, memory = _loaded_elsewhere(file.name)
    console.print(
        f"dump: {len(data) / 1e6:.0f} MB; in a fresh process: load {taken:.2f} s, memory {memory:.0f} MB"
    )
    index = load(data)
    _measure_queries(console, index, BitMap(range(count)))
    _measure_changes(console, index, products)


def _measure_queries(console: Console, index: SearchIndex, allowed: BitMap) -> None:
    table = Table("query, in ms", "found", "first", "p50", "p99")
    every = []
    for kind, queries in QUERIES.items():
        first = max(
            _milliseconds(lambda query=query: index.find(query, allowed), 1)[0] for query in queries
        )
        rounds = [
            _milliseconds(lambda query=query: index.find(query, allowed), _ROUNDS // len(queries))
            for query in queries
        ]
        taken = np.concatenate(rounds)
        every.append(taken)
        found = max(len(index.find(query, allowed).rows) for query in queries)
        table.add_row(
            kind,
            str(found),
            f"{first:.1f}",
            f"{np.median(taken):.2f}",
            f"{np.percentile(taken, 99):.2f}",
        )
    joined = np.concatenate(every)
    table.add_row("all", "", "", f"{np.median(joined):.2f}", f"{np.percentile(joined, 99):.2f}")
    for typed in ("s", "lin", "linen sh", "hoddi"):
        taken = _milliseconds(
            lambda typed=typed: index.complete(typed, index.find(typed, allowed)), 50
        )
        table.add_row(
            f"complete {typed!r}",
            str(index.complete(typed, index.find(typed, allowed))),
            "",
            f"{np.median(taken):.2f}",
            f"{np.percentile(taken, 99):.2f}",
        )
    console.print(table)  # fmt: skip


def _measure_changes(console: Console, index: SearchIndex, products: list[SearchText]) -> None:
    table = Table("change, in ms", "p50", "p99")
    chance = random.Random(8)
    rows = [chance.randrange(len(products)) for _ in range(200)]
    kinds: dict[str, Callable[[int], SearchText]] = {
        "same text again": lambda row: products[row],
        "new title": lambda row: replace(products[row], title=f"{products[row].title} {row}"),
        "all texts new": lambda row: products[row - 1],
    }
    for kind, text in kinds.items():
        taken = np.array([_change(index, row, text(row)) for row in rows])
        for name, times in (("put", taken[:, 0]), ("done", taken[:, 1])):
            table.add_row(
                f"{name}, {kind}", f"{np.median(times):.2f}", f"{np.percentile(times, 99):.2f}"
            )
    console.print(table)  # fmt: skip


def _change(index: SearchIndex, row: int, text: SearchText) -> tuple[float, float]:
    edit = index.edit()
    put = _milliseconds(lambda: edit.put(row, text), 1)[0]
    return put, _milliseconds(edit.done, 1)[0]


if __name__ == "__main__":
    main()
