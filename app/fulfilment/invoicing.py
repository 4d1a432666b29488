"""Numbering: each paid order gets one invoice number, each refund one credit note number.

Both series are consecutive and without gaps, as Germany (§ 14 UStG) and India (CGST rules 46 and
53: at most 16 characters) ask for. A number is taken in the transaction that stores its paper.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from app.checkout.events import REFUNDED
from app.checkout.refunding import Refunding
from app.db.database import Database, Session
from app.db.errors import DuplicateKeyError
from app.db.outbox import Event, Outbox
from app.fulfilment.crediting import credit_taxes, taxes_given
from app.fulfilment.models import CreditNote, Invoice, Seller
from app.fulfilment.paper_repository import PaperRepository
from app.fulfilment.paper_taxes import credited_taxes, taxes_of
from app.markets.taxing import RateTax
from app.orders.events import ORDER_PAID
from app.orders.models import Order
from app.orders.service import OrderService
from app.payments.models import Refund, RefundParts
from app.shared.clock import now
from app.shared.errors import NotFound
from app.shared.ids import OrderId
from app.shared.money import Money
from app.shared.texts import Text

T = TypeVar("T")
_TRIES = 20  # numbers are waited for in turn: many orders may be paid at one moment


class Invoicing:
    """Issues invoices and credit notes, once each, however often it is asked."""

    def __init__(
        self,
        database: Database,
        orders: OrderService,
        refunding: Refunding,
        seller: Callable[[], Seller],
    ) -> None:
        self._database = database
        self._orders = orders
        self._refunding = refunding
        self._seller = seller
        self._papers = PaperRepository(database)

    def subscribe(self, outbox: Outbox) -> None:
        """Issue an invoice when an order is paid, and a credit note when money went back."""
        outbox.subscribe(ORDER_PAID, "papers.invoice", self.on_paid)
        outbox.subscribe(REFUNDED, "papers.credit_note", self.on_refunded)

    def on_paid(self, event: Event) -> None:
        """The order's invoice."""
        self.issue(self._orders.get(OrderId(event.payload["order_id"])))

    def on_refunded(self, event: Event) -> None:
        """The refund's credit note, unless a bank returned it before there was one."""
        order_id, refund_id = OrderId(event.payload["order_id"]), event.payload["refund_id"]
        for refund in self._refunding.of_order(order_id):
            if refund.id == refund_id and refund.given:
                self.credit(self._orders.get(order_id), refund)

    @property
    def seller(self) -> Seller:
        """Who sells now."""
        return self._seller()

    def issue(self, order: Order) -> Invoice:
        """The invoice of a paid order, issued now if it was not before. Raises ``NotFound`` for
        an order that was not paid."""
        if not order.is_paid:
            raise NotFound(Text("There is an invoice once the order is paid."))

        def work(session: Session) -> Invoice:
            known = self._papers.find_invoice(order.id, session)
            if known is not None:
                return known
            invoice = Invoice(
                order_id=order.id,
                number=self._papers.next_number("invoices", "INV", session),
                seller=self.seller,
                issued_at=now(),
            )
            self._papers.insert_invoice(invoice, session)
            return invoice

        return self._papers.find_invoice(order.id) or self._once(work)

    def credit(self, order: Order, refund: Refund) -> CreditNote:
        """The credit note of a refund that went through, issued now if it was not before."""
        invoice = self.issue(order)
        given = self._given(order)

        def work(session: Session) -> CreditNote:
            known = self._papers.find_note(refund.id, session)
            if known is not None:
                return known
            number = self._papers.next_number("credit_notes", "CN", session)
            note = CreditNote(
                refund_id=refund.id,
                order_id=order.id,
                number=number,
                invoice_number=invoice.number,
                amount=refund.amount,
                seller=self.seller,
                issued_at=now(),
                taxes=self._credited(order, refund.parts, given, session),
            )
            self._papers.insert_note(note, session)
            return note

        return self._papers.find_note(refund.id) or self._once(work)

    def taxes_in(self, order: Order, parts: RefundParts) -> tuple[RateTax, ...]:
        """The taxes that the credit note of such a refund would take back now."""
        return self._credited(order, parts, self._given(order), None)

    def _given(self, order: Order) -> dict[str, Money]:
        """What the shopper has of each refund; a bank may have returned some of it."""
        return {each.id: each.given for each in self._refunding.of_order(order.id)}

    def _credited(
        self,
        order: Order,
        parts: RefundParts,
        given: Mapping[str, Money],
        session: Session | None,
    ) -> tuple[RateTax, ...]:
        """The note's taxes, after those of the notes before it as far as their money did go back.
        Notes are issued one after the other: their numbers are."""
        before = [
            tax
            for note in self._papers.notes_of(order.id, session)
            if note.refund_id in given
            for tax in taxes_given(credited_taxes(order, note), given[note.refund_id])
        ]
        return credit_taxes(taxes_of(order), before, order, parts)

    def notes_of(self, order: Order) -> list[CreditNote]:
        """The order's credit notes, the first one first."""
        return self._papers.notes_of(order.id)

    def note_of(self, order: Order, number: str) -> tuple[CreditNote, Refund]:
        """One of the order's credit notes with its refund. Raises ``NotFound``."""
        notes = {note.number: note for note in self._papers.notes_of(order.id)}
        refunds = {refund.id: refund for refund in self._refunding.of_order(order.id)}
        note = notes.get(number.strip().upper())
        if note is None or note.refund_id not in refunds:
            raise NotFound(Text("There is no credit note with this number."))
        return note, refunds[note.refund_id]

    def _once(self, work: Callable[[Session], T]) -> T:
        """Carry out ``work``, again if the same paper was issued at the same moment."""
        for _ in range(_TRIES):
            try:
                return self._database.in_transaction(work)
            except DuplicateKeyError:
                continue
        return self._database.in_transaction(work)
