"""Webhooks: verified, stored once, left for the worker."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from app.db.database import Database, Session
from app.db.errors import DuplicateKeyError
from app.db.outbox import Outbox
from app.payments.errors import BadSignature
from app.payments.events import WEBHOOK_RECEIVED, WEBHOOK_REPEATED
from app.payments.gateways.base import WebhookHint
from app.payments.gateways.switchboard import Switchboard
from app.payments.models import ReceivedWebhook
from app.payments.webhook_repository import WebhookRepository
from app.shared.meters import DUPLICATES


class WebhookInbox:
    """Takes what gateways send; never acts on it itself."""

    def __init__(self, database: Database, outbox: Outbox, gateways: Switchboard) -> None:
        self._database = database
        self._outbox = outbox
        self._gateways = gateways
        self._webhooks = WebhookRepository(database)

    def latest(self, most: int) -> list[ReceivedWebhook]:
        """The webhooks that came last, the newest first."""
        return self._webhooks.latest(most)

    def receive(self, gateway_name: str, body: bytes, headers: Mapping[str, str]) -> bool:
        """Verify and store a webhook with the event that makes the worker look.

        False for one that was stored before. Raises ``BadSignature``.
        """
        hint = self._read(gateway_name, body, headers)

        def work(session: Session) -> None:
            self._webhooks.store(gateway_name, hint.event_id, body, session)
            self._outbox.publish(
                WEBHOOK_RECEIVED,
                {
                    "gateway": gateway_name,
                    "kind": hint.kind,
                    "session_id": hint.session_id,
                    "attempt_id": hint.attempt_id,
                    "payment_id": hint.payment_id,
                    "dispute_id": hint.dispute_id,
                },
                session,
                key=f"webhook:{gateway_name}:{hint.event_id}",
            )

        try:
            self._database.in_transaction(work)
        except DuplicateKeyError:
            DUPLICATES.labels("repeated_webhook").inc()
            self._outbox.publish(WEBHOOK_REPEATED, {"gateway": gateway_name})
            return False
        return True

    def _read(self, gateway_name: str, body: bytes, headers: Mapping[str, str]) -> WebhookHint:
        """Verify with the secret in use, and with those that were until lately. Raises
        ``BadSignature``."""
        refusal = BadSignature("this gateway is not configured")
        for gateway in self._gateways.listening(gateway_name):
            try:
                return gateway.read_webhook(body, headers)
            except BadSignature as problem:
                refusal = problem
        raise refusal

    def last_received(self, gateway_name: str) -> datetime | None:
        """When the gateway's last webhook came, None before the first one."""
        return self._webhooks.last_received(gateway_name)
