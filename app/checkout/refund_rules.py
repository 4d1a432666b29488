"""What may be paid back, to the minor unit: pure rules over an order and its earlier refunds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.checkout.errors import NothingToRefund, RefundTooHigh
from app.orders.models import Order, OrderLine
from app.payments.models import Refund, RefundedLine, RefundParts, RefundState
from app.shared.money import Money


@dataclass(frozen=True, kw_only=True, slots=True)
class RefundWish:
    """What staff want to pay back.

    ``quantities`` counts units by line position (from 1); ``amount`` overrides the sum of lines
    and shipping, or stands alone.
    """

    quantities: Mapping[int, int]
    shipping: bool = False
    amount: Money | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LineBalance:
    """A line of an order, and how many units of it can still be paid back."""

    position: int
    line: OrderLine
    quantity: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Balance:
    """What is left to pay back."""

    lines: tuple[LineBalance, ...]
    shipping: Money
    refundable: Money


def balance_of(order: Order, refunds: Iterable[Refund], refundable: Money) -> Balance:
    """What ``refunds`` (failed ones aside) leave of the order."""
    standing = [refund for refund in refunds if refund.state is not RefundState.FAILED]
    gone = _units(standing)
    shipping = shipping_paid(order)
    for refund in standing:
        shipping -= refund.parts.shipping
    return Balance(
        lines=tuple(
            LineBalance(position=number, line=line, quantity=line.quantity - gone[number])
            for number, line in enumerate(order.lines, 1)
        ),
        shipping=shipping,
        refundable=refundable,
    )


def parts_of(order: Order, balance: Balance, wish: RefundWish) -> RefundParts:
    """The refund that answers the wish.

    Units cost their even share of what was paid for their line, rounded so that all the units
    together give exactly that. Without ``amount`` the sum is kept within what is refundable
    (earlier goodwill counts against it). Raises ``RefundTooHigh`` and ``NothingToRefund``.
    """
    lines = tuple(
        _refunded(order, balance, position, quantity)
        for position, quantity in sorted(wish.quantities.items())
        if quantity
    )
    zero = Money.zero(order.currency)
    shipping = balance.shipping if wish.shipping else zero
    computed = RefundParts(lines=lines, shipping=shipping, adjustment=zero).amount
    wanted = wish.amount
    if wanted is None:
        wanted = min(computed, balance.refundable, key=lambda money: money.minor)
    if balance.refundable < wanted:
        raise RefundTooHigh(balance.refundable)
    if wanted.minor <= 0:
        raise NothingToRefund
    return RefundParts(lines=lines, shipping=shipping, adjustment=wanted - computed)


def everything(balance: Balance) -> RefundWish:
    """The wish to pay back all that is left."""
    return RefundWish(
        quantities={each.position: each.quantity for each in balance.lines},
        shipping=True,
        amount=balance.refundable,
    )


def line_paid(order: Order, line: OrderLine) -> Money:
    """What the shopper paid for a line: after discounts, tax included."""
    return line.net if order.totals.tax_included else line.net + line.tax


def shipping_paid(order: Order) -> Money:
    """What is left of the total beside the lines: shipping, with its tax."""
    paid = order.totals.total
    for line in order.lines:
        paid -= line_paid(order, line)
    return paid


def _units(refunds: Iterable[Refund]) -> Counter[int]:
    gone: Counter[int] = Counter()
    for refund in refunds:
        for line in refund.parts.lines:
            gone[line.position] += line.quantity
    return gone


def _refunded(order: Order, balance: Balance, position: int, quantity: int) -> RefundedLine:
    known = {each.position: each for each in balance.lines}
    left = known.get(position)
    if left is None or not 0 < quantity <= left.quantity:
        raise NothingToRefund(left.quantity if left else 0, position)
    paid, sold = line_paid(order, left.line), left.line.quantity
    before = sold - left.quantity
    share = paid.minor * (before + quantity) // sold - paid.minor * before // sold
    return RefundedLine(position=position, quantity=quantity, amount=Money(share, order.currency))
