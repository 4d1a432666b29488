"""The documents behind recommendations: counts from orders, and the lists made of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import combinations

from pymongo import DeleteOne, UpdateOne

from app.db.database import Database, Document, Session, find_any
from app.db.moments import at_any_time, find_passed
from app.recommendations.models import CountedOrder, Neighbour, Neighbourhood, Popular, Tally
from app.shared.clock import now
from app.shared.ids import OrderId, ProductId

_ALL = "all"


class CompanionCounts:
    """Reads and writes ``companion_orders``, ``_products``, ``_pairs`` and ``_totals``."""

    def __init__(self, database: Database) -> None:
        self._orders = database["companion_orders"]
        self._products = database["companion_products"]
        self._pairs = database["companion_pairs"]
        self._totals = database["companion_totals"]

    def ask(self, order_id: OrderId) -> None:
        """Note that an order is to be looked at."""
        blank = {"product_ids": [], "counts": False, "at": now()}
        self._orders.update_one(
            {"_id": order_id},
            {"$set": {"asked_at": now()}, "$setOnInsert": blank},
            upsert=True,
        )

    def asked(self, most: int) -> list[OrderId]:
        """Orders to be looked at."""
        found = self._orders.find({"asked_at": at_any_time()}, {"_id": 1}).limit(most)
        return [OrderId(document["_id"]) for document in found]

    def forget(self, order_id: OrderId) -> None:
        """Look no more at an order that never counted."""
        self._orders.delete_one({"_id": order_id, "counts": False})

    def order(self, order_id: OrderId, session: Session) -> CountedOrder:
        """What is counted of an order: nothing, if it was never looked at."""
        found = self._orders.find_one({"_id": order_id}, session=session)
        return CountedOrder(
            order_id=order_id,
            product_ids=tuple(found["product_ids"]) if found else (),
            counts=bool(found and found["counts"]),
        )

    def store_order(self, order: CountedOrder, session: Session) -> None:
        """Remember what is counted of an order that was looked at. Two who do so at once
        conflict."""
        seen = {"product_ids": list(order.product_ids), "counts": order.counts, "at": now()}
        self._orders.update_one(
            {"_id": order.order_id},
            {"$set": seen, "$unset": {"asked_at": ""}},
            upsert=True,
            session=session,
        )

    def add(
        self, product_ids: Sequence[ProductId], step: int, pause: timedelta, session: Session
    ) -> None:
        """Add ``step`` (1 or -1) orders to these products and to each pair of them.

        Their lists are due after ``pause``, or when they already were.
        """
        self._totals.update_one(
            {"_id": _ALL}, {"$inc": {"orders": step, "touches": 1}}, upsert=True, session=session
        )
        touched = [
            UpdateOne({"_id": each}, {"$inc": {"orders": step, "touches": 1}}, upsert=True)
            for each in product_ids
        ]
        due = [
            UpdateOne(
                {"_id": each, "due_at": {"$exists": False}}, {"$set": {"due_at": now() + pause}}
            )
            for each in product_ids
        ]
        self._products.bulk_write([*touched, *due], session=session)
        pairs = {_pair_id(*pair): list(pair) for pair in combinations(sorted(product_ids), 2)}
        if pairs:
            self._pairs.bulk_write(_pair_steps(pairs, step), session=session)

    def make_all_due(self, pause: timedelta) -> None:
        """Make the list of every product that was ever ordered due after ``pause``."""
        self._products.update_many(
            {"orders": {"$gt": 0}, "due_at": {"$exists": False}},
            {"$set": {"due_at": now() + pause}},
        )

    def due(self, most: int) -> list[Tally]:
        """Products whose lists are due."""
        return list(map(_tally, find_passed(self._products, {}, "due_at", now(), most)))

    def settle(self, seen: Tally, later: datetime, session: Session) -> None:
        """A list is made from ``seen``; if the product was touched since, it is due ``later``."""
        clean = self._products.update_one(
            {"_id": seen.product_id, "touches": seen.touches},
            {"$unset": {"due_at": ""}},
            session=session,
        )
        if not clean.matched_count:
            self.postpone(seen.product_id, later, session)

    def postpone(self, product_id: ProductId, until: datetime, session: Session) -> None:
        """Make a product's list due at this time."""
        self._products.update_one({"_id": product_id}, {"$set": {"due_at": until}}, session=session)

    def partners(self, product_id: ProductId, most: int) -> list[tuple[ProductId, int]]:
        """What was bought with a product and in how many orders, the most frequent first."""
        found = [
            (ProductId(name), document["orders"])
            for document in self._pairs.find({"pair": product_id})
            for name in document["pair"]
            if name != product_id
        ]
        return sorted(found, key=lambda each: (-each[1], each[0]))[:most]

    def orders_of(self, product_ids: Iterable[ProductId]) -> dict[ProductId, int]:
        """In how many orders each of these products is."""
        return {
            each["_id"]: each["orders"] for each in find_any(self._products, "_id", product_ids)
        }

    def totals(self) -> Tally:
        """How many orders there are in all."""
        found = self._totals.find_one({"_id": _ALL}) or {"orders": 0, "touches": 0}
        return _tally({"_id": _ALL, **found})

    def most_ordered(self, most: int) -> list[tuple[ProductId, int]]:
        """The products in most orders."""
        found = self._products.find({"orders": {"$gt": 0}}).sort("orders", -1).limit(most)
        return [(each["_id"], each["orders"]) for each in found]


class CompanionLists:
    """Reads and writes ``companion_lists`` and ``companion_popular``, each by ``_id``."""

    def __init__(self, database: Database) -> None:
        self._lists = database["companion_lists"]
        self._popular = database["companion_popular"]

    def find(self, product_id: ProductId) -> Neighbourhood:
        """A product's neighbours; empty for one that was never bought with another."""
        found = self._lists.find_one({"_id": product_id})
        return _neighbourhood(found) if found else Neighbourhood(product_id=product_id)

    def find_all(self, product_ids: Iterable[ProductId]) -> dict[ProductId, Neighbourhood]:
        """The neighbours of those of these products that have any."""
        found = map(_neighbourhood, find_any(self._lists, "_id", product_ids))
        return {each.product_id: each for each in found}

    def store(self, neighbourhood: Neighbourhood, session: Session) -> None:
        """Replace a product's list."""
        document: Document = {
            "neighbours": [
                {"product_id": each.product_id, "score": each.score, "orders": each.orders}
                for each in neighbourhood.neighbours
            ],
            "told": list(neighbourhood.told),
            "told_at": neighbourhood.told_at,
            "computed_at": now(),
        }
        self._lists.replace_one(
            {"_id": neighbourhood.product_id}, document, upsert=True, session=session
        )

    def popular(self) -> Popular:
        """The products in most orders, as of the last look."""
        found = self._popular.find_one({"_id": _ALL})
        if found is None:
            return Popular()
        return Popular(
            shares=tuple((each["product_id"], each["share"]) for each in found["shares"]),
            changes=found["changes"],
            swept=found["swept"],
            computed_at=found["computed_at"],
        )

    def store_popular(self, popular: Popular) -> None:
        """Replace that list."""
        shares = [{"product_id": name, "share": share} for name, share in popular.shares]
        document: Document = {
            "shares": shares,
            "changes": popular.changes,
            "swept": popular.swept,
            "computed_at": now(),
        }
        self._popular.replace_one({"_id": _ALL}, document, upsert=True)


def _pair_id(first: ProductId, second: ProductId) -> str:
    return f"{first}:{second}"


def _pair_steps(pairs: dict[str, list[ProductId]], step: int) -> list[UpdateOne | DeleteOne]:
    steps: list[UpdateOne | DeleteOne] = [
        UpdateOne(
            {"_id": name},
            {"$inc": {"orders": step}, "$setOnInsert": {"pair": pair}},
            upsert=True,
        )
        for name, pair in pairs.items()
    ]
    if step < 0:
        steps += [DeleteOne({"_id": name, "orders": 0}) for name in pairs]
    return steps


def _tally(document: Document) -> Tally:
    return Tally(product_id=document["_id"], orders=document["orders"], touches=document["touches"])


def _neighbourhood(document: Document) -> Neighbourhood:
    return Neighbourhood(
        product_id=document["_id"],
        neighbours=tuple(Neighbour(**each) for each in document["neighbours"]),
        told=tuple(document["told"]),
        told_at=document["told_at"],
    )
