"""Who pays how much: pure arithmetic in integer minor units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.credit.models import CreditSource
from app.shared.credit import CreditUse
from app.shared.money import Money, payable_step, total

MOST_CARDS = 5  # gift cards in a cart


@dataclass(frozen=True, kw_only=True, slots=True)
class CreditPlan:
    """How an order's total is paid: by credit, and the rest by a gateway.

    ``withheld`` is credit that stays unused, so that what is due is not below what a gateway
    charges at least.
    """

    uses: tuple[CreditUse, ...]
    due: Money
    withheld: Money

    @property
    def agreed(self) -> list[tuple[str, int]]:
        """What a shopper agrees to, to tell whether it has changed."""
        return [(use.credit_id, use.amount.minor) for use in self.uses]


def plan_credit(
    whole: Money, coverable: Money, sources: Sequence[CreditSource], least: Money
) -> CreditPlan:
    """Pay ``whole`` from the sources in their order, as far as credit may (``coverable``).

    A rest that is due is at least ``least``, or all of the order if that is less.
    """
    left = min(coverable.minor, whole.minor)
    uses = []
    for source in sources:
        amount = min(max(source.free.minor, 0), left)
        if amount:
            uses.append(
                CreditUse(
                    credit_id=source.id,
                    kind=source.kind,
                    last4=source.last4,
                    amount=Money(amount, whole.currency),
                )
            )
            left -= amount
    due = whole - total((use.amount for use in uses), whole.currency)
    short = _chargeable(due, least) - due.minor if due else 0
    kept = _without_last(uses, short)
    paid = total((use.amount for use in kept), whole.currency)
    return CreditPlan(uses=tuple(kept), due=whole - paid, withheld=whole - paid - due)


def _chargeable(due: Money, least: Money) -> int:
    """The least from ``due`` on that a gateway can charge, in minor units."""
    step = payable_step(due.currency)
    return max(-(-due.minor // step) * step, least.minor)


def _without_last(uses: list[CreditUse], minor: int) -> list[CreditUse]:
    """The uses with so much less, from the last one on."""
    kept = list(uses)
    while kept and minor:
        last = kept.pop()
        cut = min(last.amount.minor, minor)
        minor -= cut
        if cut < last.amount.minor:
            amount = Money(last.amount.minor - cut, last.amount.currency)
            kept.append(replace(last, amount=amount))
    return kept


def shares_back(
    uses: Sequence[tuple[CreditUse, int]], amount: Money
) -> tuple[tuple[CreditUse, ...], list[int]]:
    """Give ``amount`` back to where it came from, the account that paid last first.

    ``uses`` come with what is left to give back of each (minor units), together at least
    ``amount``; returned are the shares, and what is left then.
    """
    rest, left, shares = amount.minor, [], []
    for use, refundable in reversed(uses):
        share = min(refundable, rest)
        rest -= share
        left.append(refundable - share)
        if share:
            shares.append(replace(use, amount=Money(share, amount.currency)))
    return tuple(shares), left[::-1]
