"""Lists of orders for staff, and what staff change of an order's own words.

The embedded database reads all that an index range holds before it sorts or stops, and every order
where a query asks for more than one index has. So a list is read in windows of time (the first is a
minute long, and they grow as long as they are read quickly) by its rarest condition alone; the
others are looked at here. What a page costs does not grow with the number of orders.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from app.db.database import Database, Document, Session, find_any
from app.db.pages import page_back
from app.orders.documents import order_from_document
from app.orders.finding import (
    NOTED,
    RETURNED,
    OrderFilter,
    Payment,
    words_in,
    words_of,
    words_of_email,
)
from app.orders.models import Order, OrderState
from app.shared.ids import OrderId

_BEGINNING = datetime(2015, 1, 1, tzinfo=UTC)
_FIRST_NUMBER = "MX-10001"
_FIRST_WINDOW = timedelta(minutes=1)
_STEP = timedelta(milliseconds=1)  # to the next moment that can be told apart
_PROBE = timedelta(days=30)
_PATIENCE = 0.15  # seconds that a page may look back for what is rare
_QUICK, _SLOW = 0.03, 0.1  # seconds: whether windows become longer or shorter
_GROWTH = 4
_MOST_BY_PREFIX = 200
_LOOKED_AT, _MANY = 400, 50  # of the newest orders, first: so many that begin so are enough
_SHORTEST_PREFIX = 3
_RAREST_FIRST = ("_id", "fulfilment", "market", "gateway", "state")
_PAYMENTS: Mapping[str, tuple[OrderState, bool]] = {
    Payment.UNPAID: (OrderState.PENDING, False),
    Payment.PAID: (OrderState.PAID, False),
    Payment.PARTLY_REFUNDED: (OrderState.PAID, True),
    Payment.REFUNDED: (OrderState.REFUNDED, True),
}
_SLIM = dict.fromkeys(
    ("placed_at", "state", "refunded", "fulfilment", "gateway", "market", "search", "totals.total"),
    1,
)

Place = tuple[datetime, str]  # an order's place in the list: when it was placed, and its id


@dataclass(frozen=True, slots=True)
class Walk:
    """What was found on the way through the windows; ``until`` where patience ended."""

    orders: list[Order]
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What orders must be like: the one condition that the database is asked, and all of them."""

    query: Document
    alike: Mapping[str, str]
    words: frozenset[str]
    refunded: bool | None

    @property
    def is_simple(self) -> bool:
        """Whether the database can answer it alone."""
        conditions = len(self.alike) + len(self.words) + (self.refunded is not None)
        return conditions == len(self.query)

    def fits(self, document: Document) -> bool:
        """Whether an order is like that."""
        return (
            all(document[name] == value for name, value in self.alike.items())
            and self.words <= set(document["search"])
            and self.refunded in {None, document["refunded"] > 0}
        )


class OrderDeskRepository:
    """Reads lists of ``orders``."""

    def __init__(self, database: Database) -> None:
        self._orders = database["orders"]

    def walk(self, wanted: OrderFilter, after: Place | None, most: int, *, back: bool) -> Walk:
        """Up to ``most`` orders from ``after`` on, ``back`` in time or forward."""
        question = _question(wanted)
        found: list[Document] = []
        deadline = time.monotonic() + _PATIENCE
        if after:  # what was placed at the very moment at which the page before ended
            tie = {"placed_at": after[0], "_id": {"$lt" if back else "$gt": after[1]}}
            found += self._ask(question, tie, most, back=back)
        first, last = self._ends(wanted, after, back=back)
        span = _FIRST_WINDOW
        ahead = max(last - datetime.now(UTC), timedelta(0)) if back else timedelta(0)
        while first < last and len(found) < most:
            started = time.monotonic()
            # Never beyond the first or the last day there is, and at first all that is ahead of us.
            step, ahead = min(span + ahead, last - first), timedelta(0)
            begin, end = (last - step, last) if back else (first, first + step)
            moments = {"placed_at": {"$gte": begin, "$lt": end}}
            found += self._ask(question, moments, most, back=back)
            first, last = (first, begin) if back else (end, last)
            now = time.monotonic()
            if now > deadline and first < last and len(found) < most:
                if back and self._begins_at(begin):
                    break
                return Walk(self._whole_orders(found), begin if back else end)
            span = _next_span(span, now - started)
        return Walk(self._whole_orders(found[:most]))

    def _ask(
        self, question: Question, moments: Document, most: int, *, back: bool
    ) -> Iterator[Document]:
        """The orders of some moments that fit, at most ``most`` where the database can tell."""
        sign = -1 if back else 1
        cursor = self._orders.find({**question.query, **moments}, _SLIM)
        cursor = cursor.sort([("placed_at", sign), ("_id", sign)])
        return filter(question.fits, cursor.limit(most) if question.is_simple else cursor)

    def _whole_orders(self, found: Sequence[Document]) -> list[Order]:
        """The orders whose ids were found, in that order."""
        orders = self.by_ids(each["_id"] for each in found)
        return [orders[each["_id"]] for each in found]

    def _ends(
        self, wanted: OrderFilter, after: Place | None, *, back: bool
    ) -> tuple[datetime, datetime]:
        """Between which moments to look; the second is not included."""
        tomorrow = datetime.now(UTC) + timedelta(days=1)  # what lies beyond would be walked as well
        first = max(_whole(wanted.placed_from or _BEGINNING), _BEGINNING)
        last = min(_whole(wanted.placed_until or tomorrow), tomorrow)
        if after and back:
            last = min(last, after[0])
        elif after:
            first = max(first, after[0] + _STEP)
        elif not back and wanted.placed_from is None:
            first = self._first_moment(last)
        return first, last

    def _begins_at(self, moment: datetime) -> bool:
        """Whether the first order there was is not older, so that nothing is left to look at."""
        first = self._first_order()
        return first is not None and first >= moment

    def _first_order(self) -> datetime | None:
        """When it was placed, if its number tells."""
        found = self._orders.find_one({"number": _FIRST_NUMBER}, {"placed_at": 1})
        return found["placed_at"] if found else None

    def _first_moment(self, last: datetime) -> datetime:
        """From when on there are orders, or a little before."""
        first = self._first_order()
        if first:
            return _whole(first)
        begin = _BEGINNING
        while begin < last and not self._orders.find_one(
            {"placed_at": {"$gte": begin, "$lt": begin + _PROBE}}, {"_id": 1}
        ):
            begin += _PROBE
        return begin

    def totals(self, wanted: OrderFilter) -> list[tuple[int, str]]:
        """Totals in minor units with the ids of all that was placed in a period."""
        question = _question(wanted)
        period = {"placed_at": {"$gte": wanted.placed_from, "$lt": wanted.placed_until}}
        found = filter(question.fits, self._orders.find({**question.query, **period}, _SLIM))
        return [(each["totals"]["total"], each["_id"]) for each in found]

    def by_prefix(self, wanted: OrderFilter) -> list[Order]:
        """Orders with a word that begins as the only one that was typed; the newest first."""
        (typed,) = words_in(wanted.q) or ("",)
        if len(typed) < _SHORTEST_PREFIX:
            return []
        fits = _question(replace(wanted, q="")).fits
        if wanted.placed_from is None and wanted.placed_until is None:
            newest = page_back(self._orders, {}, "placed_at", _LOOKED_AT, only=_SLIM)
            lately = [each for each in newest if _has_beginning(each, typed) and fits(each)]
            if len(lately) >= _MANY:  # as very many may have
                return self._whole_orders(lately[:_MOST_BY_PREFIX])
        words = {"$gte": typed, "$lt": f"{typed}\uffff"}
        found = [
            each
            for each in self._orders.find({"search": words}, _SLIM)
            # Each bound may be met by another word.
            if _has_beginning(each, typed) and fits(each)
        ]
        found.sort(key=lambda each: (each["placed_at"], each["_id"]), reverse=True)
        return self._whole_orders(found[:_MOST_BY_PREFIX])

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

    def set_email(self, order: Order, email: str, access_token: str, session: Session) -> bool:
        """Write another mail address over the one that was read, with another secret link, and
        take the order from an account that adopted it; False if the address is another by now."""
        changes: Document = {
            "email": email,
            "email_version": order.email_version + 1,
            "access_token": access_token,
        }
        if order.adopted:
            changes |= {"account_id": None, "adopted": False}
        done = self._orders.update_one(
            {"_id": order.id, "email": order.email},
            {
                "$set": changes,
                "$addToSet": {"former_emails": order.email},
                "$pullAll": {"search": words_of_email(order.email)},
            },
            session=session,
        )
        if done.modified_count:  # with what the name or the goods share with the old address
            self.add_words(order.id, words_of(replace(order, email=email)), session)
        return bool(done.modified_count)


def _whole(moment: datetime) -> datetime:
    """Without what the database does not keep of it."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _has_beginning(order: Document, typed: str) -> bool:
    return any(word.startswith(typed) for word in order["search"])


def _next_span(span: timedelta, took: float) -> timedelta:
    """How long the next window is, so that none takes long."""
    if took < _QUICK:
        return span * _GROWTH
    return span / 2 if took > _SLOW else span


def _question(wanted: OrderFilter) -> Question:
    # Numbers and addresses first: they are rarer than titles.
    typed = sorted(words_in(wanted.q), key=lambda word: -sum(not each.isalpha() for each in word))
    words = [*([NOTED] * wanted.noted), *([RETURNED] * wanted.returned), *typed]
    payment = _PAYMENTS.get(wanted.payment)
    state, refunded = payment or (wanted.state, None)
    alike = {
        name: str(value)
        for name, value in (
            ("state", wanted.state or state),
            ("fulfilment", wanted.fulfilment),
            ("gateway", wanted.gateway),
            ("market", wanted.market),
        )
        if value
    }
    if wanted.state and wanted.state != state:
        alike["_id"] = ""  # no order is both
    rare = alike.get("state", OrderState.PAID.value) != OrderState.PAID.value
    names = ("state", *_RAREST_FIRST) if rare else _RAREST_FIRST
    first = next((name for name in names if name in alike), "")
    query: Document = {first: alike[first]} if first else {}
    return Question(
        query={"search": words[0]} if words else query,
        alike=alike,
        words=frozenset(words),
        refunded=refunded,
    )
