"""The audit log."""

from __future__ import annotations

from collections.abc import Sequence

from app.audit_log.models import Actor, AuditEntry, AuditFilter, AuditId, Change, Outcome
from app.audit_log.repository import AuditRepository
from app.db.database import Database
from app.shared.clock import now
from app.shared.errors import Conflict, NotFound
from app.shared.ids import new_id
from app.shared.texts import Text


class AuditLog:
    """Notes what staff do, before they do it and once it is done.

    An entry that stays begun belongs to a process that died half-way.
    """

    def __init__(self, database: Database) -> None:
        self._entries = AuditRepository(database)

    def begin(self, actor: Actor, action: str) -> AuditId:
        """Store that an action starts now, and return the entry's id."""
        return self._add(actor, action, Outcome.BEGUN)

    def deny(self, actor: Actor, action: str) -> None:
        """Store that somebody tried what their role does not allow."""
        self._add(actor, action, Outcome.DENIED)

    def _add(self, actor: Actor, action: str, outcome: Outcome) -> AuditId:
        entry_id = AuditId(new_id("aud"))
        self._entries.insert(
            AuditEntry(id=entry_id, at=now(), actor=actor, action=action, outcome=outcome)
        )
        return entry_id

    def conclude(
        self, entry_id: AuditId, changes: Sequence[Change] = (), note: str = "", *, ok: bool = True
    ) -> None:
        """Store what a begun action has changed; ``ok`` is False for one that ended in an error."""
        outcome = Outcome.DONE if ok else Outcome.FAILED
        self._entries.conclude(entry_id, outcome, changes, note)

    def take_back(self, entry_id: AuditId) -> None:
        """Drop the entry of an action that was refused, or only looked: nothing has changed."""
        self._entries.drop_begun(entry_id)

    def find(self, entry_id: str) -> AuditEntry | None:
        """An entry, or None."""
        return self._entries.find(AuditId(entry_id))

    def get(self, entry_id: str) -> AuditEntry:
        """An entry. Raises ``NotFound``."""
        entry = self.find(entry_id)
        if entry is None:
            raise NotFound(Text("This entry of the audit log does not exist."))
        return entry

    def list(self, wanted: AuditFilter, most: int) -> list[AuditEntry]:
        """Entries, the newest first."""
        return self._entries.list(wanted, most)

    def claim_undo(self, entry: AuditEntry, by: AuditId) -> None:
        """Have ``by`` undo an entry. Raises ``Conflict`` if that was done, or if another does."""
        if not self._entries.mark_undone(entry.id, by):
            raise Conflict(Text("This was undone already."))

    def give_up_undo(self, entry: AuditEntry, by: AuditId) -> None:
        """``by`` could not undo an entry: it may be tried again."""
        self._entries.unmark_undone(entry.id, by)
