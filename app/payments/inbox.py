"""Webhooks: verified, stored once, left for the worker."""

from __future__ import annotations

from collections.abc import Mapping

from app.db.database import Database, Session
from app.db.errors import DuplicateKeyError
from app.db.outbox import Outbox
from app.payments.errors import BadSignature
from app.payments.events import WEBHOOK_RECEIVED, WEBHOOK_REPEATED
from app.payments.gateways.base import Gateway
from app.payments.models import ReceivedWebhook
from app.payments.repository import WebhookRepository


class WebhookInbox:
    """Takes what gateways send; never acts on it itself."""

    def __init__(self, database: Database, outbox: Outbox, gateways: Mapping[str, Gateway]) -> None:
        self._database = database
        self._outbox = outbox
        self._gateways = dict(gateways)
        self._webhooks = WebhookRepository(database)

    def latest(self, most: int) -> list[ReceivedWebhook]:
        """The webhooks that came last, the newest first."""
        return self._webhooks.latest(most)

    def receive(self, gateway_name: str, body: bytes, headers: Mapping[str, str]) -> bool:
        """Verify and store a webhook with the event that makes the worker look.

        False for one that was stored before. Raises ``BadSignature``.
        """
        gateway = self._gateways.get(gateway_name)
        if gateway is None:
            raise BadSignature("this gateway is not configured")
        hint = gateway.read_webhook(body, headers)

        def work(session: Session) -> None:
            self._webhooks.store(gateway_name, hint.event_id, body, session)
            self._outbox.publish(
                WEBHOOK_RECEIVED,
                {
                    "gateway": gateway_name,
                    "kind": hint.kind,
                    "session_id": hint.session_id,
                    "attempt_id": hint.attempt_id,
                },
                session,
                key=f"webhook:{gateway_name}:{hint.event_id}",
            )

        try:
            self._database.in_transaction(work)
        except DuplicateKeyError:
            self._outbox.publish(WEBHOOK_REPEATED, {"gateway": gateway_name})
            return False
        return True
