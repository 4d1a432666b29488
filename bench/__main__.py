"""``make bench``: every promise about speed, measured in one run; writes docs/benchmarks.md."""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack

from rich.console import Console
from rich.progress import Progress

from bench.calls import count_calls, pages_made
from bench.latency import (
    listing_paths,
    search_paths,
    time_paths,
    time_purchases,
    wide_search_paths,
)
from bench.load import Figures, NoWrk, find_wrk, load
from bench.report import FIRST_VISIT, Bare, Measured, write
from bench.shop import PACKED, Shop, bare_of, fetch, named, shop_of
from bench.unkept import time_unkept
from dev.stack import ROOT

_SIZES = (1_000, 10_000, 100_000)
_MANY_ADDRESSES = 20_000
_ROUNDS = 11
_WARMING = 30  # seconds of each walk before measuring
_MOST_WALKS = 30
_WARM = 0.0005  # pages made anew of all that are asked for


def main() -> int:
    """Measure; non-zero if something is missing."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(_SIZES))
    parser.add_argument("--seconds", type=int, default=2, help="of each short load")
    chosen = parser.parse_args()
    try:
        find_wrk()
    except NoWrk as error:
        print(error, file=sys.stderr)
        return 1
    results = []
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("Measuring", total=len(chosen.sizes) * 5)

        def say(what: str) -> None:
            bar.update(task, advance=1, description=what)

        for size in chosen.sizes:
            say(f"{size:,} products: filling")
            with shop_of(size, bar) as shop:
                results.append(_measure(shop, chosen.seconds, say))
            page = write(ROOT / "docs", results)  # what is measured is kept, whatever comes next
        bar.update(task, completed=len(chosen.sizes) * 5)
    print(page.read_text())
    return 0


def _measure(shop: Shop, seconds: int, say: Callable[[str], None]) -> Measured:
    shop.wait_until_idle()
    ready = _ready(shop)
    shop.wait_until_idle()
    product = "/products/product-1"
    listing = f"{shop.url}/products"
    say(f"{shop.size:,} products: cached pages")
    measured = _compare(shop, listing, product, seconds)
    measured.ready_after = ready
    say(f"{shop.size:,} products: a crowd, and many addresses")
    browser = named(listing)
    for name, url in (("listing", listing), ("product", shop.url + product)):
        measured.crowded[name] = load(url, connections=500, seconds=2 * seconds, headers=browser)
    if shop.size == _MANY_ADDRESSES / 2:  # more products make no more addresses of this walk
        measured.cached["20 000 addresses, Zipf"] = _walk(shop, browser, seconds)
    say(f"{shop.size:,} products: pages made anew")
    measured.uncached["listing, any mix"] = time_paths(shop.url, listing_paths(shop, 600, 1))
    measured.uncached["search"] = time_paths(shop.url, search_paths(300, 2))
    measured.uncached["search, many hits"] = time_paths(shop.url, wide_search_paths(300, 2))
    few = [f"product-{each}" for each in random.Random(3).sample(range(shop.size), 300)]
    measured.uncached["product"] = time_paths(
        shop.url, (f"/products/{each}?option.x=1" for each in few)
    )
    adding, checking_out = time_purchases(shop, few, 60)
    measured.uncached["add to cart"] = adding
    measured.uncached["checkout, posted"] = checking_out
    shop.wait_until_idle()  # what was bought has consequences
    measured.unkept = time_unkept(shop, 150)
    measured.memory = shop.memory()
    say(f"{shop.size:,} products: questions asked")
    category = listing_paths(shop, 1, 4)[0]
    measured.calls = count_calls(
        shop,
        {"home": "/", "listing": "/products?page=2", "filtered": category, "product": product,
         "search": "/search?q=linen+shirt", "suggestions": "/search/suggest?q=lin"},
    )  # fmt: skip
    return measured


def _ready(shop: Shop) -> float:
    """Seconds from starting the web server until it shows a listing."""
    web = shop.stack.services["web"]
    web.stop()
    began = time.monotonic()
    web.start()
    fetch(f"{shop.url}/products")
    return time.monotonic() - began


def _compare(shop: Shop, listing: str, product: str, seconds: int) -> Measured:
    """The shop and bare applications that answer the same bytes, by turns, so that what disturbs
    one disturbs all; the middle of the rounds counts."""
    browser = named(listing)
    etag = dict(fetch(listing, browser)[1])["etag"]
    pages = {
        "listing": (listing, browser),
        "product": (shop.url + product, browser),
        FIRST_VISIT: (listing, PACKED),
    }
    with ExitStack() as servers:
        every = {
            (kind, name): (servers.enter_context(bare_of(url, kind, headers)), headers)
            for name, (url, headers) in pages.items()
            for kind in ("wsgi", "flask")
        }
        every |= {("shop", name): page for name, page in pages.items()}
        every["shop", "listing, 304"] = listing, {**browser, "If-None-Match": etag}
        rounds: dict[tuple[str, str], list[Figures]] = {name: [] for name in every}
        for _, (name, (url, headers)) in itertools.product(range(_ROUNDS), every.items()):
            rounds[name].append(load(url, connections=16, seconds=seconds, headers=headers))
    middle = {
        name: sorted(figures, key=lambda each: each.rate)[_ROUNDS // 2]
        for name, figures in rounds.items()
    }
    return Measured(
        size=shop.size,
        bare={name: Bare(wsgi=middle["wsgi", name], flask=middle["flask", name]) for name in pages},
        cached={name: figures for (kind, name), figures in middle.items() if kind == "shop"},
    )


def _walk(shop: Shop, browser: dict[str, str], seconds: int) -> Figures:
    """Many addresses, the r-th asked for 1/r as often, once each process has nearly all of them:
    each makes its own pages, and which one answers is chance."""
    paths, addresses = _zipf(shop)
    for _ in range(_MOST_WALKS):
        made = pages_made(shop)
        walked = load(shop.url, connections=16, seconds=_WARMING, headers=browser, paths=addresses)
        if pages_made(shop) - made < _WARM * walked.rate * _WARMING:
            break
    return load(shop.url, connections=16, seconds=4 * seconds, headers=browser, paths=paths)


def _zipf(shop: Shop) -> tuple[list[str], list[str]]:
    """A long walk over 20 000 addresses, and each of them once."""
    rng = random.Random(5)
    products = [f"/products/product-{number}" for number in range(_MANY_ADDRESSES // 2)]
    addresses = [*products, *listing_paths(shop, _MANY_ADDRESSES - len(products), 6)]
    rng.shuffle(addresses)
    weights = [1 / rank for rank in range(1, len(addresses) + 1)]
    return rng.choices(addresses, weights, k=200_000), addresses


if __name__ == "__main__":
    sys.exit(main())
