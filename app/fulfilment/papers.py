"""What papers say, before they are a page or a PDF: text, and amounts as the order has them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from app.checkout.refund_rules import RETURNED, line_paid
from app.fulfilment.models import CreditNote, Invoice, Seller, Shipment
from app.fulfilment.paper import Column, Paper, Sum, Table, said
from app.orders.models import Order, OrderLine, OrderPart
from app.payments.models import Refund, RefundedLine, RefundState
from app.shared.money import Money
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
    ) -> Paper:
        """What goes into the box, without prices: a shipment, or all that is still to be shipped
        (of an order of which nothing is, everything). Of a set it names every part, and which of
        them ``refunds`` paid back, so that they are left out."""
        with speaking(order.language):
            return said(self._packing_slip(order, seller, shipment, refunds))

    def _invoice(self, order: Order, invoice: Invoice) -> Paper:
        money, totals = self._money(order), order.totals
        discounted = any(line.discount for line in order.lines)
        sums = [Sum(label=Text("Subtotal"), amount=money(totals.subtotal))]
        if totals.discount:
            sums.append(Sum(label=Text("Discount"), amount=f"−{money(totals.discount)}"))
        sums.append(
            Sum(
                label=Text("Shipping, %(method)s", method=order.shipping_name),
                amount=money(totals.shipping),
            )
        )
        if not totals.tax_included:
            sums.append(Sum(label=totals.tax_name, amount=money(totals.tax)))
        sums.append(Sum(label=Text("Total"), amount=money(totals.total), strong=True))
        if totals.tax_included:
            sums.append(
                Sum(label=Text("%(tax)s contained", tax=totals.tax_name), amount=money(totals.tax))
            )
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
            taxes=_taxes(order, money),
            notes=tuple(notes),
        )

    def _credit_note(self, order: Order, note: CreditNote, refund: Refund) -> Paper:
        money, totals, parts = self._money(order), order.totals, refund.parts
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
                Sum(
                    label=Text("%(tax)s contained", tax=totals.tax_name),
                    amount=money(_tax_share(order, note.amount)),
                ),
            ),
            notes=(
                Text("The amount goes back to the card or account that the order was paid with."),
            ),
        )

    def _packing_slip(
        self,
        order: Order,
        seller: Seller,
        shipment: Shipment | None,
        refunds: Iterable[Refund],
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
            table=Table(
                columns=(
                    Column(title="SKU", share=25),
                    Column(title=Text("Item"), share=55),
                    Column(title=Text("Quantity"), share=20, numeric=True),
                ),
                rows=tuple(
                    row
                    for at, line in enumerate(order.lines, 1)
                    if at in packed
                    for row in _packed_rows(line, packed[at])
                ),
            ),
            notes=_left_out(order, packed, refunds),
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


def _title(line: OrderLine | OrderPart) -> str:
    return f"{line.title}, {line.variant_title}" if line.variant_title else line.title


def _with_parts(line: OrderLine) -> str:
    """A line's title; of a set with what is in it."""
    if not line.parts:
        return _title(line)
    parts = (f"{part.quantity} × {_title(part)}" for part in line.parts)
    return f"{_title(line)} ({'; '.join(parts)})"


def _part(order: Order, line: RefundedLine) -> OrderPart | None:
    parts = order.lines[line.position - 1].parts
    return next((part for part in parts if part.position == line.part), None)


def _credited(order: Order, line: RefundedLine) -> str:
    whole, part = order.lines[line.position - 1], _part(order, line)
    return (
        str(Text("%(part)s (of %(whole)s)", part=_title(part), whole=_title(whole)))
        if part
        else _title(whole)
    )


def _packed_rows(line: OrderLine, quantity: int) -> Iterator[tuple[str, str, str]]:
    yield (
        line.sku,
        _title(line),
        Text("%(part)s of %(whole)s", part=quantity, whole=line.quantity),
    )
    for part in line.parts:
        yield part.sku, f"– {_title(part)}", str(part.quantity * quantity)


def _left_out(
    order: Order, packed: Mapping[int, int], refunds: Iterable[Refund]
) -> tuple[str, ...]:
    """Parts of these sets that were paid back by themselves; the sets go on their way without."""
    gone: Counter[tuple[int, int]] = Counter()
    for refund in refunds:
        if refund.state is not RefundState.FAILED and refund.purpose != RETURNED:
            gone.update({(each.position, each.part): each.quantity for each in refund.parts.lines})
    notes = []
    for at in packed:
        parts = order.lines[at - 1].parts
        whole = min((gone[at, part.position] // part.quantity for part in parts), default=0)
        for part in parts:
            alone = gone[at, part.position] - whole * part.quantity
            if alone:
                note = Text(
                    "Paid back, leave out of the sets: %(quantity)s × %(part)s.",
                    quantity=alone,
                    part=_title(part),
                )
                notes.append(str(note))
    return tuple(notes)


def _rate(rate: int | None) -> str:
    return "" if rate is None else f"{rate / 100:g} %"


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
            Column(title=Text("Net"), share=20, numeric=True),
            Column(title=Text("Tax"), share=20, numeric=True),
            Column(title=Text("Gross"), share=20, numeric=True),
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
