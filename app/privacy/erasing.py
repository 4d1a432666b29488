"""Removing the traces that somebody left, after all that was their own is gone. In the worker."""

from __future__ import annotations

from collections.abc import Sequence

from app.db.database import Database, Session
from app.db.outbox import Event, Outbox
from app.orders.models import ErasedOrder
from app.privacy.events import PERSON_ERASED
from app.privacy.repository import TraceRepository
from app.shared.emails import erased_email
from app.shared.ids import AccountId


class Traces:
    """Told in the transaction in which somebody goes; repeats until it is done."""

    def __init__(self, database: Database, outbox: Outbox) -> None:
        self._traces = TraceRepository(database)
        self._outbox = outbox

    def subscribe(self, outbox: Outbox) -> None:
        """Listen to persons who went."""
        outbox.subscribe(PERSON_ERASED, "privacy.traces", self.remove)

    def forget(
        self, account_id: AccountId, email: str, orders: Sequence[ErasedOrder], session: Session
    ) -> None:
        """Have everything removed that is left of somebody; ``email`` is "" if the address may be
        another's."""
        emails = {name for each in orders for name in (each.email, *each.former_emails)}
        emails |= {email} if email else set()
        payload = {
            "account_id": account_id,
            "email": email,
            "emails": sorted(emails),
            "order_ids": [each.id for each in orders],
            "numbers": [each.number for each in orders],
        }
        key = f"{PERSON_ERASED}:{account_id}"
        self._outbox.publish(PERSON_ERASED, payload, session, key=key)

    def remove(self, event: Event) -> None:
        """Remove them; doing it again changes nothing."""
        told = event.payload
        self.remove_of_orders(told["order_ids"], told["numbers"], told["emails"])
        self._traces.blank_drafts(told["email"], told["numbers"])
        self._traces.blank_log([f"customer:{told['account_id']}"])
        if told["email"]:
            self._traces.replace_in_promotions(told["email"], erased_email())
            self._traces.delete_invitations(told["email"])

    def remove_of_orders(
        self, order_ids: Sequence[str], numbers: Sequence[str], emails: Sequence[str]
    ) -> None:
        """What belongs to orders alone."""
        self._traces.blank_payments(order_ids)
        self._traces.blank_fulfilment(order_ids)
        self._traces.blank_timelines(order_ids)
        self._traces.blank_webhooks(emails)
        self._traces.blank_given_up(emails)
        self._traces.blank_log([f"order:{number}" for number in numbers])
