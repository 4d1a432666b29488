"""A claim whose payment ended without money."""

from __future__ import annotations

from app.db.database import Database
from app.db.schema import COUNT, CURRENCY, DATE, NAME, POSITIVE, document, ensure_collection, one_of


def upgrade(database: Database) -> None:
    """Let a capture be void; may be repeated."""
    ensure_collection(
        database,
        "captures",
        document(
            {
                "_id": NAME,
                "attempt_id": NAME,
                "gateway": NAME,
                "payment_id": NAME,
                "amount": POSITIVE,
                "currency": CURRENCY,
                "fence": COUNT,
                "state": one_of(["claimed", "sending", "captured", "void"]),
                "lease_until": DATE,
                "updated_at": DATE,
                "refundable": COUNT,
                "refund_count": COUNT,
            }
        ),
    )
