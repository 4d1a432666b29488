"""Letting go of what is over, day by day. In the worker."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from app.db.database import Database
from app.db.moments import before
from app.orders.models import ErasedOrder
from app.orders.service import OrderService
from app.privacy.erasing import Traces
from app.privacy.models import Periods
from app.privacy.repository import TraceRepository
from app.shared.clock import now

_BATCH = 2000
_MOST_BATCHES = 10  # of a rule in one round: what is left waits for the next
_DAY = timedelta(days=1)
_log = structlog.get_logger()

_Rule = Callable[[datetime, int], int]  # does some, before a moment; how many


class Retention:
    """Deletes or blanks whatever was kept long enough, in small batches. Repeating it, and being
    killed, harms nothing."""

    def __init__(
        self, database: Database, orders: OrderService, traces: Traces, periods: Periods
    ) -> None:
        self._orders = orders
        self._traces = traces
        self._places = TraceRepository(database)
        self._periods = periods

    def run(self, moment: datetime | None = None) -> dict[str, int]:
        """One round as of ``moment``, by default now; how much of what was let go."""
        moment = moment or now()
        periods = self._periods
        rules: dict[str, tuple[timedelta, _Rule]] = {
            "events": (_DAY, self._places.blank_events),
            "unpaid_orders": (periods.unpaid, self._unpaid),
            "paid_orders": (periods.papers, self._paid),
            "audit_log": (periods.audit_log, self._deleting("audit_log", "at")),
            "webhooks": (periods.traces, self._deleting("webhook_events", "received_at")),
            "sent_messages": (periods.traces, self._deleting("sent_messages", "at")),
            "invitations": (periods.traces, self._invitations),
            "drafts": (periods.traces, self._drafts),
            "payment_requests": (periods.traces, self._payment_requests),
        }
        done = {}
        for name, (age, rule) in rules.items():
            if count := _repeat(rule, moment - age):
                done[name] = count
        if done:
            _log.info("retention", **done)
        return done

    def _unpaid(self, moment: datetime, most: int) -> int:
        return self._erase_orders(self._orders.cancelled_with_names(moment, most))

    def _paid(self, moment: datetime, most: int) -> int:
        return self._erase_orders(self._orders.sold_with_names(moment, most))

    def _erase_orders(self, old: list[ErasedOrder]) -> int:
        """Traces first: once its name is gone, an order is not found again."""
        ids, numbers = [each.id for each in old], [each.number for each in old]
        self._traces.remove_of_orders(ids, numbers, [])
        self._orders.erase_old(old)
        return len(old)

    def _deleting(self, collection: str, field: str) -> _Rule:
        return lambda moment, most: self._places.delete_old(
            collection, {field: before(moment)}, most
        )

    def _invitations(self, moment: datetime, most: int) -> int:
        query = {"expires_at": before(moment)}
        return self._places.delete_old("staff_invitations", query, most)

    def _drafts(self, moment: datetime, most: int) -> int:
        query = {"expires_at": before(moment), "email": {"$gt": ""}}
        nobody = {"email": "", "address": None, "note": ""}
        return self._places.blank_old("drafts", query, nobody, most)

    def _payment_requests(self, moment: datetime, most: int) -> int:
        query = {"updated_at": before(moment), "request.customer_email": {"$gt": ""}}
        return self._places.blank_old(
            "payment_attempts", query, {"request.customer_email": ""}, most
        )


def _repeat(rule: _Rule, moment: datetime) -> int:
    done = 0
    for _ in range(_MOST_BATCHES):
        count = rule(moment, _BATCH)
        done += count
        if count < _BATCH:
            break
    return done
