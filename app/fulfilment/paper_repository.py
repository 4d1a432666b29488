"""Invoice and credit note documents, and the counters of their numbers."""

from __future__ import annotations

from app.db.database import Database, Document, Session
from app.fulfilment.models import CreditNote, Invoice, Seller
from app.markets.taxing import RateTax
from app.shared.ids import OrderId
from app.shared.money import Money

_FIRST = 100_000


class PaperRepository:
    """Reads and writes ``invoices``, ``credit_notes`` and their counters."""

    def __init__(self, database: Database) -> None:
        self._invoices = database["invoices"]
        self._notes = database["credit_notes"]
        self._counters = database["counters"]

    def next_number(self, series: str, prefix: str, session: Session) -> str:
        """The next number of a series. Counted inside the transaction that uses it, so without
        gaps."""
        self._counters.update_one(
            {"_id": series}, {"$inc": {"value": 1}}, upsert=True, session=session
        )
        counter = self._counters.find_one({"_id": series}, session=session) or {}
        return f"{prefix}-{_FIRST + counter['value']}"

    def find_invoice(self, order_id: OrderId, session: Session | None = None) -> Invoice | None:
        """The order's invoice, or None."""
        found = self._invoices.find_one({"_id": order_id}, session=session)
        return _invoice(found) if found else None

    def insert_invoice(self, invoice: Invoice, session: Session) -> None:
        """Store the order's one invoice. Raises ``DuplicateKeyError`` if it has one."""
        self._invoices.insert_one(
            {
                "_id": invoice.order_id,
                "order_id": invoice.order_id,
                "number": invoice.number,
                "seller": list(invoice.seller.lines),
                "tax_id": invoice.seller.tax_id,
                "issued_at": invoice.issued_at,
            },
            session=session,
        )

    def find_note(self, refund_id: str, session: Session | None = None) -> CreditNote | None:
        """The refund's credit note, or None."""
        found = self._notes.find_one({"_id": refund_id}, session=session)
        return _note(found) if found else None

    def insert_note(self, note: CreditNote, session: Session) -> None:
        """Store the refund's one credit note. Raises ``DuplicateKeyError`` if it has one."""
        self._notes.insert_one(
            {
                "_id": note.refund_id,
                "order_id": note.order_id,
                "number": note.number,
                "invoice_number": note.invoice_number,
                "amount": note.amount.minor,
                "currency": note.amount.currency,
                "seller": list(note.seller.lines),
                "tax_id": note.seller.tax_id,
                "issued_at": note.issued_at,
                "taxes": [
                    {"rate": each.rate, "net": each.net.minor, "tax": each.tax.minor}
                    for each in note.taxes
                ],
            },
            session=session,
        )

    def notes_of(self, order_id: OrderId, session: Session | None = None) -> list[CreditNote]:
        """The order's credit notes, the first one first."""
        found = map(_note, self._notes.find({"order_id": order_id}, session=session))
        return sorted(found, key=lambda note: note.issued_at)


def _seller(document: Document) -> Seller:
    return Seller(lines=tuple(document["seller"]), tax_id=document["tax_id"])


def _invoice(document: Document) -> Invoice:
    return Invoice(
        order_id=document["_id"],
        number=document["number"],
        seller=_seller(document),
        issued_at=document["issued_at"],
    )


def _note(document: Document) -> CreditNote:
    return CreditNote(
        refund_id=document["_id"],
        order_id=document["order_id"],
        number=document["number"],
        invoice_number=document["invoice_number"],
        amount=Money(document["amount"], document["currency"]),
        seller=_seller(document),
        issued_at=document["issued_at"],
        taxes=tuple(
            RateTax(
                rate=each["rate"],
                net=Money(each["net"], document["currency"]),
                tax=Money(each["tax"], document["currency"]),
            )
            for each in document.get("taxes", ())
        ),
    )
