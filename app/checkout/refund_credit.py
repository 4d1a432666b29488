"""The part of a refund that gift cards and store credit get.

Every method joins the transaction of the refund's own step: taken when it is stored, given when
the gateway's part is booked, undone when that failed.
"""

from __future__ import annotations

from collections.abc import Callable

from app.checkout.refund_rules import RefundWish
from app.checkout.sold_cards import unvoid, void_sold
from app.credit.errors import NoStoreCredit
from app.credit.givebacks import GiveBacks
from app.credit.service import CreditService
from app.db.database import Session
from app.orders.models import Order
from app.payments.models import Capture, CreditPart, Refund, RefundParts
from app.shared.credit import CreditUse
from app.shared.ids import OrderId
from app.shared.money import Money
from app.shared.texts import Text


class RefundCredit:
    """Takes, gives and takes back what refunds move of credit."""

    def __init__(self, credit: CreditService, givebacks: GiveBacks) -> None:
        self._credit = credit
        self._givebacks = givebacks

    def refundable(self, order_id: OrderId, session: Session | None) -> int:
        """What credit accounts can still get back of an order, in minor units."""
        return self._givebacks.refundable(order_id, session)

    def take(
        self,
        order: Order,
        capture: Capture | None,
        parts: RefundParts,
        wish: RefundWish,
        key: str,
        session: Session,
    ) -> CreditPart | None:
        """What of a refund credit accounts get, taken out of what they may get back, and the
        sold gift cards that pay for it; None if there is not so much to give back.

        Raises ``GiftCardSpent`` and ``NoStoreCredit``.
        """
        captured = min(parts.amount.minor, capture.refundable.minor if capture else 0)
        rest = Money(parts.amount.minor - captured, order.currency)
        taken: tuple[CreditUse, ...] = ()
        times = 0
        if rest:
            found = self._givebacks.take(order.id, rest, session)
            if found is None:
                return None
            taken, times = found
        to = (self._to_store(order, parts.amount, session),) if wish.to_store_credit else taken
        voided = void_sold(self._credit, order, parts, _voider(order, key), session)
        return CreditPart(to=to, taken=taken, voided=voided, times=times)

    def _to_store(self, order: Order, amount: Money, session: Session) -> CreditUse:
        if order.account_id is None:
            raise NoStoreCredit
        store = self._givebacks.store_credit(order.account_id, order.currency, session)
        return CreditUse(credit_id=store.id, kind=store.kind, last4="", amount=amount)

    def give(self, refund: Refund, session: Session) -> None:
        """Give the accounts their part, once."""
        self._givebacks.give(refund.order_id, refund.id, refund.credit, session)

    def undo(self, refund: Refund, order: Order, session: Session, *, given: bool) -> None:
        """The refund failed: sold gift cards have their money again, and what was not ``given``
        can be given back another time."""
        if not given:
            self._givebacks.put_back(order.id, refund.credit_taken, session)
        by = _voider(order, refund.request_key)
        unvoid(self._credit, order, refund.voided, by, session)


def refunded_text(refund: Refund, order: Order, show_money: Callable[[Money, str], str]) -> Text:
    """What was paid back, and how much of it which credit accounts got, in words."""
    text = Text("%(amount)s refunded", amount=show_money(refund.amount, order.locale))
    for each in refund.credit:
        text = Text(
            "%(refunded)s, %(amount)s to %(what)s",
            refunded=text,
            amount=show_money(each.amount, order.locale),
            what=each.label,
        )
    return text


def _voider(order: Order, key: str) -> str:
    """By whom sold gift cards are voided: the request of one refund."""
    return f"{order.id}:refund:{key}"
