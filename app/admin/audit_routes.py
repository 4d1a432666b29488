"""The audit log: who did what, with what it was like before and after."""

from __future__ import annotations

from flask import Response
from werkzeug.wrappers import Response as BaseResponse

from app.admin.differences import differences
from app.admin.guard import area, needs
from app.admin.lists import Slice, cut, list_state
from app.admin.permissions import Permission
from app.admin.undoing import undo
from app.admin.words import OUTCOMES
from app.audit_log.models import AuditEntry, AuditFilter, Outcome
from app.audit_log.service import AuditLog
from app.shared.texts import Text
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page

blueprint = area("audit", __name__, "/audit")
_PAGE = 50


@blueprint.get("")
@needs(Permission.AUDIT)
def entries() -> Response:
    """The newest entries, narrowed by who, what and outcome."""
    state = list_state(
        filters={
            "who": (),
            "action": (),
            "subject": (),
            "outcome": [each.value for each in Outcome],
        }
    )
    wanted = AuditFilter(
        account_id=state.filters.get("who", ""),
        action=state.filters.get("action", ""),
        subject=state.filters.get("subject", "") or state.q,
        outcome=state.filters.get("outcome", ""),
        after=state.after,
    )
    found: Slice[AuditEntry] = cut(service(AuditLog).list(wanted, _PAGE + 1), _PAGE, "place")
    return page(
        "admin/audit.html",
        "list",
        state=state,
        found=found,
        outcomes=[(each.value, text) for each, text in OUTCOMES.items()],
    )


@blueprint.get("/<entry_id>")
@needs(Permission.AUDIT)
def entry(entry_id: str) -> Response:
    """One entry, field by field."""
    found = service(AuditLog).get(entry_id)
    changes = [(each, differences(each.before, each.after)) for each in found.changes]
    return page("admin/audit_entry.html", "content", entry=found, changes=changes)


@blueprint.post("/<entry_id>/undo")
@needs(Permission.PANEL)
def bring_back(entry_id: str) -> BaseResponse:
    """Bring back what an action deleted; what was deleted says who may."""
    found = service(AuditLog).get(entry_id)
    undo(found)
    names = ", ".join(each.label for each in found.changes)
    leave_message(Text("Restored: %(names)s.", names=names))
    return leave_to(_place_of(found))


def _place_of(found: AuditEntry) -> str:
    """The list on which what was brought back stands."""
    places = {"category": "categories", "home": "home"}
    kind = found.changes[0].kind
    return f"/admin/{places.get(kind, f'{kind}s')}"
