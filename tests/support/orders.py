"""Orders without a checkout, for tests of what is learnt from them."""

from __future__ import annotations

from flask import Flask

from app.db.database import Database, Session
from app.orders.models import Order, OrderLine, OrderState, Totals
from app.orders.service import OrderService
from app.shared.clock import now
from app.shared.ids import AccountId, CartId, OrderId, Sku, new_id
from app.shared.money import Money
from app.shared.postal import Address
from app.web.registry import service

_USD = Money(2000, "USD")
_NONE = Money(0, "USD")


def make_order(*product_ids: str, account_id: AccountId | None = None) -> Order:
    """An order of one unit of each product, waiting for its payment."""
    lines = tuple(_line(product_id) for product_id in product_ids)
    total = _USD * len(lines)
    return Order(
        id=OrderId(new_id("ord")),
        number=new_id("MX"),
        state=OrderState.PENDING,
        checkout_token=new_id("tok"),
        access_token=new_id("acc"),
        cart_id=CartId(new_id("cart")),
        cart_version=1,
        market="US",
        locale="en_US",
        currency="USD",
        email="ann@example.com",
        address=Address(
            name="Ann", phone="", line1="1 Main Street", line2="", city="Sacramento",
            state="CA", postal_code="94203", country="US",
        ),
        lines=lines,
        shipping_method="standard",
        shipping_name="Standard",
        totals=Totals(
            subtotal=total, discount=_NONE, shipping=_NONE, tax=_NONE, tax_included=False,
            tax_name="Tax", total=total,
        ),
        placed_at=now(),
        paid_at=None,
        gateway="stripe",
        refunded=_NONE,
        account_id=account_id,
    )  # fmt: skip


def _line(product_id: str) -> OrderLine:
    return OrderLine(
        sku=Sku(f"sku-{product_id}"), product_id=product_id, slug=product_id, title=product_id,
        variant_title="", image_src="", quantity=1, unit_price=_USD, total=_USD, tax=_NONE,
    )  # fmt: skip


class OrderMaker:
    """Places orders, and has them paid and refunded."""

    def __init__(self, app: Flask) -> None:
        self._database = service(Database, app)
        self._orders = service(OrderService, app)

    def paid(self, *product_ids: str, account_id: AccountId | None = None) -> OrderId:
        """A paid order of these products; its event waits in the outbox."""
        order = make_order(*product_ids, account_id=account_id)

        def work(session: Session) -> None:
            self._orders.place(order, session)
            self._orders.mark_paid(order, session)

        self._database.in_transaction(work)
        return order.id

    def refund(self, order_id: OrderId, minor: int | None = None) -> None:
        """Book a refund of ``minor`` cents, by default of everything; negative takes one back."""
        total = self._orders.get(order_id).totals.total
        amount = total if minor is None else Money(minor, "USD")
        self._database.in_transaction(
            lambda session: self._orders.add_refund(order_id, amount, session)
        )
