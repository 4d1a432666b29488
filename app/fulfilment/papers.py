"""What papers say, before they are a page or a PDF: text, and amounts as the order has them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from app.checkout.refund_rules import line_paid
from app.fulfilment.models import CreditNote, Invoice, Seller, Shipment, UnitPlace
from app.fulfilment.packing import left_out, not_here, packed_table
from app.fulfilment.tables import Column, Table, title_of
from app.orders.models import Order, OrderLine, OrderPart
from app.payments.models import Refund, RefundedLine
from app.shared.ids import Sku
from app.shared.money import Money

ShowMoney = Callable[[Money, str], str]
ShowDate = Callable[[datetime, str], str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sum:
    """A line under the table: what, and how much."""

    label: str
    amount: str
    strong: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Paper:
    """An invoice, a credit note or a packing slip."""

    title: str
    seller: Seller
    buyer_title: str
    buyer: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    table: Table
    sums: tuple[Sum, ...] = ()
    taxes: Table | None = None
    notes: tuple[str, ...] = field(default=())


class PaperWriter:
    """Writes papers, amounts and dates as the order's locale has them."""

    def __init__(self, show_money: ShowMoney, show_date: ShowDate) -> None:
        self._show_money = show_money
        self._show_date = show_date

    def invoice(self, order: Order, invoice: Invoice) -> Paper:
        """The order as an invoice: every sum is the order's own."""
        money, totals = self._money(order), order.totals
        discounted = any(line.discount for line in order.lines)
        sums = [Sum(label="Subtotal", amount=money(totals.subtotal))]
        if totals.discount:
            sums.append(Sum(label="Discount", amount=f"−{money(totals.discount)}"))
        sums.append(Sum(label=f"Shipping, {order.shipping_name}", amount=money(totals.shipping)))
        if not totals.tax_included:
            sums.append(Sum(label=totals.tax_name, amount=money(totals.tax)))
        sums.append(Sum(label="Total", amount=money(totals.total), strong=True))
        if totals.tax_included:
            sums.append(Sum(label=f"{totals.tax_name} contained", amount=money(totals.tax)))
        notes = [f"Paid on {self._date(order, order.paid_at)}. Thank you."] if order.paid_at else []
        return Paper(
            title="Invoice",
            seller=invoice.seller,
            buyer_title="Bill to",
            buyer=_address(order),
            facts=(
                ("Invoice number", invoice.number),
                ("Invoice date", self._date(order, invoice.issued_at)),
                ("Order", order.number),
                ("Order date", self._date(order, order.placed_at)),
                ("Date of supply", self._date(order, order.paid_at or order.placed_at)),
            ),
            table=Table(
                columns=_invoice_columns(discounted),
                rows=tuple(_invoice_row(line, money, discounted) for line in order.lines),
            ),
            sums=tuple(sums),
            taxes=_taxes(order, money),
            notes=tuple(notes),
        )

    def credit_note(self, order: Order, note: CreditNote, refund: Refund) -> Paper:
        """A refund as a credit note for the order's invoice; amounts contain the tax."""
        money, totals, parts = self._money(order), order.totals, refund.parts
        rows = [
            (_credited(order, line), str(line.quantity), money(line.amount)) for line in parts.lines
        ]
        if parts.shipping:
            rows.append((f"Shipping, {order.shipping_name}", "", money(parts.shipping)))
        if parts.adjustment:
            rows.append(("Adjustment", "", money(parts.adjustment)))
        return Paper(
            title="Credit note",
            seller=note.seller,
            buyer_title="Credited to",
            buyer=_address(order),
            facts=(
                ("Credit note number", note.number),
                ("Date", self._date(order, note.issued_at)),
                ("For invoice", note.invoice_number),
                ("Order", order.number),
            ),
            table=Table(
                columns=(
                    Column(title="Item", share=60),
                    Column(title="Quantity", share=15, numeric=True),
                    Column(title="Amount", share=25, numeric=True),
                ),
                rows=tuple(rows),
            ),
            sums=(
                Sum(label="Total credited", amount=money(note.amount), strong=True),
                Sum(
                    label=f"{totals.tax_name} contained",
                    amount=money(_tax_share(order, note.amount)),
                ),
            ),
            notes=("The amount goes back to the card or account that the order was paid with.",),
        )

    def packing_slip(
        self,
        order: Order,
        seller: Seller,
        shipment: Shipment | None,
        refunds: Iterable[Refund] = (),
        *,
        places: Sequence[UnitPlace] = (),
        names: Mapping[str, str] = MappingProxyType({}),
        owed: Mapping[Sku, int] = MappingProxyType({}),
    ) -> Paper:
        """What goes into the box, without prices: a shipment, or all that is still to be shipped
        (of an order of which nothing is, everything). Of a set it names every part, and which of
        them ``refunds`` paid back, so that they are left out. ``places`` say where things lie,
        and ``names`` how these locations are called; ``owed`` is what has not come yet."""
        if shipment is not None:
            packed = {line.position: line.quantity for line in shipment.lines}
        else:
            packed = {at: units.open for at, units in enumerate(order.units, 1) if units.open}
        facts = [("Order", order.number), ("Order date", self._date(order, order.placed_at))]
        if shipment is not None:
            facts.append(("Shipment", f"{shipment.number} of {order.shipments}"))
            facts.append(("Shipped", self._date(order, shipment.shipped_at)))
        facts.append(("Delivery", order.shipping_name))
        return Paper(
            title="Packing slip",
            seller=seller,
            buyer_title="Ship to",
            buyer=(*_address(order), *((order.address.phone,) if order.address.phone else ())),
            facts=tuple(facts),
            table=packed_table(order, packed, places, names),
            notes=(*left_out(order, packed, refunds), *not_here(order, owed)),
        )

    def _money(self, order: Order) -> Callable[[Money], str]:
        return lambda amount: self._show_money(amount, order.locale)

    def _date(self, order: Order, moment: datetime | None) -> str:
        return self._show_date(moment, order.locale) if moment else ""


def _address(order: Order) -> tuple[str, ...]:
    address = order.address
    town = f"{address.postal_code} {address.city}".strip()
    lines = (
        address.name,
        address.line1,
        address.line2,
        f"{town}, {address.state}" if address.state else town,
        address.country,
    )
    return tuple(line for line in lines if line)


def _with_parts(line: OrderLine) -> str:
    """A line's title; of a set with what is in it."""
    if not line.parts:
        return title_of(line)
    parts = (f"{part.quantity} × {title_of(part)}" for part in line.parts)
    return f"{title_of(line)} ({'; '.join(parts)})"


def _part(order: Order, line: RefundedLine) -> OrderPart | None:
    parts = order.lines[line.position - 1].parts
    return next((part for part in parts if part.position == line.part), None)


def _credited(order: Order, line: RefundedLine) -> str:
    whole, part = order.lines[line.position - 1], _part(order, line)
    return f"{title_of(part)} (of {title_of(whole)})" if part else title_of(whole)


def _rate(rate: int | None) -> str:
    return "" if rate is None else f"{rate / 100:g} %"


def _invoice_columns(discounted: bool) -> tuple[Column, ...]:
    columns = [
        Column(title="Item", share=40),
        Column(title="Quantity", share=10, numeric=True),
        Column(title="Unit price", share=16, numeric=True),
        Column(title="Tax", share=10, numeric=True),
        Column(title="Amount", share=18, numeric=True),
    ]
    if discounted:
        columns.insert(3, Column(title="Discount", share=15, numeric=True))
    return tuple(columns)


def _invoice_row(
    line: OrderLine, money: Callable[[Money], str], discounted: bool
) -> tuple[str, ...]:
    cells = [
        _with_parts(line),
        str(line.quantity),
        money(line.unit_price),
        _rate(line.tax_rate),
        money(line.net),
    ]
    if discounted:
        cells.insert(3, f"−{money(line.discount)}" if line.discount else "")
    return tuple(cells)


def tax_by_rate(order: Order) -> dict[int | None, tuple[Money, Money]]:
    """What is taxed at each rate (basis points), without tax, and the tax on it.

    All taxes together are the order's, to the minor unit: shipping has what the lines leave. None
    is the rate of orders from before it was kept.
    """
    zero = Money.zero(order.currency)
    found: dict[int | None, tuple[Money, Money]] = defaultdict(lambda: (zero, zero))
    left = order.totals.tax
    shipping = order.totals.total

    def add(rate: int | None, net: Money, tax: Money) -> None:
        nets, taxes = found[rate]
        found[rate] = (nets + net, taxes + tax)

    for line in order.lines:
        gross = line_paid(order, line)
        add(line.tax_rate, gross - line.tax, line.tax)
        left -= line.tax
        shipping -= gross
    if shipping:
        add(order.shipping_tax_rate, shipping - left, left)
    return dict(found)


def _taxes(order: Order, money: Callable[[Money], str]) -> Table:
    rows = tax_by_rate(order)
    name = order.totals.tax_name
    return Table(
        columns=(
            Column(title=name, share=40),
            Column(title="Net", share=20, numeric=True),
            Column(title="Tax", share=20, numeric=True),
            Column(title="Gross", share=20, numeric=True),
        ),
        rows=tuple(
            (
                _rate(rate) or name,
                money(rows[rate][0]),
                money(rows[rate][1]),
                money(rows[rate][0] + rows[rate][1]),
            )
            for rate in sorted(rows, key=lambda rate: -1 if rate is None else rate)
        ),
    )


def _tax_share(order: Order, amount: Money) -> Money:
    """The share of the order's tax that an amount paid back has, half up."""
    tax, whole = order.totals.tax.minor, order.totals.total.minor
    return Money((2 * tax * amount.minor + whole) // (2 * whole), amount.currency)
