"""What may be paid back, to the minor unit: pure rules over an order and its earlier refunds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from app.checkout.errors import NothingToRefund, NotPayable, RefundTooHigh
from app.orders.models import Order, OrderLine, OrderPart
from app.payments.models import Refund, RefundedLine, RefundParts, RefundState
from app.shared.ids import Sku
from app.shared.money import Money, payable_step

RETURNED = "return"  # the purpose of a refund for goods that came back


@dataclass(frozen=True, kw_only=True, slots=True)
class RefundWish:
    """What staff want to pay back.

    ``quantities`` counts units by line position (from 1), ``parts`` units of a bundle's parts by
    the positions of line and part; ``amount`` overrides the sum of lines and shipping, or stands
    alone. It goes to where the money came from, or, ``to_store_credit``, to the shopper's account.
    """

    quantities: Mapping[int, int]
    shipping: bool = False
    amount: Money | None = None
    parts: Mapping[tuple[int, int], int] = field(default_factory=dict)
    to_store_credit: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class PartBalance:
    """A part of a bundle's line, and how many units of it can still be paid back."""

    part: OrderPart
    quantity: int


@dataclass(frozen=True, kw_only=True, slots=True)
class LineBalance:
    """A line of an order, and how many units of it can still be paid back: whole sets of a
    bundle, of which there may be more units of some ``parts``."""

    position: int
    line: OrderLine
    quantity: int
    parts: tuple[PartBalance, ...] = ()

    def on_shelf(self) -> tuple[tuple[str, Sku, int], ...]:
        """What is not paid back, as the shelf knows it: a name within the order, SKU and units."""
        if self.line.gift_card:
            return ()
        if not self.parts:
            return ((str(self.position), self.line.sku, self.quantity),)
        return tuple(
            (f"{self.position}:{of.part.position}", of.part.sku, of.quantity) for of in self.parts
        )


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
            _line_balance(number, line, gone) for number, line in enumerate(order.lines, 1)
        ),
        shipping=shipping,
        refundable=refundable,
    )


def parts_of(order: Order, balance: Balance, wish: RefundWish) -> RefundParts:
    """The refund that answers the wish.

    Units cost their even share of what was paid for their line, rounded so that all the units
    together give exactly that. Without ``amount`` the sum is kept within what is refundable
    (earlier goodwill counts against it). Where a currency's last digit cannot be paid, sums are
    rounded so that all of them together are what was paid. Raises ``RefundTooHigh``,
    ``NotPayable`` and ``NothingToRefund``.
    """
    lines = _refunded(order, balance, wish)
    zero = Money.zero(order.currency)
    shipping = balance.shipping if wish.shipping else zero
    computed = RefundParts(lines=lines, shipping=shipping, adjustment=zero).amount
    wanted = wish.amount
    if wanted is None:
        payable = _payable(order, balance, computed)
        wanted = min(payable, balance.refundable, key=lambda money: money.minor)
    if wanted != wanted.to_payable():
        raise NotPayable(wanted)
    if balance.refundable < wanted:
        raise RefundTooHigh(balance.refundable)
    if wanted.minor <= 0:
        raise NothingToRefund
    return RefundParts(lines=lines, shipping=shipping, adjustment=wanted - computed)


def _payable(order: Order, balance: Balance, computed: Money) -> Money:
    """What can be paid of a sum: the growth of the rounded sum of all that was paid back."""
    if payable_step(order.currency) == 1:
        return computed
    rest = balance.shipping
    for line in _refunded(order, balance, everything(balance)):
        rest += line.amount
    before = order.totals.total - rest
    return (before + computed).to_payable() - before.to_payable()


def everything(balance: Balance) -> RefundWish:
    """The wish to pay back all that is left."""
    return RefundWish(
        quantities={each.position: each.quantity for each in balance.lines if not each.parts},
        parts={
            (each.position, of.part.position): of.quantity
            for each in balance.lines
            for of in each.parts
        },
        shipping=True,
        amount=balance.refundable,
    )


def what_is_left_of(
    balance: Balance, units: Mapping[int, int], *, shipping: bool = False
) -> RefundWish:
    """The wish to pay back so many units by line position, or as much of them as is left; of a
    bundle's sets whatever parts are left."""
    known = {each.position: each for each in balance.lines}
    quantities, parts = {}, {}
    for at, quantity in units.items():
        line = known[at]
        if not line.parts:
            quantities[at] = min(quantity, line.quantity)
        for of in line.parts:
            parts[at, of.part.position] = min(quantity * of.part.quantity, of.quantity)
    return RefundWish(quantities=quantities, parts=parts, shipping=shipping)


def units_ended(balance: Balance, parts: RefundParts) -> dict[int, int]:
    """Units of each line, by position, that these parts of a refund pay back to the end: of a
    bundle the sets of which nothing is left."""
    asked = Counter({(each.position, each.part): each.quantity for each in parts.lines})
    ended = {}
    for each in balance.lines:
        if not each.parts:
            ended[each.position] = asked[each.position, 0]
            continue
        before, after = (
            min(
                (
                    each.line.quantity * of.part.quantity
                    - of.quantity
                    + more * asked[each.position, of.part.position]
                )
                // of.part.quantity
                for of in each.parts
            )
            for more in (0, 1)
        )
        ended[each.position] = after - before
    return {position: units for position, units in ended.items() if units}


def line_paid(order: Order, line: OrderLine) -> Money:
    """What the shopper paid for a line: after discounts, tax included."""
    return line.net if order.totals.tax_included else line.net + line.tax


def part_paid(order: Order, part: OrderPart) -> Money:
    """What the shopper paid for a part of a bundle's line, all sets together."""
    return part.net if order.totals.tax_included else part.net + part.tax


def shipping_paid(order: Order) -> Money:
    """What is left of the total beside the lines: shipping, with its tax."""
    paid = order.totals.total
    for line in order.lines:
        paid -= line_paid(order, line)
    return paid


_Units = Counter[tuple[int, int]]  # by the positions of line and part, 0 for no part


def _line_balance(number: int, line: OrderLine, gone: _Units) -> LineBalance:
    if not line.parts:
        left = line.quantity - gone[number, 0]
        return LineBalance(position=number, line=line, quantity=left)
    parts = tuple(
        PartBalance(part=part, quantity=part.quantity * line.quantity - gone[number, part.position])
        for part in line.parts
    )
    sets = min(each.quantity // each.part.quantity for each in parts)
    return LineBalance(position=number, line=line, quantity=sets, parts=parts)


def _units(refunds: Iterable[Refund]) -> _Units:
    gone: _Units = Counter()
    for refund in refunds:
        for line in refund.parts.lines:
            gone[line.position, line.part] += line.quantity
    return gone


def _refunded(order: Order, balance: Balance, wish: RefundWish) -> tuple[RefundedLine, ...]:
    known = {each.position: each for each in balance.lines}
    wanted: _Units = Counter()
    for position, quantity in wish.quantities.items():
        line = known.get(position)
        if quantity and (line is None or not 0 < quantity <= line.quantity):
            raise NothingToRefund(line.quantity if line else 0, position)
        if line is None or not line.parts:
            wanted[position, 0] += quantity
        for each in line.parts if line else ():
            wanted[position, each.part.position] += quantity * each.part.quantity
    for place, quantity in wish.parts.items():
        wanted[place] += quantity
    return tuple(
        _share(order, known.get(position), position, part, quantity)
        for (position, part), quantity in sorted(wanted.items())
        if quantity
    )


def _share(
    order: Order, line: LineBalance | None, position: int, part: int, quantity: int
) -> RefundedLine:
    """So many units of a line, or of its part: of what was paid for all, units are rounded so
    that together they give exactly that."""
    found = line and left_of(order, line, part)
    if not found:
        raise NothingToRefund(0, position, part)
    paid, sold, left = found
    if not 0 < quantity <= left:
        raise NothingToRefund(left, position, part)
    before = sold - left
    share = paid.minor * (before + quantity) // sold - paid.minor * before // sold
    amount = Money(share, order.currency)
    return RefundedLine(position=position, quantity=quantity, amount=amount, part=part)


def left_of(order: Order, line: LineBalance, part: int) -> tuple[Money, int, int] | None:
    """What was paid for how many units, and how many are left; None if there is no such part."""
    if not part and not line.parts:
        return line_paid(order, line.line), line.line.quantity, line.quantity
    for each in line.parts:
        if each.part.position == part:
            sold = each.part.quantity * line.line.quantity
            return part_paid(order, each.part), sold, each.quantity
    return None
