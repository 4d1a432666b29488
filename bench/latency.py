"""How long single requests take, one after the other, as one shopper sees them."""

from __future__ import annotations

import http.client
import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

import requests

from bench.catalog_data import CATEGORIES
from bench.forms import BUY, MAIN, form_of
from bench.shop import PACKED, Shop
from bench.words import COLOURS, MATERIALS, NOUNS, SIZES

_SORTS = ("newest", "price_asc", "price_desc", "bestselling")
_MANY_VENDORS = 40  # the largest


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """Percentiles in milliseconds of ``count`` requests."""

    p50: float
    p95: float
    p99: float
    count: int


def spread(times: list[float]) -> Spread:
    """Of times in seconds."""
    ordered = sorted(times)
    last = len(ordered) - 1
    return Spread(
        p50=1000 * ordered[last // 2],
        p95=1000 * ordered[round(last * 0.95)],
        p99=1000 * ordered[round(last * 0.99)],
        count=len(ordered),
    )


def time_paths(url: str, paths: Iterable[str]) -> Spread:
    """Ask for each path once."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    times = []
    for path in paths:
        began = time.perf_counter()
        connection.request("GET", path, headers=PACKED)
        answer = connection.getresponse()
        answer.read()
        times.append(time.perf_counter() - began)
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}")
    connection.close()
    return spread(times)


def listing_paths(shop: Shop, count: int, seed: int) -> list[str]:
    """Different listings: any mix of filters, sort and page."""
    rng = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        found[_listing_path(rng, shop.size)] = None
    return list(found)


def _listing_path(rng: random.Random, size: int) -> str:
    pairs: list[tuple[str, str]] = []
    for name, values in (("Colour", COLOURS), ("Size", SIZES), ("Material", MATERIALS)):
        if rng.random() < 0.25:
            pairs += [(f"option.{name}", value) for value in rng.sample(values, rng.choice((1, 2)))]
    if rng.random() < 0.2:
        pairs.append(("vendor", f"Maker {rng.randint(1, _MANY_VENDORS)}"))
    if rng.random() < 0.3:
        low = rng.randrange(5, 100)
        pairs += [("min_price", str(low)), ("max_price", str(low + rng.randrange(20, 200)))]
    if rng.random() < 0.3:
        pairs.append(("in_stock", "1"))
    pairs.append(("sort", rng.choice(_SORTS)))
    base = rng.choice(("/products", f"/categories/category-{rng.randrange(CATEGORIES)}"))
    if base == "/products" and len(pairs) == 1:  # nothing filtered: any page there is
        pairs.append(("page", str(rng.randint(1, max(1, size // 24)))))
    return f"{base}?{urlencode(pairs, quote_via=quote)}"


def search_paths(count: int, seed: int) -> list[str]:
    """Different searches, some of them misspelt. A small shop has few answers to most."""
    return _searches(count, seed, NOUNS, most_words=2)


def wide_search_paths(count: int, seed: int) -> list[str]:
    """The same for what most products are made of, so that each shop has a page full of answers."""
    return _searches(count, seed, [each.lower() for each in MATERIALS], most_words=1)


def _searches(count: int, seed: int, known: Sequence[str], most_words: int) -> list[str]:
    rng = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        words = rng.sample(known, rng.randint(1, most_words))
        if rng.random() < 0.3:
            place = rng.randrange(len(words[0]))
            words[0] = words[0][:place] + rng.choice("aeiourst") + words[0][place + 1 :]
        pairs = [("q", " ".join(words)), ("sort", rng.choice(("", *_SORTS)))]
        pairs.append(("max_price", str(rng.randrange(20, 400))))
        found["/search?" + urlencode([pair for pair in pairs if pair[1]], quote_via=quote)] = None
    return list(found)


def time_purchases(shop: Shop, slugs: list[str], count: int) -> tuple[Spread, Spread]:
    """Adding to the cart, and posting the checkout form, by ``count`` new shoppers."""
    adding: list[float] = []
    checking_out: list[float] = []
    for slug in slugs:
        if len(adding) == count:
            break
        with requests.Session() as session:
            page = session.get(f"{shop.url}/products/{slug}", timeout=30)
            if BUY not in page.text:  # sold out
                continue
            form = form_of(page.text, BUY)
            adding.append(_post(session, f"{shop.url}/cart/items", form))
            order = {**form_of(session.get(f"{shop.url}/checkout", timeout=30).text, MAIN)}
            checking_out.append(_post(session, f"{shop.url}/checkout", {**order, **ADDRESS}))
    return spread(adding), spread(checking_out)


ADDRESS = {
    "email": "bench@example.com", "name": "Ann Shopper", "phone": "+1 555 010 2030",
    "line1": "1 Main Street", "line2": "", "city": "Sacramento", "state": "CA",
    "postal_code": "94203", "country": "US", "shipping_method": "standard", "gateway": "stripe",
}  # fmt: skip


def _post(session: requests.Session, url: str, form: dict[str, str]) -> float:
    began = time.perf_counter()
    answer = session.post(url, data=form, allow_redirects=False, timeout=30)
    took = time.perf_counter() - began
    if answer.status_code != 303:
        raise RuntimeError(f"{url} answered {answer.status_code}: {answer.text[:500]}")
    return took
