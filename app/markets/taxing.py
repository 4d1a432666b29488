"""Tax arithmetic in integer minor units: by rate, and divided exactly."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.markets.models import TaxMode
from app.shared.dividing import divide
from app.shared.money import Money

_FULL = 10_000  # basis points


@dataclass(frozen=True, kw_only=True, slots=True)
class Taxed:
    """An amount that is taxed at ``rate`` basis points; it contains its tax or not, by the mode."""

    amount: Money
    rate: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RateTax:
    """All that is taxed at one rate: without tax, and the tax on it."""

    rate: int
    net: Money
    tax: Money

    @property
    def gross(self) -> Money:
        """With the tax."""
        return self.net + self.tax


def tax_on(amount: Money, rate: int, mode: TaxMode) -> Money:
    """The tax in (inclusive) or on (exclusive) ``amount`` at ``rate`` basis points, half up."""
    base = _FULL + rate if mode is TaxMode.INCLUSIVE else _FULL
    return Money((2 * amount.minor * rate + base) // (2 * base), amount.currency)


def tax_all(things: Sequence[Taxed], mode: TaxMode) -> tuple[Money, ...]:
    """The tax of each thing. The tax of a rate is worked out of all that bears it together, and
    divided over that by the largest remainder, so that nothing is rounded twice."""
    shares: dict[int, dict[str, int]] = defaultdict(dict)
    for place, each in enumerate(things):
        shares[each.rate][f"{place:06}"] = each.amount.minor
    taxes = [Money.zero(each.amount.currency) for each in things]
    for rate, weights in shares.items():
        currency = taxes[int(next(iter(weights)))].currency
        whole = tax_on(Money(sum(weights.values()), currency), rate, mode)
        for key, minor in divide(whole.minor, weights).items() if whole else ():
            taxes[int(key)] = Money(minor, currency)
    return tuple(taxes)


def by_rate(things: Sequence[Taxed], taxes: Sequence[Money], mode: TaxMode) -> tuple[RateTax, ...]:
    """Net amounts and taxes of these things by rate, the lowest rate first. What is worth nothing
    is left out."""
    found: dict[int, RateTax] = {}
    for each, tax in zip(things, taxes, strict=True):
        if not each.amount:
            continue
        net = each.amount - tax if mode is TaxMode.INCLUSIVE else each.amount
        known = found.get(each.rate)
        found[each.rate] = RateTax(
            rate=each.rate,
            net=known.net + net if known else net,
            tax=known.tax + tax if known else tax,
        )
    return tuple(found[rate] for rate in sorted(found))


def in_proportion(amount: Money, goods: Mapping[int, int]) -> tuple[Taxed, ...]:
    """An amount divided over rates as the goods are: ``goods`` are their minor units by rate."""
    weights = {f"{rate:06}": minor for rate, minor in sorted(goods.items())}
    shares = divide(amount.minor, weights) if weights else {}
    return tuple(
        Taxed(amount=Money(minor, amount.currency), rate=int(key))
        for key, minor in shares.items()
        if minor
    )


def halves(tax: Money, names: Sequence[str]) -> tuple[Money, ...]:
    """A tax divided evenly over the taxes it is made of; the first ones have what is left over."""
    shares = divide(tax.minor, {f"{place:03}": 1 for place in range(len(names))})
    return tuple(Money(shares[key], tax.currency) for key in sorted(shares))
