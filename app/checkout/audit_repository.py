"""Runs of the audit, what they found, and what each day came to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import timedelta

from app.checkout.audit import Difference, Discrepancy
from app.checkout.audit_models import AuditRun, Finding, FindingState, MoneyDay, RunState
from app.db.database import Database, Document, Session
from app.db.errors import DuplicateKeyError
from app.db.moments import has_passed
from app.shared.clock import now
from app.shared.ids import new_id


class AuditRepository:
    """Reads and writes ``audit_runs``, ``audit_findings`` and ``money_days``."""

    def __init__(self, database: Database) -> None:
        self._runs = database["audit_runs"]
        self._findings = database["audit_findings"]
        self._days = database["money_days"]

    # --- runs -------------------------------------------------------------------------------------

    def ask(self, by: str) -> AuditRun:
        """Store that a run is wanted; the one that is under way, if there is one."""
        moment = now()
        document = {
            "_id": new_id("run"),
            "state": RunState.ASKED.value,
            "open": True,
            "by": by,
            "asked_at": moment,
            "beat_at": moment,
            "looked_at": 0,
            "found": 0,
            "error": "",
        }
        try:
            self._runs.insert_one(document)
        except DuplicateKeyError:
            known = self._runs.find_one({"open": True})
            return self.ask(by) if known is None else _run(known)
        return _run(document)

    def take(self, lease: timedelta) -> AuditRun | None:
        """Take the run that is wanted, or one whose worker has not been heard of for long."""
        known = self._runs.find_one({"open": True})
        if known is None:
            return None
        is_lost = has_passed(known["beat_at"], now() - lease)
        if known["state"] != RunState.ASKED.value and not is_lost:
            return None
        taken = self._runs.update_one(
            {"_id": known["_id"], "state": known["state"], "beat_at": known["beat_at"]},
            {"$set": {"state": RunState.RUNNING.value, "beat_at": now()}},
        )
        return _run(known) if taken.modified_count else None

    def beat(self, run_id: str, looked_at: int) -> None:
        """Say how far a run is, and that it goes on."""
        self._runs.update_one(
            {"_id": run_id, "open": True}, {"$set": {"beat_at": now(), "looked_at": looked_at}}
        )

    def end(self, run_id: str, looked_at: int, found: int, error: str) -> None:
        """Conclude a run."""
        state = RunState.FAILED if error else RunState.DONE
        change = {
            "state": state.value,
            "open": False,
            "beat_at": now(),
            "looked_at": looked_at,
            "found": found,
            "error": error,
        }
        self._runs.update_one({"_id": run_id}, {"$set": change})

    def latest(self, most: int) -> list[AuditRun]:
        """The newest runs."""
        return [_run(each) for each in self._runs.find().sort("_id", -1).limit(most)]

    # --- findings ---------------------------------------------------------------------------------

    def store(self, run_id: str, found: Iterable[Discrepancy]) -> None:
        """Note what a run found; what it did not find again is gone."""
        for each in found:
            self._note(run_id, each)
        waiting = [FindingState.OPEN.value, FindingState.REPAIRED.value]
        self._findings.update_many(
            {"state": {"$in": waiting}, "run_id": {"$ne": run_id}},
            {"$set": {"state": FindingState.GONE.value}, "$inc": {"version": 1}},
        )

    def _note(self, run_id: str, found: Discrepancy) -> None:
        identity = {"_id": _finding_id(found)}
        state = FindingState.MENDED if found.mended else FindingState.OPEN
        self._findings.update_one(
            identity,
            {
                "$set": {"last_seen": now(), "run_id": run_id},
                "$setOnInsert": {
                    "difference": found.difference.name,
                    "gateway": found.gateway,
                    "payment_id": found.payment_id,
                    "order_number": found.order_number,
                    "first_seen": now(),
                    "state": state.value,
                    "note": "",
                    "version": 1,
                },
            },
            upsert=True,
        )
        kept = [state.value, FindingState.MARKED.value]
        self._findings.update_one(
            {**identity, "state": {"$nin": kept}},
            {"$set": {"state": state.value}, "$inc": {"version": 1}},
        )

    def find(self, finding_id: str) -> Finding | None:
        """A finding, or None."""
        found = self._findings.find_one({"_id": finding_id})
        return _finding(found) if found else None

    def in_states(self, states: Iterable[FindingState], most: int) -> list[Finding]:
        """Findings in these states, those seen last first."""
        query = {"state": {"$in": [state.value for state in states]}}
        found = self._findings.find(query).sort("last_seen", -1).limit(most)
        return [_finding(each) for each in found]

    def move(
        self, finding: Finding, state: FindingState, note: str, session: Session | None = None
    ) -> bool:
        """Move a finding on, unless it is not as it was read any more."""
        result = self._findings.update_one(
            {"_id": finding.id, "version": finding.version},
            {"$set": {"state": state.value, "note": note}, "$inc": {"version": 1}},
            session=session,
        )
        return bool(result.modified_count)

    # --- days -------------------------------------------------------------------------------------

    def store_days(self, days: Iterable[MoneyDay], since: str) -> None:
        """Put these in the place of all that is known of ``since`` and later."""
        kept = []
        for each in days:
            identity = f"{each.day}|{each.gateway}|{each.currency}"
            kept.append(identity)
            document = {
                "day": each.day,
                "gateway": each.gateway,
                "currency": each.currency,
                "payments": each.payments,
                "captured": each.captured,
                "refunded": each.refunded,
                "listed_captured": each.listed_captured,
                "listed_refunded": each.listed_refunded,
                "compared_at": each.compared_at,
            }
            self._days.replace_one({"_id": identity}, document, upsert=True)
        self._days.delete_many({"day": {"$gte": since}, "_id": {"$nin": kept}})

    def days(self, first: str, last: str) -> list[MoneyDay]:
        """What the days from ``first`` to ``last`` came to, the newest first."""
        found = self._days.find({"day": {"$gte": first, "$lte": last}})
        return sorted(map(_day, found), key=lambda day: (day.day, day.gateway), reverse=True)


def _finding_id(found: Discrepancy) -> str:
    told = (found.difference.name, found.gateway, found.payment_id, found.order_number)
    return hashlib.blake2b("\x1f".join(told).encode(), digest_size=12).hexdigest()


def _run(document: Document) -> AuditRun:
    return AuditRun(
        id=document["_id"],
        state=RunState(document["state"]),
        by=document["by"],
        asked_at=document["asked_at"],
        beat_at=document["beat_at"],
        looked_at=document["looked_at"],
        found=document["found"],
        error=document["error"],
    )


def _finding(document: Document) -> Finding:
    return Finding(
        id=document["_id"],
        difference=Difference[document["difference"]],
        gateway=document["gateway"],
        payment_id=document["payment_id"],
        order_number=document["order_number"],
        state=FindingState(document["state"]),
        note=document["note"],
        first_seen=document["first_seen"],
        last_seen=document["last_seen"],
        version=document["version"],
    )


def _day(document: Document) -> MoneyDay:
    return MoneyDay(
        day=document["day"],
        gateway=document["gateway"],
        currency=document["currency"],
        payments=document["payments"],
        captured=document["captured"],
        refunded=document["refunded"],
        listed_captured=document["listed_captured"],
        listed_refunded=document["listed_refunded"],
        compared_at=document["compared_at"],
    )
