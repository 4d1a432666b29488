"""How the catalog's read model fares at some sizes: starting, listing, following.

python -m bench.readmodel [--sizes 1000 10000 100000] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
from flask import Flask

from app import create_app
from app.catalog.follower import CatalogFollower
from app.catalog.modelling import Modelling
from app.catalog.pack_repository import PackRepository
from app.catalog.packs import ModelPacks, Packer
from app.catalog.pages import CatalogPages
from app.catalog.query import SORTS, parse_query
from app.catalog.readmodel import packing
from app.catalog.readmodel.edit import ModelEdit
from app.catalog.readmodel.entries import make_entry
from app.catalog.readmodel.model import empty_model
from app.catalog.readmodel.touched import Touched
from app.catalog.repository import CatalogRepository
from app.catalog.service import CatalogService
from app.catalog.views import Listing
from app.db.database import Database
from app.db.migrations import upgrade
from app.inventory.service import InventoryService
from app.markets.models import Market
from app.markets.starting import STARTING
from app.shared.errors import NotFound
from app.shared.ids import Sku
from app.web.registry import service
from bench.catalog_data import fill, products, stock_levels
from bench.words import COLOURS, MATERIALS, NOUNS, SIZES
from dev.stack import Stack

_REQUESTS = 1500
_WRITES = 100


@dataclass
class Bench:
    """One catalog being measured."""

    app: Flask
    figures: dict[str, str] = field(default_factory=dict)

    def note(self, name: str, value: str) -> None:
        """Keep a figure and show it."""
        self.figures[name] = value
        print(f"  {name:44} {value}", flush=True)


def _follower(app: Flask) -> tuple[CatalogFollower, Packer]:
    database = service(Database, app)
    catalog = CatalogRepository(database)
    packs = ModelPacks(PackRepository(database))
    follower = CatalogFollower(catalog, Modelling(catalog, service(InventoryService, app)), packs)
    return follower, Packer(catalog, packs, follower)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _spread(times: list[float]) -> str:
    half, most = np.percentile(np.array(times) * 1000, [50, 99])
    return f"p50 {half:8.2f} ms   p99 {most:8.2f} ms   max {max(times) * 1000:8.2f} ms"


def _pairs(dice: random.Random) -> list[tuple[str, str]]:
    """A listing somebody may ask for."""
    pairs: list[tuple[str, str]] = [("sort", dice.choice(["", *SORTS]))]
    for name, values in (
        ("option.Colour", COLOURS),
        ("option.Size", SIZES),
        ("option.Material", MATERIALS),
    ):
        if dice.random() < 0.3:
            pairs += [(name, each) for each in dice.sample(values, dice.randrange(1, 3))]
    if dice.random() < 0.2:
        pairs.append(("vendor", f"Maker {dice.randrange(1, 20)}"))
    if dice.random() < 0.3:
        pairs.append(("in_stock", "1"))
    if dice.random() < 0.3:
        pairs += [
            ("min_price", str(dice.randrange(5, 200))),
            ("max_price", str(dice.randrange(200, 400))),
        ]
    return pairs


def measure_listings(bench: Bench) -> None:
    """A mix of shelves, filters, sorts and pages up to the last, and the documents of their cards.

    The processor's time is told beside the clock's, which a busy machine stretches.
    """
    catalog = service(CatalogPages, bench.app)
    requests = list(_requests(catalog, random.Random(7)))
    bench.note("listing, any filter, sort and page", _timed(requests))
    make = service(CatalogService, bench.app).make_cards
    cards = [partial(make, each().cards, each.args[-1]) for each in requests[::5]]
    bench.note("the documents of its cards", _timed(cards))


def _requests(catalog: CatalogPages, dice: random.Random) -> Iterator[partial[Listing]]:
    for _ in range(_REQUESTS):
        market = dice.choice(STARTING)
        pairs, shelf = _pairs(dice), dice.randrange(4)
        if shelf == 3:
            pairs.append(("q", dice.choice(NOUNS)))
        first = _list(catalog, shelf, pairs, 1, market)
        page = 1 + (dice.randrange(first.total) // 24 if first.total else 0)
        yield partial(_list, catalog, shelf, pairs, page, market)


def _timed(works: Sequence[Callable[[], object]]) -> str:
    wall, busy = [], []
    for work in works:
        before = time.thread_time()
        wall.append(_seconds(work))
        busy.append(time.thread_time() - before)
    return f"{_spread(wall)}   | cpu {_spread(busy)}"


def _list(
    catalog: CatalogPages, shelf: int, pairs: list[tuple[str, str]], page: int, market: Market
) -> Listing:
    query = parse_query([*pairs, ("page", str(page))], market.currency)
    try:
        if shelf == 1:
            return catalog.list_category("category-3", query, market)
        if shelf == 2:
            return catalog.list_collection("collection-0", query, market)
        return catalog.search(query, market) if shelf == 3 else catalog.list_all(query, market)
    except NotFound:
        return catalog.list_all(parse_query([], market.currency), market)


def measure_other_pages(bench: Bench, stored: int) -> None:
    """Home, product page, suggestions, navigation."""
    catalog, market = service(CatalogPages, bench.app), STARTING[0]
    dice = random.Random(3)

    def product() -> object:
        return catalog.product_page(f"product-{dice.randrange(stored)}", {}, market)

    def suggest() -> object:
        return catalog.suggest(dice.choice(NOUNS)[: dice.randrange(1, 6)], market)

    bench.note("home page", _timed([partial(catalog.home_page, market)] * 60))
    bench.note("product page", _timed([product] * 200))
    bench.note("suggestions", _timed([suggest] * 100))
    model = service(CatalogService, bench.app).model()
    bench.note("navigation", _timed([lambda: model.navigation] * 200))


def measure_following(bench: Bench, count: int) -> None:
    """From the write's commit to the listener being called, the model being new by then."""
    follower = service(CatalogService, bench.app).follower
    stock = service(InventoryService, bench.app)
    arrived = threading.Event()
    seen: list[Touched] = []

    def hear(touched: Touched) -> None:
        seen.append(touched)
        arrived.set()

    follower.listen(hear)
    follower.start()
    while not follower.is_following:
        time.sleep(0.01)
    dice = random.Random(11)
    stocks = [_write_stock(stock, arrived, dice.randrange(count)) for _ in range(_WRITES)]
    bench.note("a SKU comes back, to visible", _spread(stocks))
    prices = [_write_price(bench.app, arrived, dice, count) for _ in range(_WRITES)]
    bench.note("a price changes, to visible", _spread(prices))
    bench.note("a burst of 500 prices, to all visible", f"{_burst(bench.app, seen, count):.2f} s")
    follower.close()


def _write_stock(stock: InventoryService, arrived: threading.Event, number: int) -> float:
    sku = Sku(f"SKU-{number}-0")
    stock.set_on_hand({sku: 0}, "bench")
    time.sleep(0.1)
    arrived.clear()
    stock.set_on_hand({sku: 5}, "bench")
    return _seconds(lambda: arrived.wait(5))


def _write_price(app: Flask, arrived: threading.Event, dice: random.Random, count: int) -> float:
    time.sleep(0.05)
    arrived.clear()
    _change_price(app, f"prd_{dice.randrange(count):026}", dice.randrange(1000, 9000))
    return _seconds(lambda: arrived.wait(5))


def _change_price(app: Flask, name: str, amount: int) -> None:
    database = service(Database, app)

    def work(session: object) -> None:
        change = {"$set": {"variants.0.prices.US.amount": amount}, "$inc": {"revision": 1}}
        database["products"].update_one({"_id": name}, change, session=session)
        CatalogRepository(database).note_change(session, product_ids=[name])

    database.in_transaction(work)


def _burst(app: Flask, seen: list[Touched], count: int) -> float:
    names = [f"prd_{number:026}" for number in random.Random(5).sample(range(count), 500)]
    for name in names:
        _change_price(app, name, 4321)
    finished = time.perf_counter()
    while not set(names) <= {name for touched in list(seen) for name in touched.product_ids}:
        time.sleep(0.005)
        if time.perf_counter() - finished > 60:
            raise SystemExit("the burst never arrived")
    return time.perf_counter() - finished


def measure_start(bench: Bench, size: int, stored: int) -> None:
    """A process that builds, one that packs, one that loads the pack."""
    follower, packer = _follower(bench.app)
    before = _memory()
    if stored == size:
        bench.note("start from documents", _once(follower.model))
    else:
        bench.note(
            "start from products made on the spot", _once(partial(_build_straight, follower, size))
        )
    bench.note("memory for it, about", f"{_memory() - before:.0f} MB")
    bench.note("packing and storing", _once(packer.pack))
    bench.note("packed size", f"{len(packing.dump(follower.model())) / 1e6:.1f} MB")
    other, _ = _follower(bench.app)
    bench.note("start from the packed form", _once(other.model))


def _once(work: Callable[[], object]) -> str:
    before = time.thread_time()
    return f"{_seconds(work):.2f} s   | cpu {time.thread_time() - before:.2f} s"


def _build_straight(follower: CatalogFollower, size: int) -> None:
    """Fill a model with products that are not in the database."""
    follower._feed.begin()
    edit = ModelEdit(empty_model())
    made = products(size)
    while batch := list(islice(made, 500)):
        stock = {level["_id"]: level["available"] for each in batch for level in stock_levels(each)}
        edit.apply([make_entry(each, stock) for each in batch])
    follower._model = edit.done()


def _memory() -> float:
    """Megabytes this process has resident."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def run(size: int, stored: int, folder: Path) -> dict[str, str]:
    """Measure one size in a database of its own, kept in ``folder``; only so many are stored."""
    stack = Stack(folder / f"{size}-{stored}", environment={}, parts=("mongo", "redis"))
    stack.start()
    try:
        app = create_app({**stack.environment})
        database = service(Database, app)
        upgrade(database)
        if database["products"].find_one({}) is None:
            started = time.perf_counter()
            fill(database, stored, _show)
            print(f"\n  filled in {time.perf_counter() - started:.0f} s", file=sys.stderr)
        bench = Bench(app)
        print(f"{size} products")
        measure_start(bench, size, stored)
        measure_listings(bench)
        measure_other_pages(bench, stored)
        measure_following(bench, stored)
        database.close()
        return bench.figures
    finally:
        stack.stop()


def _show(done: int, total: int) -> None:
    print(f"\r  filling {done}/{total}", end="", file=sys.stderr)


def main() -> None:
    """Measure every size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--keep", type=Path, help="where the databases stay for another run")
    parser.add_argument(
        "--stored", type=int, help="documents to store, if not all: filling takes long"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        for size in options.sizes:
            run(size, min(options.stored or size, size), options.keep or Path(passing))


if __name__ == "__main__":
    main()
