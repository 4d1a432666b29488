"""What a page costs of which nothing is kept anywhere: the same work at every size of catalog."""

from __future__ import annotations

import gzip
import http.client
import random
import time
from collections.abc import Iterable
from urllib.parse import urlsplit

import redis

from app.catalog.listing import PAGE_SIZE
from bench.latency import Spread, listing_paths, spread, wide_search_paths
from bench.shop import PACKED, Shop

_CARD = b'<article class="card">'
_HEARD = 0.02  # seconds until every process knows that Redis holds nothing


def time_unkept(shop: Shop, count: int) -> dict[str, Spread]:
    """``count`` pages of each kind, Redis emptied before each. Of lists, those that fill a page:
    of a small shop many do not, and cost less for it."""
    products = random.Random(8).sample(range(shop.size), count)
    return {
        "listing, any mix": _timed(shop, listing_paths(shop, 20 * count, 7), count, PAGE_SIZE),
        "search, many hits": _timed(shop, wide_search_paths(4 * count, 9), count, PAGE_SIZE),
        "product": _timed(
            shop, [f"/products/product-{each}?option.y=1" for each in products], count
        ),
    }


def _timed(shop: Shop, paths: Iterable[str], count: int, cards: int = 0) -> Spread:
    """The first ``count`` of ``paths`` that show at least so many cards."""
    connection = http.client.HTTPConnection(urlsplit(shop.url).netloc, timeout=30)
    times: list[float] = []
    with redis.from_url(shop.stack.environment["REDIS_URL"]) as kept:
        for path in paths:
            kept.flushdb(asynchronous=True)
            time.sleep(_HEARD)
            began = time.perf_counter()
            connection.request("GET", path, headers=PACKED)
            answer = connection.getresponse()
            body = answer.read()
            took = time.perf_counter() - began
            if answer.status != 200:
                raise RuntimeError(f"{path} answered {answer.status}")
            if gzip.decompress(body).count(_CARD) >= cards:
                times.append(took)
            if len(times) == count:
                break
    connection.close()
    return spread(times)
