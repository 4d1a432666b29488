"""How long after a change anybody still sees what was true before it.

A writer changes a product's price and stock again and again, readers ask every web process for
its page all the while, and Redis is restarted in the middle.
"""

from __future__ import annotations

import http.client
import re
import threading
import time
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from app import create_app
from app.catalog.models import Price, Product
from app.catalog.repository import CatalogRepository
from app.db.database import Database, Session
from app.inventory.service import InventoryService
from app.shared.money import Money
from app.web.registry import service
from dev.stack import Stack

_PRICE = re.compile(rb"product-price.*?\$([\d,]+\.\d\d)", re.DOTALL)
_SOON = 0.05  # seconds that a change may take to reach everybody
_STOCK = re.compile(rb"Only (\d) left|(Sold out)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What a page showed: asked for at ``began``, there at ``ended`` (monotonic seconds)."""

    began: float
    ended: float
    price: int
    left: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Freshness:
    """``slowest`` is the age in seconds of the oldest value that was still shown."""

    readings: int
    changes: int
    slowest: float
    late: int  # readings that began more than 50 ms after the change they do not show

    @property
    def is_good(self) -> bool:
        """Whether the promise held."""
        return self.late == 0


def watch(
    stack: Stack, slug: str, *, changes: int, every: float, restart_redis: bool = True
) -> Freshness:
    """Change the product ``changes`` times and look on."""
    over = threading.Event()
    readings: list[Reading] = []
    address = urlsplit(stack.environment["BASE_URL"]).netloc
    readers = [
        threading.Thread(target=_read, args=(address, slug, over, readings)) for _ in range(6)
    ]
    for reader in readers:
        reader.start()
    app = create_app(stack.environment)
    writer = _Writer(service(Database, app), service(InventoryService, app), slug)
    written = []
    for number in range(changes):
        if restart_redis and number == changes // 2:
            stack.services["redis"].kill()
            stack.services["redis"].start()
        written.append(writer.change(number))
        time.sleep(every)
    over.set()
    for reader in readers:
        reader.join()
    service(Database, app).close()
    return _judge(readings, written)


def _read(address: str, slug: str, over: threading.Event, readings: list[Reading]) -> None:
    while not over.is_set():
        connection = http.client.HTTPConnection(address, timeout=20)  # a new one: any process
        began = time.monotonic()
        connection.request("GET", f"/products/{slug}", headers={"Accept-Encoding": "identity"})
        body = connection.getresponse().read()
        connection.close()
        price, stock = _PRICE.search(body), _STOCK.search(body)
        if price is None:
            raise RuntimeError(f"no price on the page: {body[:300]!r}")
        left = int(stock[1] or 0) if stock else 9
        readings.append(
            Reading(
                began=began,
                ended=time.monotonic(),
                price=int(price[1].replace(b",", b"").replace(b".", b"")),
                left=left,
            )
        )


class _Writer:
    def __init__(self, database: Database, stock: InventoryService, slug: str) -> None:
        self._database = database
        self._catalog = CatalogRepository(database)
        self._stock = stock
        self._slug = slug

    def change(self, number: int) -> tuple[float, int, int]:
        """Another price and another stock; when both were committed, and what they are."""
        product = self._catalog.find_by_slug(self._slug)
        if product is None:
            raise RuntimeError(f"no product {self._slug}")
        price, left = 1_000 + number, number % 5 + 1
        self._database.in_transaction(lambda session: self._reprice(product, price, session))
        self._stock.set_on_hand({product.variants[0].sku: left}, "bench")
        return time.monotonic(), price, left

    def _reprice(self, product: Product, minor: int, session: Session) -> None:
        variant = product.variants[0]
        price = {"US": Price(amount=Money(minor, "USD"))}
        changed = replace(product, variants=(replace(variant, prices={**variant.prices, **price}),))
        if not self._catalog.replace(changed, session):
            raise RuntimeError("somebody else changed the product")
        self._catalog.note_change(session, product_ids=[product.id])


def _judge(readings: list[Reading], written: list[tuple[float, int, int]]) -> Freshness:
    slowest, late = 0.0, 0
    for each in readings:
        for which, value in ((1, each.price), (2, each.left)):
            age = _age(each, value, written, which)
            slowest = max(slowest, age)
            late += age > _SOON
    return Freshness(readings=len(readings), changes=len(written), slowest=slowest, late=late)


def _age(reading: Reading, value: int, written: list[tuple[float, int, int]], which: int) -> float:
    """For how long the value had been replaced when the reading began, in seconds."""
    before = sum(change[0] <= reading.began for change in written)
    until = sum(change[0] <= reading.ended for change in written)
    if not before:
        return 0.0
    # From the newest at the beginning to what was being written at the end, each may be seen.
    if value in {change[which] for change in written[before - 1 : until + 1]}:
        return 0.0
    places = [place for place in range(before - 1) if written[place][which] == value]
    replaced = places[-1] + 1 if places else 0
    return reading.began - written[replaced][0]
