"""What papers say, before they are a page or a PDF: text, and amounts as the order has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from app.fulfilment.models import CreditNote, Invoice, Seller, Shipment, UnitPlace
from app.fulfilment.packing import left_out, not_here, packed_table
from app.fulfilment.paper import Column, Paper, Sum, Table, said, title_of
from app.fulfilment.paper_taxes import credited_taxes, tax_sums, tax_table, taxes_of
from app.markets.countries import address_lines
from app.markets.tax_rows import rate_text
from app.orders.models import Order, OrderLine, OrderPart
from app.payments.models import Refund, RefundedLine
from app.shared.ids import Sku
from app.shared.money import Money, total
from app.shared.texts import Text, speaking

ShowMoney = Callable[[Money, str], str]
ShowDate = Callable[[datetime, str], str]


class PaperWriter:
    """Writes papers in the order's language, amounts and dates as its market has them."""

    def __init__(self, show_money: ShowMoney, show_date: ShowDate) -> None:
        self._show_money = show_money
        self._show_date = show_date

    def invoice(self, order: Order, invoice: Invoice) -> Paper:
        """The order as an invoice: every sum is the order's own."""
        with speaking(order.language):
            return said(self._invoice(order, invoice))

    def credit_note(self, order: Order, note: CreditNote, refund: Refund) -> Paper:
        """A refund as a credit note for the order's invoice; amounts contain the tax."""
        with speaking(order.language):
            return said(self._credit_note(order, note, refund))

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
        with speaking(order.language):
            paper = self._packing_slip(order, seller, shipment, refunds, places, names, owed)
            return said(paper)

    def _invoice(self, order: Order, invoice: Invoice) -> Paper:
        money, totals = self._money(order), order.totals
        discounted = any(line.discount for line in order.lines)
        sums = [Sum(label=Text("Subtotal"), amount=money(totals.subtotal))]
        if totals.discount:
            sums.append(Sum(label=Text("Discount"), amount=f"−{money(totals.discount)}"))
        if order.ships:
            name = Text("Shipping, %(method)s", method=order.shipping_name)
            sums.append(Sum(label=name, amount=money(totals.shipping)))
        taxes = taxes_of(order)
        if not totals.tax_included:
            sums += tax_sums(order, taxes, totals.tax, money)
        if totals.rounding:
            sums.append(Sum(label=Text("Rounding"), amount=money(totals.rounding)))
        sums.append(Sum(label=Text("Total"), amount=money(totals.total), strong=True))
        if totals.tax_included:
            sums += tax_sums(order, taxes, totals.tax, money)
        sums += [
            Sum(label=Text("Paid by %(what)s", what=use.label), amount=money(use.amount))
            for use in order.credit
        ]
        if order.credit and order.due:
            sums.append(Sum(label=Text("Paid otherwise"), amount=money(order.due)))
        notes = (
            [Text("Paid on %(day)s. Thank you.", day=self._date(order, order.paid_at))]
            if order.paid_at
            else []
        )
        return Paper(
            language=order.language,
            title=Text("Invoice"),
            seller=invoice.seller,
            buyer_title=Text("Bill to"),
            buyer=_address(order),
            facts=(
                (Text("Invoice number"), invoice.number),
                (Text("Invoice date"), self._date(order, invoice.issued_at)),
                (Text("Order"), order.number),
                (Text("Order date"), self._date(order, order.placed_at)),
                (Text("Date of supply"), self._date(order, order.paid_at or order.placed_at)),
            ),
            table=Table(
                columns=_invoice_columns(discounted),
                rows=tuple(_invoice_row(line, money, discounted) for line in order.lines),
            ),
            sums=tuple(sums),
            taxes=tax_table(order, taxes, money),
            notes=tuple(notes),
        )

    def _credit_note(self, order: Order, note: CreditNote, refund: Refund) -> Paper:
        money, parts, taxes = self._money(order), refund.parts, credited_taxes(order, note)
        rows = [
            (_credited(order, line), str(line.quantity), money(line.amount)) for line in parts.lines
        ]
        if parts.shipping:
            rows.append(
                (
                    Text("Shipping, %(method)s", method=order.shipping_name),
                    "",
                    money(parts.shipping),
                )
            )
        if parts.adjustment:
            rows.append((Text("Adjustment"), "", money(parts.adjustment)))
        return Paper(
            language=order.language,
            title=Text("Credit note"),
            seller=note.seller,
            buyer_title=Text("Credited to"),
            buyer=_address(order),
            facts=(
                (Text("Credit note number"), note.number),
                (Text("Date"), self._date(order, note.issued_at)),
                (Text("For invoice"), note.invoice_number),
                (Text("Order"), order.number),
            ),
            table=Table(
                columns=(
                    Column(title=Text("Item"), share=60),
                    Column(title=Text("Quantity"), share=15, numeric=True),
                    Column(title=Text("Amount"), share=25, numeric=True),
                ),
                rows=tuple(rows),
            ),
            sums=(
                Sum(label=Text("Total credited"), amount=money(note.amount), strong=True),
                *tax_sums(order, taxes, total((each.tax for each in taxes), order.currency), money),
            ),
            taxes=tax_table(order, taxes, money) if note.taxes else None,
            notes=(_way_back(refund, money),),
        )

    def _packing_slip(
        self,
        order: Order,
        seller: Seller,
        shipment: Shipment | None,
        refunds: Iterable[Refund],
        places: Sequence[UnitPlace],
        names: Mapping[str, str],
        owed: Mapping[Sku, int],
    ) -> Paper:
        if shipment is not None:
            packed = {line.position: line.quantity for line in shipment.lines}
        else:
            packed = {at: units.open for at, units in enumerate(order.units, 1) if units.open}
        facts: list[tuple[str, str]] = [
            (Text("Order"), order.number),
            (Text("Order date"), self._date(order, order.placed_at)),
        ]
        if shipment is not None:
            facts.append(
                (
                    Text("Shipment"),
                    Text("%(part)s of %(whole)s", part=shipment.number, whole=order.shipments),
                )
            )
            facts.append((Text("Shipped"), self._date(order, shipment.shipped_at)))
        facts.append((Text("Delivery"), order.shipping_name))
        return Paper(
            language=order.language,
            title=Text("Packing slip"),
            seller=seller,
            buyer_title=Text("Ship to"),
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
    if part is None:
        return title_of(whole)
    return str(Text("%(part)s (of %(whole)s)", part=title_of(part), whole=title_of(whole)))


def _way_back(refund: Refund, money: Callable[[Money], str]) -> str:
    """Where the money of a refund goes."""
    if not refund.credit:
        return Text("The amount goes back to the card or account that the order was paid with.")
    shares: list[str] = [
        Text("%(amount)s to %(what)s", amount=money(each.amount), what=each.label)
        for each in refund.credit
    ]
    if refund.by_gateway:
        amount = money(refund.by_gateway)
        shares.append(Text("%(amount)s to the card or account that was charged", amount=amount))
    return Text("The amount goes back: %(shares)s.", shares=", ".join(map(str, shares)))


def _invoice_columns(discounted: bool) -> tuple[Column, ...]:
    columns = [
        Column(title=Text("Item"), share=40),
        Column(title=Text("Quantity"), share=10, numeric=True),
        Column(title=Text("Unit price"), share=16, numeric=True),
        Column(title=Text("Tax"), share=10, numeric=True),
        Column(title=Text("Amount"), share=18, numeric=True),
    ]
    if discounted:
        columns.insert(3, Column(title=Text("Discount"), share=15, numeric=True))
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
