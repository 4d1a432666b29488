"""Counting which products are ordered together, each order exactly once."""

from __future__ import annotations

from datetime import timedelta

from app.db.database import Database, Session
from app.orders.models import Order, OrderState
from app.orders.service import OrderService
from app.recommendations.models import CountedOrder
from app.recommendations.repository import CompanionCounts
from app.recommendations.rules import counted_products
from app.shared.ids import OrderId, ProductId

REFRESH_PAUSE = timedelta(seconds=15)  # orders in a rush make one new list, not one each
_SOLD = (OrderState.PAID, OrderState.REFUNDED)


class OrderCounting:
    """Brings the counts in line with an order's state, as often as it is asked."""

    def __init__(
        self, database: Database, orders: OrderService, pause: timedelta = REFRESH_PAUSE
    ) -> None:
        self._database = database
        self._orders = orders
        self._counts = CompanionCounts(database)
        self._pause = pause

    def follow(self, order_id: OrderId) -> bool:
        """Count an order that is paid, once, and take away one that was wholly refunded.

        Says whether the counts changed. Raises ``NotFound``.
        """
        return self._database.in_transaction(lambda session: self._follow(order_id, session))

    def _follow(self, order_id: OrderId, session: Session) -> bool:
        """The order is read in the transaction, and its mark is written even when it does not
        count: so a refund that arrives while its payment is being counted conflicts with it."""
        order = self._orders.get(order_id, session)
        if order.state not in _SOLD:
            return False
        wanted = order.state is OrderState.PAID
        known = self._counts.find_order(order_id, session)
        if known is not None and known.counts == wanted:
            return False
        products = known.product_ids if known else _products(order)
        mark = CountedOrder(order_id=order_id, product_ids=products, counts=wanted)
        self._counts.store_order(mark, session)
        if known is None and not wanted:
            return False
        self._counts.add(products, 1 if wanted else -1, self._pause, session)
        return True


def _products(order: Order) -> tuple[ProductId, ...]:
    return counted_products(ProductId(line.product_id) for line in order.lines)
