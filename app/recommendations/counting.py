"""Counting which products are ordered together, each order exactly once."""

from __future__ import annotations

import time
from datetime import timedelta

from app.db.database import Database, Session
from app.orders.models import Order, OrderState
from app.orders.service import OrderService
from app.recommendations.models import CountedOrder
from app.recommendations.repository import CompanionCounts
from app.recommendations.rules import counted_products
from app.shared.errors import NotFound
from app.shared.ids import OrderId, ProductId

REFRESH_PAUSE = timedelta(seconds=5)  # orders in a rush make one new list, not one each
_AT_ONCE = 100
_BUDGET = 0.5  # seconds of a round: the database belongs to the shoppers


class OrderCounting:
    """Brings the counts in line with an order's state, as often as it is asked.

    Every order touches the same few counts, so those who handle events only ask; one job counts.
    """

    def __init__(
        self, database: Database, orders: OrderService, pause: timedelta = REFRESH_PAUSE
    ) -> None:
        self._database = database
        self._orders = orders
        self._counts = CompanionCounts(database)
        self._pause = pause

    def ask(self, order_id: OrderId) -> None:
        """Have an order looked at soon."""
        self._counts.ask(order_id)

    def run(self) -> int:
        """Look at the orders that were asked for, as far as the time of one round goes; how many
        that were."""
        deadline = time.monotonic() + _BUDGET
        done = 0
        for order_id in self._counts.asked(_AT_ONCE):
            if time.monotonic() > deadline:
                break
            try:
                self.follow(order_id)
            except NotFound:
                self._counts.forget(order_id)
            done += 1
        return done

    def follow(self, order_id: OrderId) -> bool:
        """Count an order that is paid, once, and take away one that was wholly refunded.

        Says whether the counts changed. Raises ``NotFound``.
        """
        return self._database.in_transaction(lambda session: self._follow(order_id, session))

    def _follow(self, order_id: OrderId, session: Session) -> bool:
        """The order is read in the transaction, and its mark is written even when it does not
        count: so whoever follows it at the same time conflicts."""
        order = self._orders.get(order_id, session)
        known = self._counts.order(order_id, session)
        new = CountedOrder(
            order_id=order_id,
            product_ids=known.product_ids or _products(order),
            counts=order.state is OrderState.PAID,
        )
        self._counts.store_order(new, session)
        if new.counts == known.counts:
            return False
        self._counts.add(new.product_ids, 1 if new.counts else -1, self._pause, session)
        return True


def _products(order: Order) -> tuple[ProductId, ...]:
    return counted_products(ProductId(line.product_id) for line in order.lines)
