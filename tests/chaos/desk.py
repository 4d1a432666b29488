"""Staff who pay back while everything breaks, and press the button again when it does."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Mapping

from app import create_app
from app.checkout.errors import NothingToRefund, NotRefundable, RefundTooHigh
from app.checkout.refund_rules import RefundWish
from app.checkout.refunding import Refunding
from app.db.database import Database
from app.db.errors import PyMongoError
from app.shared.ids import OrderId
from app.shared.money import Money
from app.web.registry import service

_TRIES = 4


class RefundDesk:
    """Refunds some of the paid orders, whole or in part."""

    def __init__(
        self, environment: Mapping[str, str], rng: random.Random, seen: Counter[str]
    ) -> None:
        app = create_app(environment)
        self._database = service(Database, app)
        self._refunding = service(Refunding, app)
        self._rng = rng
        self._seen = seen

    def work(self, over: threading.Event) -> None:
        """Go on until ``over``."""
        while not over.wait(self._rng.uniform(0.5, 1.5)):
            try:
                paid = list(self._database["orders"].find({"state": "paid"}).limit(200))
            except PyMongoError:
                continue
            if paid:
                order = self._rng.choice(paid)
                self._refund(OrderId(order["_id"]), self._wish(order["currency"]))
        self._database.close()

    def _wish(self, currency: str) -> RefundWish:
        return self._rng.choice(
            (
                RefundWish(quantities={1: 1}),
                RefundWish(quantities={}, parts={(1, 1): 1}),
                RefundWish(quantities={}, shipping=True),
                RefundWish(quantities={}, amount=Money(self._rng.randrange(100, 900), currency)),
            )
        )

    def _refund(self, order_id: OrderId, wish: RefundWish) -> None:
        key, restock = f"desk-{self._rng.randrange(10**9)}", self._rng.random() < 0.5
        for _ in range(_TRIES):
            try:
                refund = self._refunding.request(
                    order_id, wish, key=key, reason="", restock=restock, by="the desk"
                )
            except PyMongoError:
                self._seen["refund cut off"] += 1
            except (NotRefundable, NothingToRefund, RefundTooHigh):
                self._seen["refund refused"] += 1
                return
            else:
                self._seen[f"refund {refund.state}"] += 1
                if self._rng.random() < 0.7:
                    return
