"""Lists of orders for staff, and what staff change of an order's own words.

The embedded database reads everything that a condition leaves before it sorts or stops, so a list
is read in windows of time: the first is a minute long, each next one four times as long, until the
page is full. What that costs does not grow with the number of orders.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.db.database import Database, Document, Session, find_any
from app.orders.finding import NOTED, RETURNED, OrderFilter, Payment, words_in
from app.orders.models import Order, OrderState
from app.orders.repository import order_from_document
from app.shared.ids import OrderId

_BEGINNING = datetime(2015, 1, 1, tzinfo=UTC)
_FIRST_WINDOW = timedelta(minutes=1)
_GROWTH = 4
_STEP = timedelta(milliseconds=1)  # to the next moment that can be told apart
_PATIENCE = 0.2  # seconds that a page may look back for what is rare
_MOST_BY_PREFIX = 200
_SHORTEST_PREFIX = 3
_PAYMENTS: dict[str, Document] = {
    Payment.UNPAID: {"state": OrderState.PENDING.value},
    Payment.PAID: {"state": OrderState.PAID.value, "refunded": 0},
    Payment.PARTLY_REFUNDED: {"state": OrderState.PAID.value, "refunded": {"$gt": 0}},
    Payment.REFUNDED: {"state": OrderState.REFUNDED.value},
}

Place = tuple[datetime, str]  # an order's place in the list: when it was placed, and its id


@dataclass(frozen=True, slots=True)
class Walk:
    """What was found on the way through the windows; ``until`` where patience ended."""

    orders: list[Order]
    until: datetime | None = None


class OrderDeskRepository:
    """Reads lists of ``orders``."""

    def __init__(self, database: Database) -> None:
        self._orders = database["orders"]

    def walk(self, wanted: OrderFilter, after: Place | None, most: int, *, back: bool) -> Walk:
        """Up to ``most`` orders from ``after`` on, ``back`` in time or forward."""
        query, sign = _query(wanted), -1 if back else 1
        found: list[Document] = []
        deadline = time.monotonic() + _PATIENCE
        if after:  # what was placed at the very moment at which the page before ended
            tie = {"placed_at": after[0], "_id": {"$lt" if back else "$gt": after[1]}}
            found += self._orders.find({**query, **tie}).sort("_id", sign).limit(most)
        windows = list(self._windows(wanted, after, back=back))
        for begin, end in windows:
            if len(found) >= most:
                break
            condition = {**query, "placed_at": {"$gte": begin, "$lt": end}}
            cursor = self._orders.find(condition).sort([("placed_at", sign), ("_id", sign)])
            found += cursor.limit(most)
            more = len(found) < most and (begin, end) != windows[-1]
            if more and time.monotonic() > deadline:
                return Walk(_orders(found), begin if back else end)
        return Walk(_orders(found[:most]))

    def _windows(
        self, wanted: OrderFilter, after: Place | None, *, back: bool
    ) -> Iterator[tuple[datetime, datetime]]:
        """Stretches of time from where the page begins, each longer than the last."""
        first = _whole(wanted.placed_from or _BEGINNING)
        last = _whole(wanted.placed_until or datetime.now(UTC) + timedelta(days=1))
        if after and back:
            last = min(last, after[0])
        elif after:
            first = max(first, after[0] + _STEP)
        elif not back and wanted.placed_from is None:
            first = self._first_moment()
        span = _FIRST_WINDOW
        while first < last:
            if back:
                begin = max(first, last - span)
                yield begin, last
                last = begin
            else:
                end = min(last, first + span)
                yield first, end
                first = end
            span *= _GROWTH

    def _first_moment(self) -> datetime:
        """When the shop's first order was placed, as far as it can be told."""
        found = self._orders.find_one({"number": "MX-10001"}, {"placed_at": 1})
        moment: datetime = found["placed_at"] if found else _BEGINNING
        return moment

    def totals(self, wanted: OrderFilter) -> list[tuple[int, str]]:
        """Totals in minor units with the ids of all that was placed in a period."""
        period = {"$gte": wanted.placed_from, "$lt": wanted.placed_until}
        fields = {"totals.total": 1}
        found = self._orders.find({**_query(wanted), "placed_at": period}, fields)
        return [(each["totals"]["total"], each["_id"]) for each in found]

    def by_prefix(self, wanted: OrderFilter) -> list[Order]:
        """Orders with a word that begins as the only one that was typed; the newest first."""
        (typed,) = words_in(wanted.q) or ("",)
        if len(typed) < _SHORTEST_PREFIX:
            return []
        words = {"$gte": typed, "$lt": f"{typed}\uffff"}
        query = {**_query(wanted, with_words=False), "search": {"$elemMatch": words}}
        # A range of its own beside it, because that is what the embedded database has an index for.
        found = self._orders.find({"$and": [{"search": words}, query]}).limit(_MOST_BY_PREFIX)
        return sorted(_orders(found), key=lambda order: (order.placed_at, order.id), reverse=True)

    def by_ids(self, ids: Iterable[str]) -> dict[str, Order]:
        """Orders by id."""
        found = map(order_from_document, find_any(self._orders, "_id", ids))
        return {order.id: order for order in found}

    def by_numbers(self, numbers: Iterable[str]) -> dict[str, Order]:
        """Orders by number."""
        found = map(order_from_document, find_any(self._orders, "number", numbers))
        return {order.number: order for order in found}

    def add_words(self, order_id: OrderId, words: Sequence[str], session: Session | None) -> None:
        """Let an order be found under more words."""
        if words:
            self._orders.update_one(
                {"_id": order_id},
                {"$addToSet": {"search": {"$each": list(words)}}},
                session=session,
            )

    def set_address(
        self, order: Order, address: Document, words: Sequence[str], session: Session
    ) -> bool:
        """Write another address over the version that was read, of a paid order of which nothing
        was shipped; False if it is none (any more)."""
        done = self._orders.update_one(
            {
                "_id": order.id,
                "state": OrderState.PAID.value,
                "withdrawn": False,
                "shipments": 0,
                "address_version": order.address_version or {"$in": [0, None]},
            },
            {
                "$set": {"address": address, "address_version": order.address_version + 1},
                "$addToSet": {"search": {"$each": list(words)}},
            },
            session=session,
        )
        return bool(done.modified_count)


def _whole(moment: datetime) -> datetime:
    """Without what the database does not keep of it."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _query(wanted: OrderFilter, *, with_words: bool = True) -> Document:
    conditions: list[Document] = [
        {name: value}
        for name, value in (
            ("state", wanted.state),
            ("fulfilment", wanted.fulfilment),
            ("gateway", wanted.gateway),
            ("market", wanted.market),
        )
        if value
    ]
    if wanted.payment in _PAYMENTS:
        conditions.append(_PAYMENTS[wanted.payment])
    marks = [RETURNED] * wanted.returned + [NOTED] * wanted.noted
    words = [*words_in(wanted.q)] if with_words else []
    # Numbers and addresses first: they are rarer than titles.
    words.sort(key=lambda word: -sum(not letter.isalpha() for letter in word))
    terms = [*words, *marks]
    if not terms and len(conditions) == 1:
        return conditions[0]
    if terms:
        first = {"search": terms[0]}
        rest = [{"search": each} for each in terms[1:]]
        return {**first, **({"$and": [*rest, *conditions]} if rest or conditions else {})}
    return {"$and": conditions} if conditions else {}


def _orders(documents: Iterable[Document]) -> list[Order]:
    return [order_from_document(each) for each in documents]
