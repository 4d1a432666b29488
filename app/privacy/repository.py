"""Traces of persons outside of what is their own: in payments, papers, logs and events.

Each step may be repeated, and touches only what is over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from app.db.database import Database, Document
from app.db.moments import at_any_time, before

_STEP = 50  # values in one query
_EVENT_KINDS = ("note", "mail")  # whose words may name somebody
_TELLING = ("note", "address", "email", "name", "phone", "confirmation sent to")
REMOVED = "Removed with the customer's data"


class TraceRepository:
    """Blanks and deletes in many collections."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- of one person --------------------------------------------------------------------------

    def blank_payments(self, order_ids: Iterable[str]) -> None:
        """The address in the requests that were sent to gateways."""
        for ids in _steps(order_ids):
            self._database["payment_attempts"].update_many(
                {"order_id": {"$in": ids}, "request.customer_email": {"$gt": ""}},
                {"$set": {"request.customer_email": ""}},
            )

    def blank_fulfilment(self, order_ids: Iterable[str]) -> None:
        """What shoppers wrote to returns, and the numbers by which carriers show an address."""
        for ids in _steps(order_ids):
            which = {"order_id": {"$in": ids}}
            self._database["returns"].update_many(which, {"$set": {"comment": ""}})
            self._database["shipments"].update_many(which, {"$set": {"tracking": ""}})

    def blank_timelines(self, order_ids: Iterable[str]) -> None:
        """Notes of staff, and to whom mails went."""
        for ids in _steps(order_ids):
            self._database["order_events"].update_many(
                {"order_id": {"$in": ids}, "kind": {"$in": list(_EVENT_KINDS)}},
                {"$set": {"message": REMOVED, "words": None}},
            )

    def blank_webhooks(self, emails: Iterable[str]) -> None:
        """What gateways sent about somebody: it was acted on, and is not read again."""
        for email in emails:
            self._database["webhook_events"].update_many(
                {"payload": {"$regex": re.escape(email)}}, {"$set": {"payload": ""}}
            )

    def blank_drafts(self, email: str, order_numbers: Iterable[str]) -> None:
        """Whom staff prepared carts for."""
        nobody = {"$set": {"email": "", "address": None, "note": ""}}
        drafts = self._database["drafts"]
        if email:
            drafts.update_many({"email": email}, nobody)
        for numbers in _steps(order_numbers):
            drafts.update_many({"order_number": {"$in": numbers}}, nobody)

    def blank_log(self, subjects: Iterable[str]) -> None:
        """What entries of the audit log say of these subjects; what was done, by whom and when
        stays."""
        log = self._database["audit_log"]
        for wanted in _steps(subjects):
            for entry in log.find({"subjects": {"$in": wanted}}, {"changes": 1}):
                changes = [
                    _without_person(each) if each["subject"] in wanted else each
                    for each in entry["changes"]
                ]
                if changes != entry["changes"]:
                    log.update_one({"_id": entry["_id"]}, {"$set": {"changes": changes}})

    def replace_in_promotions(self, email: str, nobody: str) -> None:
        """An address that a promotion was for. It is not only taken out: for a list that is empty
        the promotion would be everybody's."""
        self._database["promotions"].update_many(
            {"conditions.emails": email}, {"$set": {"conditions.emails.$": nobody}}
        )

    def delete_invitations(self, email: str) -> None:
        """Invitations to work here that are over."""
        self._database["staff_invitations"].delete_many({"email": email, "state": {"$ne": "open"}})

    def blank_given_up(self, emails: Iterable[str]) -> None:
        """Addresses and names in events that were given up, of which nothing can be sent then."""
        query = {"gave_up_at": at_any_time(), "payload.email": {"$in": list(emails)}}
        for event in self._database["outbox"].find(query):
            change = {"$set": _without_names(event), "$unset": {"gave_up_at": ""}}
            self._database["outbox"].update_one({"_id": event["_id"]}, change)

    # --- of everybody, after a while ------------------------------------------------------------

    def blank_events(self, moment: datetime, most: int) -> int:
        """Addresses and names in events that were handled before a moment. What was given up keeps
        them: staff may still have it sent."""
        named: tuple[Document, ...] = (
            {"payload.email": {"$gt": ""}},
            {"payload.emails.0": {"$exists": True}},
        )
        handled = {"done_at": before(moment), "gave_up_at": {"$exists": False}}
        return sum(
            self._each("outbox", {**handled, **each}, most, _without_names) for each in named
        )

    def delete_old(self, collection: str, query: Mapping[str, Any], most: int) -> int:
        """Delete some documents; how many."""
        ids = [
            each["_id"] for each in self._database[collection].find(query, {"_id": 1}).limit(most)
        ]
        for some in _steps(ids):
            self._database[collection].delete_many({"_id": {"$in": some}})
        return len(ids)

    def blank_old(
        self, collection: str, query: Mapping[str, Any], blank: Mapping[str, Any], most: int
    ) -> int:
        """Blank fields of some documents; how many."""
        return self._each(collection, query, most, lambda _: dict(blank))

    def _each(self, collection: str, query: Mapping[str, Any], most: int, blank: Any) -> int:
        found = list(self._database[collection].find(query).limit(most))
        for document in found:
            self._database[collection].update_one(
                {"_id": document["_id"]}, {"$set": blank(document)}
            )
        return len(found)


def _steps(values: Iterable[str]) -> Iterator[list[str]]:
    wanted = list(dict.fromkeys(values))
    for start in range(0, len(wanted), _STEP):
        yield wanted[start : start + _STEP]


def _without_names(event: Document) -> Document:
    return {
        f"payload.{name}": [] if name == "emails" else ""
        for name in ("email", "emails", "name", "sender", "message")
        if name in event["payload"]
    }


def _without_person(change: Document) -> Document:
    """A change of the log without what names somebody."""
    return {
        **change,
        "label": change["subject"].partition(":")[2],
        "before": _blank(change["before"]),
        "after": _blank(change["after"]),
    }


def _blank(values: Any) -> Any:
    if not isinstance(values, dict):
        return values
    return {name: "" if name in _TELLING else value for name, value in values.items()}
