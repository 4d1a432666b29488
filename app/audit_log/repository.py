"""The audit log's documents."""

from __future__ import annotations

from collections.abc import Sequence

from app.audit_log.models import Actor, AuditEntry, AuditFilter, AuditId, Change, Outcome
from app.db.database import Database, Document, Session
from app.db.pages import page_back
from app.shared.ids import AccountId


class AuditRepository:
    """Entries are added and concluded, and never removed."""

    def __init__(self, database: Database) -> None:
        self._entries = database["audit_log"]

    def insert(self, entry: AuditEntry) -> None:
        """Add an entry."""
        self._entries.insert_one(_to_document(entry))

    def drop_begun(self, entry_id: AuditId) -> None:
        """Take back an entry of an action that changed nothing."""
        self._entries.delete_one({"_id": entry_id, "outcome": Outcome.BEGUN.value})

    def conclude(
        self, entry_id: AuditId, outcome: Outcome, changes: Sequence[Change], note: str
    ) -> None:
        """Say what became of a begun entry."""
        self._entries.update_one(
            {"_id": entry_id, "outcome": Outcome.BEGUN.value},
            {
                "$set": {
                    "outcome": outcome.value,
                    "note": note,
                    "changes": [_change_to_document(each) for each in changes],
                    "subjects": sorted({each.subject for each in changes}),
                }
            },
        )

    def find(self, entry_id: AuditId, session: Session | None = None) -> AuditEntry | None:
        """An entry, or None."""
        document = self._entries.find_one({"_id": entry_id}, session=session)
        return _from_document(document) if document else None

    def mark_undone(self, entry_id: AuditId, by: AuditId) -> bool:
        """Note that ``by`` undoes an entry; False if it was undone before."""
        marked = self._entries.update_one(
            {"_id": entry_id, "undone_by": None}, {"$set": {"undone_by": by}}
        )
        if marked.modified_count:
            self._entries.update_one({"_id": by}, {"$set": {"undoes": entry_id}})
        return bool(marked.modified_count)

    def unmark_undone(self, entry_id: AuditId, by: AuditId) -> None:
        """Forget that ``by`` undoes an entry: it could not."""
        self._entries.update_one({"_id": entry_id, "undone_by": by}, {"$set": {"undone_by": None}})

    def list(self, wanted: AuditFilter, most: int) -> list[AuditEntry]:
        """Entries, the newest first."""
        query: Document = {}
        if wanted.account_id:
            query["actor.account_id"] = wanted.account_id
        if wanted.action:
            query["action"] = wanted.action
        if wanted.subject:
            query["subjects"] = wanted.subject
        if wanted.outcome:
            query["outcome"] = wanted.outcome
        found = page_back(self._entries, query, "at", most, wanted.after)
        return [_from_document(each) for each in found]


def _to_document(entry: AuditEntry) -> Document:
    return {
        "_id": entry.id,
        "at": entry.at,
        "actor": {
            "account_id": entry.actor.account_id,
            "email": entry.actor.email,
            "role": entry.actor.role,
            "network": entry.actor.network,
        },
        "action": entry.action,
        "outcome": entry.outcome.value,
        "note": entry.note,
        "changes": [_change_to_document(each) for each in entry.changes],
        "subjects": sorted({each.subject for each in entry.changes}),
        "undone_by": entry.undone_by,
        "undoes": entry.undoes,
    }


def _change_to_document(change: Change) -> Document:
    return {
        "subject": change.subject,
        "label": change.label,
        "before": dict(change.before) if change.before is not None else None,
        "after": dict(change.after) if change.after is not None else None,
    }


def _from_document(document: Document) -> AuditEntry:
    actor = document["actor"]
    return AuditEntry(
        id=AuditId(document["_id"]),
        at=document["at"],
        actor=Actor(
            account_id=AccountId(actor["account_id"]),
            email=actor["email"],
            role=actor["role"],
            network=actor["network"],
        ),
        action=document["action"],
        outcome=Outcome(document["outcome"]),
        note=document["note"],
        changes=tuple(
            Change(
                subject=each["subject"],
                label=each["label"],
                before=each["before"],
                after=each["after"],
            )
            for each in document["changes"]
        ),
        undone_by=document["undone_by"],
        undoes=document["undoes"],
    )
