"""What papers say, before they are a page or a PDF: text, and amounts as the order has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from app.fulfilment.models import CreditNote, Invoice, Seller, Shipment, UnitPlace
from app.fulfilment.packing import left_out, not_here, packed_table
from app.fulfilment.paper_shapes import Column, Sum, Table, title_of
from app.fulfilment.paper_taxes import credited_taxes, tax_sums, tax_table, taxes_of
from app.markets.countries import address_lines
from app.markets.tax_rows import rate_text
from app.orders.models import Order, OrderLine, OrderPart
from app.payments.models import Refund, RefundedLine
from app.shared.ids import Sku
from app.shared.money import Money, total

ShowMoney = Callable[[Money, str], str]
ShowDate = Callable[[datetime, str], str]


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
        if order.ships:
            name = f"Shipping, {order.shipping_name}"
            sums.append(Sum(label=name, amount=money(totals.shipping)))
        taxes = taxes_of(order)
        if not totals.tax_included:
            sums += tax_sums(order, taxes, totals.tax, money)
        if totals.rounding:
            sums.append(Sum(label="Rounding", amount=money(totals.rounding)))
        sums.append(Sum(label="Total", amount=money(totals.total), strong=True))
        if totals.tax_included:
            sums += tax_sums(order, taxes, totals.tax, money)
        sums += [
            Sum(label=f"Paid by {use.label}", amount=money(use.amount)) for use in order.credit
        ]
        if order.credit and order.due:
            sums.append(Sum(label="Paid otherwise", amount=money(order.due)))
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
            taxes=tax_table(order, taxes, money),
            notes=tuple(notes),
        )

    def credit_note(self, order: Order, note: CreditNote, refund: Refund) -> Paper:
        """A refund as a credit note for the order's invoice; amounts contain the tax."""
        money, parts, taxes = self._money(order), refund.parts, credited_taxes(order, note)
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
                *tax_sums(order, taxes, total((each.tax for each in taxes), order.currency), money),
            ),
            taxes=tax_table(order, taxes, money) if note.taxes else None,
            notes=(_way_back(refund, money),),
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
    return address_lines(order.address)


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


def _way_back(refund: Refund, money: Callable[[Money], str]) -> str:
    """Where the money of a refund goes."""
    if not refund.credit:
        return "The amount goes back to the card or account that the order was paid with."
    shares = [f"{money(each.amount)} to {each.label}" for each in refund.credit]
    if refund.by_gateway:
        shares.append(f"{money(refund.by_gateway)} to the card or account that was charged")
    return f"The amount goes back: {', '.join(shares)}."


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
        rate_text(line.tax_rate),
        money(line.net),
    ]
    if discounted:
        cells.insert(3, f"−{money(line.discount)}" if line.discount else "")
    return tuple(cells)
