"""Gift cards that an order sold: named after the order, so that each is issued once and a refund
knows which to take the money off."""

from __future__ import annotations

from collections.abc import Iterator

from app.credit.errors import GiftCardSpent
from app.credit.service import CreditService
from app.db.database import Session
from app.orders.models import Order
from app.payments.models import RefundParts, VoidedCard
from app.shared.ids import CreditId


def sold_cards(order: Order, position: int) -> Iterator[CreditId]:
    """The ids of the gift cards of a line (counted from 1), issued or not; none of another line."""
    line = order.lines[position - 1]
    for unit in range(1, line.quantity + 1) if line.gift_card else ():
        yield CreditId(f"{order.id}:{position}:{unit}")


def void_sold(
    credit: CreditService, order: Order, parts: RefundParts, by: str, session: Session
) -> tuple[VoidedCard, ...]:
    """Take the money off the gift cards that a refund pays back.

    Raises ``GiftCardSpent`` unless so many of them are unspent; then the caller rolls back.
    """
    voided = []
    for part in parts.lines:
        amount = order.lines[part.position - 1].unit_price
        cards = list(sold_cards(order, part.position))
        unspent = [each for each in cards if credit.is_unspent(each, amount, session)]
        if cards and len(unspent) < part.quantity:
            raise GiftCardSpent
        for each in unspent[: part.quantity]:
            credit.void(each, amount, order_id=order.id, by=by, session=session)
            voided.append(VoidedCard(credit_id=each, amount=amount))
    return tuple(voided)


def unvoid(
    credit: CreditService,
    order: Order,
    voided: tuple[VoidedCard, ...],
    by: str,
    session: Session,
) -> None:
    """Put the money on them again: the refund failed."""
    for each in voided:
        credit.unvoid(each.credit_id, each.amount, order_id=order.id, by=by, session=session)
