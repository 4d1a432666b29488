"""What of a cart is taxed, and at which rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.cart.models import PricedCart, PricedLine
from app.markets.models import Market, TaxRule
from app.markets.taxing import RateTax, Taxed, by_rate, tax_all
from app.shared.dividing import divide
from app.shared.money import Money, total


@dataclass(frozen=True, kw_only=True, slots=True)
class PartTax:
    """A bundle's part, by its position: its share of what is paid for the line, and its tax."""

    position: int
    rate: int
    net: Money
    tax: Money


@dataclass(frozen=True, kw_only=True, slots=True)
class LineTax:
    """A line's tax and its rate in basis points; None where its parts have several."""

    tax: Money
    rate: int | None
    parts: tuple[PartTax, ...] = ()


def part_weights(line: PricedLine) -> dict[str, int]:
    """What a bundle's parts cost on their own, by which what is paid for them is divided."""
    return {f"{part.position:03}": part.apart.minor for part in line.parts}


def taxed_of(line: PricedLine, rule: TaxRule, region: str) -> tuple[Taxed, ...]:
    """What of a line is taxed at which rate: a bundle is taxed as its parts are."""
    if not line.parts:
        is_taxed = line.taxable and line.sellable and not line.gift_card
        rate = rule.rate_in(region, line.tax_class) if is_taxed else 0
        return (Taxed(amount=line.net, rate=rate),)
    nets = divide(line.net.minor, part_weights(line))
    amounts: dict[int, int] = {}
    for part in line.parts:
        rate = _part_rate(line, part.position, rule, region)
        amounts[rate] = amounts.get(rate, 0) + nets[f"{part.position:03}"]
    return tuple(
        Taxed(amount=Money(minor, line.net.currency), rate=rate)
        for rate, minor in sorted(amounts.items())
    )


def line_tax(
    line: PricedLine, things: Sequence[Taxed], taxes: Sequence[Money], rule: TaxRule, region: str
) -> LineTax:
    """The tax of a line whose ``things`` bear ``taxes``, divided over its parts."""
    currency = line.net.currency
    rates = [each.rate for each in things]
    weights = part_weights(line)
    nets = divide(line.net.minor, weights) if weights else {}
    parts = []
    for thing, tax in zip(things, taxes, strict=True):
        here = {
            key: weight
            for key, weight in weights.items()
            if _part_rate(line, int(key), rule, region) == thing.rate
        }
        parts += [
            PartTax(
                position=int(key),
                rate=thing.rate,
                net=Money(nets[key], currency),
                tax=Money(share, currency),
            )
            for key, share in (divide(tax.minor, here) if here else {}).items()
        ]
    return LineTax(
        tax=total(taxes, currency),
        rate=rates[0] if len(rates) == 1 else None,
        parts=tuple(sorted(parts, key=lambda part: part.position)),
    )


def _part_rate(line: PricedLine, position: int, rule: TaxRule, region: str) -> int:
    part = next(each for each in line.parts if each.position == position)
    return rule.rate_in(region, part.tax_class) if part.taxable and line.sellable else 0


def contained_tax(cart: PricedCart, market: Market) -> tuple[RateTax, ...]:
    """The tax in a cart's goods by rate, before it is known how they are shipped; nothing where
    tax comes on top and depends on the address."""
    if not market.tax.is_inclusive:
        return ()
    things = [each for line in cart.lines for each in taxed_of(line, market.tax, "")]
    taxes = tax_all(things, market.tax.mode)
    return tuple(each for each in by_rate(things, taxes, market.tax.mode) if each.rate)
