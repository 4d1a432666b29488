"""How long a sale takes to a dashboard that somebody has open."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime

import requests
from bs4 import BeautifulSoup

from bench.few_orders import buy
from bench.shop import Shop

_EVERY = 2.0  # seconds: how often the page asks for its figures
_PATIENCE = 30.0
_FIRST = 500_000  # the number of a shopper who has not been here


def time_sales(shop: Shop, owner: requests.Session, count: int) -> float:
    """The most seconds from the gateway's "paid" to the figures, of ``count`` sales."""
    dice = random.Random(datetime.now(UTC).timestamp())
    longest, sold = 0.0, 0
    while sold < count:
        before = _orders(shop, owner)
        product = f"/products/product-{dice.randrange(shop.size)}"
        if buy(shop, product, _FIRST + dice.randrange(_FIRST)):
            paid = time.monotonic()
            time.sleep(dice.uniform(0, _EVERY))  # when the page next asks is chance
            while _orders(shop, owner) == before:
                if time.monotonic() - paid > _PATIENCE:
                    raise RuntimeError("A sale never came to the dashboard.")
                time.sleep(_EVERY)
            longest = max(longest, time.monotonic() - paid)
            sold += 1
    return longest


def _orders(shop: Shop, owner: requests.Session) -> str:
    """The number of paid orders that the dashboard shows."""
    page = owner.get(f"{shop.url}/admin", headers={"HX-Request": "true"}, timeout=60).text
    cards = BeautifulSoup(page, "html.parser").select(".figure-card")
    return "".join(each.strong.get_text() for each in cards if each.span.get_text() == "Orders")
