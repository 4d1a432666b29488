"""The counters of an order's units, in the order's own document: every race ends there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.db.database import Database, Document, Session
from app.orders.models import LineUnits
from app.orders.rules import fulfilment_of
from app.shared.ids import OrderId

Units = Mapping[int, int]  # quantities by line position, counted from 1


class UnitRepository:
    """Moves units within ``orders.units``."""

    def __init__(self, database: Database) -> None:
        self._orders = database["orders"]

    def shift(
        self,
        order_id: OrderId,
        units: Units,
        changes: Mapping[str, int],
        session: Session,
        *,
        only: Mapping[str, Any] | None = None,
        count: Mapping[str, int] | None = None,
        also: Mapping[str, Any] | None = None,
        word: str = "",
    ) -> Document | None:
        """Move all of ``units`` or none: each counter in ``changes`` by its sign, never below
        nothing, and only if the order is as ``only`` says.

        ``count`` adds to other numbers of the order, ``also`` sets fields, and it is found under
        the ``word``, too. The order's document as it is then; None if nothing was moved.
        """
        guards: Document = {"_id": order_id, **(only or {})}
        steps: Document = dict(count or {})
        for position, quantity in units.items():
            for name, sign in changes.items():
                path = f"units.{position - 1}.{name}"
                steps[path] = sign * quantity
                guards[path] = {"$gte": quantity} if sign < 0 else {"$exists": True}
        update: Document = {"$inc": steps}
        if also:
            update["$set"] = dict(also)
        if word:
            update["$addToSet"] = {"search": word}
        if not self._orders.update_one(guards, update, session=session).matched_count:
            return None
        return self._say_state(order_id, session)

    def _say_state(self, order_id: OrderId, session: Session) -> Document:
        """Keep ``fulfilment`` what the counters say."""
        document = self._orders.find_one({"_id": order_id}, session=session) or {}
        units = [LineUnits(**each) for each in document["units"]]
        state = fulfilment_of(units, document["shipments"], document["delivered"]).value
        if state != document["fulfilment"]:
            self._orders.update_one(
                {"_id": order_id}, {"$set": {"fulfilment": state}}, session=session
            )
        return {**document, "fulfilment": state}

    def withdraw(
        self, order_id: OrderId, quantities: Units, only: Mapping[str, Any], session: Session
    ) -> bool:
        """Stop every unit of an order that is as ``only`` says and shipped nothing."""
        stopped = {f"units.{position - 1}.open": 0 for position in quantities}
        stopped |= {f"units.{position - 1}.stopped": each for position, each in quantities.items()}
        result = self._orders.update_one(
            {"_id": order_id, "withdrawn": False, "shipments": 0, **only},
            {"$set": {"withdrawn": True, **stopped}},
            session=session,
        )
        return bool(result.matched_count)
