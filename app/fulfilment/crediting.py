"""How much of each rate's tax a credit note takes back: pure rules.

What is credited is added up over the notes of an order, and each note has what the sum grew by.
So the taxes of several notes together are never a unit off, and of everything they are exactly
the invoice's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from app.checkout.refund_rules import line_paid, part_paid
from app.markets.taxing import RateTax
from app.orders.models import Order
from app.payments.models import RefundParts
from app.shared.dividing import divide
from app.shared.money import Money

_Rates = Counter[int]  # minor units by rate, tax included


def credit_taxes(
    invoiced: Iterable[RateTax], before: Iterable[RateTax], order: Order, parts: RefundParts
) -> tuple[RateTax, ...]:
    """The taxes of a note for these parts of a refund, after the notes that were issued before."""
    whole = {each.rate: each for each in invoiced}
    credited: _Rates = Counter()
    for each in before:
        credited[each.rate] += each.gross.minor
    room = {rate: each.gross.minor - credited[rate] for rate, each in whole.items()}
    amounts = allot(parts.amount.minor, _named(order, parts, whole), room)
    taken: Counter[int] = Counter()
    for each in before:
        taken[each.rate] += each.tax.minor
    currency, found = order.currency, []
    for rate, amount in sorted(amounts.items()):
        if not amount:
            continue
        tax = _share(whole[rate], credited[rate] + amount) - taken[rate]
        net = Money(amount - tax, currency)
        found.append(RateTax(rate=rate, net=net, tax=Money(tax, currency)))
    return tuple(found)


def taxes_given(taxes: Sequence[RateTax], given: Money) -> tuple[RateTax, ...]:
    """What a note still takes back where the shopper has only so much of it: of each rate its
    share."""
    rates = {f"{each.rate:06}": each.gross.minor for each in taxes}
    shares = divide(given.minor, rates) if given else {}
    found = []
    for each in taxes:
        share = shares.get(f"{each.rate:06}", 0)
        tax = _share(each, share)
        net, of_it = Money(share - tax, given.currency), Money(tax, given.currency)
        found.append(RateTax(rate=each.rate, net=net, tax=of_it))
    return tuple(found)


def _share(whole: RateTax, credited: int) -> int:
    """The tax in what is credited so far, half up."""
    gross = whole.gross.minor
    return (2 * whole.tax.minor * credited + gross) // (2 * gross) if gross else 0


def _named(order: Order, parts: RefundParts, whole: Mapping[int, RateTax]) -> _Rates:
    """What the refund says it is for, by rate: units of lines, and shipping."""
    named: _Rates = Counter()
    for each in parts.lines:
        line = order.lines[each.position - 1]
        part = next((one for one in line.parts if one.position == each.part), None)
        rate = (part.tax_rate if part else line.tax_rate) or 0
        named[rate if rate in whole else max(whole)] += each.amount.minor
    if parts.shipping:
        for key, minor in divide(parts.shipping.minor, _shipping(order, whole)).items():
            named[int(key)] += minor
    return named


def _shipping(order: Order, whole: Mapping[int, RateTax]) -> dict[str, int]:
    """What of the shipping is taxed at each rate: what the lines leave of it."""
    left = Counter({rate: each.gross.minor for rate, each in whole.items()})
    for line in order.lines:
        if line.parts:
            for part in line.parts:
                left[part.tax_rate or 0] -= part_paid(order, part).minor
        else:
            left[line.tax_rate or 0] -= line_paid(order, line).minor
    return {str(rate): max(minor, 0) for rate, minor in left.items() if rate in whole}


def allot(amount: int, named: Mapping[int, int], room: Mapping[int, int]) -> dict[int, int]:
    """Divide what is paid back over rates: as it is named, less in proportion where less is paid
    back, the rest by what is left of each; never more of a rate than is left of it."""
    wanted = Counter({rate: min(minor, max(room.get(rate, 0), 0)) for rate, minor in named.items()})
    have = sum(wanted.values())
    if amount <= have:
        return _divided(amount, wanted)
    left = {rate: max(minor - wanted[rate], 0) for rate, minor in room.items()}
    for rate, minor in _divided(amount - have, left).items():
        wanted[rate] += minor
    return dict(wanted)


def _divided(amount: int, weights: Mapping[int, int]) -> dict[int, int]:
    if not weights or not amount:
        return {}
    shares = divide(amount, {f"{rate:06}": minor for rate, minor in weights.items()})
    return {int(key): minor for key, minor in shares.items()}
