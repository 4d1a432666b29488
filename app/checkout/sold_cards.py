"""Gift cards that an order sold: named after the order, so that each is issued once and a refund
knows which to take the money off."""

from __future__ import annotations

from collections.abc import Iterator

from app.credit.errors import GiftCardSpent
from app.credit.models import Recipient
from app.credit.service import CreditService
from app.db.database import Session
from app.orders.models import Order, OrderLine
from app.payments.models import RefundParts, VoidedCard
from app.shared.clock import now
from app.shared.ids import CreditId
from app.shared.texts import speaking


def sold_cards(order: Order, position: int) -> Iterator[CreditId]:
    """The ids of the gift cards of a line (counted from 1), issued or not; none of another line."""
    line = order.lines[position - 1]
    for unit in range(1, line.quantity + 1) if line.gift_card else ():
        yield CreditId(f"{order.id}:{position}:{unit}")


def recipient_of(order: Order, line: OrderLine) -> Recipient:
    """Whom the gift cards of a line are sent to."""
    return Recipient(
        email=line.gift_email or order.email,
        sender=order.address.name if line.gift_email else "",
        message=line.gift_message,
        locale=order.locale,
    )


def has_good_cards(credit: CreditService, order: Order) -> bool:
    """Whether a gift card that the order sold can be spent, or will be once it is issued."""
    ids = [each for at in range(1, len(order.lines) + 1) for each in sold_cards(order, at)]
    found = credit.find_many(ids) if ids else {}
    return any(each not in found or found[each].is_good(now()) for each in ids)


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
    lines = {each: line for at, line in enumerate(order.lines, 1) for each in sold_cards(order, at)}
    with speaking(order.language):  # so that the mail of one that was never sent is in it
        for each in voided:
            recipient = recipient_of(order, lines[each.credit_id])
            credit.unvoid(
                each.credit_id, each.amount, recipient, order_id=order.id, by=by, session=session
            )
