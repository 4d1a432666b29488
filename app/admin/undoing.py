"""Bringing back what was deleted, from what the audit log kept of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, request

from app.admin.guard import allowed, changed, entry_id, staff
from app.admin.permissions import Permission
from app.audit_log.models import AuditEntry, Change, Outcome
from app.audit_log.service import AuditLog
from app.db.errors import PyMongoError
from app.shared.errors import Conflict
from app.shared.texts import Text
from app.web.registry import service

Restore = Callable[[Mapping[str, Any]], None]
_KINDS = "mossx.undo"


@dataclass(frozen=True, slots=True)
class _Kind:
    permission: Permission
    restore: Restore


def undoable(app: Flask, kind: str, permission: Permission, restore: Restore) -> None:
    """Let deletions of a kind be undone: ``restore`` gets what ``changed`` was told as ``before``,
    puts it back, and raises a ``ShopError`` where that cannot be."""
    app.extensions.setdefault(_KINDS, {})[kind] = _Kind(permission, restore)


def can_undo(entry: AuditEntry) -> bool:
    """Whether the member of staff can bring back what an action deleted."""
    return (
        entry.outcome is Outcome.DONE
        and entry.undone_by is None
        and bool(entry.changes)
        and all(_may_restore(each) for each in entry.changes)
    )


def _may_restore(change: Change) -> bool:
    kind: _Kind | None = current_app.extensions.get(_KINDS, {}).get(change.kind)
    was_deleted = change.before is not None and change.after is None
    return kind is not None and was_deleted and allowed(kind.permission)


def undo(entry: AuditEntry) -> None:
    """Bring back what an action deleted. Raises ``Conflict`` where there is nothing (any more),
    and what restoring raises."""
    if not can_undo(entry):
        raise Conflict(Text("This cannot be undone (any more)."))
    log = service(AuditLog)
    log.claim_undo(entry, entry_id())
    try:
        for change in entry.changes:
            current_app.extensions[_KINDS][change.kind].restore(change.before)
            changed(change.subject, change.label, None, change.before)
    except BaseException:
        log.give_up_undo(entry, entry_id())
        raise


def offered_undo() -> AuditEntry | None:
    """The deletion that the page's address says was just made, if its maker can undo it."""
    wanted = request.args.get("undo", "")
    try:
        entry = service(AuditLog).find(wanted) if wanted else None
    except PyMongoError:  # the page that says that the database is away has this layout too
        return None
    mine = entry is not None and entry.actor.account_id == staff().id
    return entry if entry is not None and mine and can_undo(entry) else None


def init_app(app: Flask) -> None:
    """Offer ``offered_undo()`` and ``can_undo()`` to templates."""
    app.jinja_env.globals["offered_undo"] = offered_undo
    app.jinja_env.globals["can_undo"] = can_undo
