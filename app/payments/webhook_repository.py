"""Webhooks as received. Unique indexes hold the promise that each is handled once."""

from __future__ import annotations

import hashlib
from datetime import datetime

from app.db.database import Database, Session
from app.db.pages import page_back
from app.payments.models import ReceivedWebhook
from app.shared.clock import now


class WebhookRepository:
    """Webhooks as received: raw, verified, each once."""

    def __init__(self, database: Database) -> None:
        self._events = database["webhook_events"]

    def store(self, gateway: str, event_id: str, body: bytes, session: Session) -> None:
        """Store a webhook. Raises ``DuplicateKeyError`` if it was stored before: by its id, or,
        for Razorpay, whose id is not signed, by the digest of its body."""
        self._events.insert_one(
            {
                "_id": f"{gateway}:{event_id}",
                "gateway": gateway,
                "digest": hashlib.sha256(body).hexdigest(),
                "payload": body.decode("utf-8"),
                "received_at": now(),
            },
            session=session,
        )

    def last_received(self, gateway: str) -> datetime | None:
        """When the gateway's last webhook came, None before the first one."""
        found = page_back(self._events, {"gateway": gateway}, "received_at", 1, only=())
        return found[0]["received_at"] if found else None

    def latest(self, most: int) -> list[ReceivedWebhook]:
        """The webhooks that came last, the newest first."""
        found = page_back(self._events, {}, "received_at", most, only=("gateway",))
        return [
            ReceivedWebhook(
                id=each["_id"].partition(":")[2],
                gateway=each["gateway"],
                received_at=each["received_at"],
            )
            for each in found
        ]
