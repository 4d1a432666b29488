"""The taxes of invoices and credit notes by rate."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.checkout.refund_rules import line_paid
from app.fulfilment.models import CreditNote
from app.fulfilment.paper import Column, Sum, Table
from app.markets.tax_rows import rate_text, tax_rows
from app.markets.taxing import RateTax, halves
from app.orders.models import Order
from app.shared.dividing import divide
from app.shared.money import Money
from app.shared.texts import Text


def taxes_of(order: Order) -> tuple[RateTax, ...]:
    """What the order is taxed at each rate; net amounts and taxes together are its total.

    Of an order from before that was kept it is worked out: shipping has what the lines leave.
    """
    if order.taxes:
        return order.taxes
    found: dict[int, RateTax] = {}

    def add(rate: int | None, net: Money, tax: Money) -> None:
        known = found.get(rate or 0)
        found[rate or 0] = RateTax(
            rate=rate or 0,
            net=known.net + net if known else net,
            tax=known.tax + tax if known else tax,
        )

    left, shipping = order.totals.tax, order.totals.total
    for line in order.lines:
        gross = line_paid(order, line)
        add(line.tax_rate, gross - line.tax, line.tax)
        left -= line.tax
        shipping -= gross
    if shipping:
        add(order.shipping_tax_rate, shipping - left, left)
    return tuple(found[rate] for rate in sorted(found))


def credited_taxes(order: Order, note: CreditNote) -> tuple[RateTax, ...]:
    """What a credit note takes back of each rate; of one from before that was kept, the share of
    the whole tax that its amount is of the order."""
    if note.taxes:
        return note.taxes
    tax, whole = order.totals.tax.minor, order.totals.total.minor
    share = (2 * tax * note.amount.minor + whole) // (2 * whole)
    rates = taxes_of(order)
    gross = divide(note.amount.minor, {str(each.rate): each.gross.minor for each in rates})
    taxes = divide(share, {str(each.rate): each.tax.minor for each in rates})
    return tuple(
        RateTax(
            rate=each.rate,
            net=Money(gross[str(each.rate)] - taxes[str(each.rate)], order.currency),
            tax=Money(taxes[str(each.rate)], order.currency),
        )
        for each in rates
    )


def tax_sums(
    order: Order, taxes: Sequence[RateTax], whole: Money, money: Callable[[Money], str]
) -> list[Sum]:
    """A line for each tax, or one for all where its rate is not known."""
    rows = tax_rows(order.totals.tax_name, taxes, order.tax_parts)
    rows = rows or ((order.totals.tax_name, whole),)
    if order.totals.tax_included:
        rows = tuple((Text("%(tax)s contained", tax=name), tax) for name, tax in rows)
    return [Sum(label=name, amount=money(tax)) for name, tax in rows]


def tax_table(order: Order, taxes: Sequence[RateTax], money: Callable[[Money], str]) -> Table:
    """Net, tax and gross by rate; a tax that is made of several has a column for each."""
    name, parts = order.totals.tax_name, order.tax_parts
    titles = parts or (Text("Tax"),)
    return Table(
        columns=(
            Column(title=name, share=20 if parts else 40),
            Column(title=Text("Net"), share=20, numeric=True),
            *(Column(title=each, share=20, numeric=True) for each in titles),
            Column(title=Text("Gross"), share=20, numeric=True),
        ),
        rows=tuple(
            (
                rate_text(each.rate) if each.rate or not each.tax else name,  # else not known
                money(each.net),
                *(money(tax) for tax in halves(each.tax, titles)),
                money(each.gross),
            )
            for each in taxes
        ),
    )  # fmt: skip
