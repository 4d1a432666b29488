"""Stock alert documents: one waiting for each SKU and address."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from app.db.database import Database, Document, Session, find_any
from app.shared.clock import now
from app.shared.ids import Sku
from app.shared.languages import DEFAULT
from app.stock_alerts.models import Alert, AlertId


class AlertRepository:
    """Reads and writes ``stock_alerts``."""

    def __init__(self, database: Database) -> None:
        self._alerts = database["stock_alerts"]

    def find(self, alert_id: AlertId) -> Alert | None:
        """The alert, or None."""
        found = self._alerts.find_one({"_id": alert_id})
        return _from_document(found) if found else None

    def is_waiting(self, sku: Sku, email: str) -> bool:
        """Whether this address waits for it already."""
        query = {"sku": sku, "email": email, "waiting": True}
        return self._alerts.find_one(query, {"_id": 1}) is not None

    def insert(self, alert: Alert, expires_at: datetime, session: Session) -> None:
        """Store an alert. Raises ``DuplicateKeyError`` if this address waits for it already."""
        document = {
            "_id": alert.id,
            "sku": alert.sku,
            "email": alert.email,
            "waiting": alert.waiting,
            "language": alert.language,
            "created_at": now(),
            "expires_at": expires_at,
        }
        self._alerts.insert_one(document, session=session)

    def anybody_waits(self, skus: Iterable[Sku], session: Session) -> bool:
        """Whether somebody waits for one of these, few, SKUs."""
        query = {"sku": {"$in": list(skus)}, "waiting": True}
        return self._alerts.find_one(query, {"_id": 1}, session=session) is not None

    def waited_for(self, skus: Iterable[Sku]) -> set[Sku]:
        """Those of these SKUs that somebody waits for."""
        found = find_any(self._alerts, "sku", skus, only=("sku", "waiting"))
        return {document["sku"] for document in found if document["waiting"]}

    def waiting(self, sku: Sku, most: int, session: Session) -> list[Alert]:
        """Some of those who wait for a SKU."""
        found = self._alerts.find({"sku": sku, "waiting": True}, session=session).limit(most)
        return list(map(_from_document, found))

    def end(self, alert: Alert, session: Session) -> bool:
        """They wait no more; False if that was so."""
        ended = self._alerts.update_one(
            {"_id": alert.id, "waiting": True},
            {"$set": {"waiting": False, "ended_at": now()}},
            session=session,
        )
        return bool(ended.modified_count)

    def end_all(self, email: str) -> None:
        """An address waits for nothing any more."""
        self._alerts.update_many(
            {"email": email, "waiting": True}, {"$set": {"waiting": False, "ended_at": now()}}
        )

    def of_email(self, email: str) -> list[Alert]:
        """What an address waits for."""
        return list(map(_from_document, self._alerts.find({"email": email, "waiting": True})))

    def delete_all(self, email: str, session: Session) -> None:
        """Forget an address."""
        self._alerts.delete_many({"email": email}, session=session)


def _from_document(document: Document) -> Alert:
    return Alert(
        id=document["_id"],
        sku=document["sku"],
        email=document["email"],
        waiting=document["waiting"],
        language=document.get("language", DEFAULT),
    )
