"""Who may come in, and that everything they change is in the audit log.

Every view of an area names its permission; one that names none answers nobody. A request that may
change something is in the log before its view runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from flask import Blueprint, Response, current_app, g, request
from werkzeug.wrappers import Response as BaseResponse

from app.admin.body_limits import let_staff_send
from app.admin.permissions import Permission, may
from app.audit_log.models import Actor, AuditId, Change
from app.audit_log.service import AuditLog
from app.identity.context import current_account, origin
from app.identity.models import Account
from app.identity.two_factor import TwoFactor
from app.shared.errors import Forbidden
from app.shared.languages import DEFAULT
from app.shared.texts import Text, speak
from app.web.registry import service
from app.web.rendering import leave_to

_PERMISSION = "mossx_permission"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_SET_UP_PATH = "/account/two-factor"
View = TypeVar("View", bound=Callable[..., Any])


class NotYours(Forbidden):
    """The person's role does not allow what they asked for."""

    def __init__(self) -> None:
        super().__init__(Text("Your role in this shop does not allow that. Nothing was changed."))


def area(name: str, import_name: str, path: str = "") -> Blueprint:
    """A part of the panel, at ``/admin`` and ``path``; its endpoints begin with ``admin_name``."""
    blueprint = Blueprint(f"admin_{name}", import_name, url_prefix=f"/admin{path}")
    let_staff_send(blueprint)
    blueprint.before_request(_guard)
    blueprint.after_request(_conclude)
    return blueprint


def needs(permission: Permission) -> Callable[[View], View]:
    """Say what a view asks of the role of whoever calls it."""

    def mark(view: View) -> View:
        setattr(view, _PERMISSION, permission)
        return view

    return mark


def permission_of(endpoint: str) -> Permission:
    """What an endpoint of the panel asks for. Raises ``AttributeError`` where that was forgotten:
    nobody gets in."""
    permission: Permission = getattr(current_app.view_functions[endpoint], _PERMISSION)
    return permission


def staff() -> Account:
    """The member of staff whose request this is."""
    account: Account = g.staff
    return account


def allowed(permission: Permission) -> bool:
    """Whether the member of staff may do something: for what to show, views are guarded anyway."""
    return may(staff().role, permission)


def changed(
    subject: str,
    label: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> None:
    """Have the log say what this request changed (see ``Change``). Plain values only: texts,
    numbers, lists, dictionaries, datetimes. Never a secret."""
    g.audit_changes = (
        *g.get("audit_changes", ()),
        Change(subject=subject, label=label, before=before, after=after),
    )


def note(text: str) -> None:
    """Have the log say this beside the action."""
    g.audit_note = text


def only_looked() -> None:
    """This request was sent as a form and changed nothing: a preview, a dry run."""
    g.audit_only_looked = True


def entry_id() -> AuditId:
    """The log's entry of this request; there is none for a request that only reads."""
    held: AuditId = g.audit_entry
    return held


def _guard() -> BaseResponse | None:
    account = current_account()
    if not account.role.is_staff:
        raise NotYours
    speak(DEFAULT)
    if service(TwoFactor).is_due(account):
        return leave_to(_SET_UP_PATH)
    endpoint = request.endpoint or ""
    permission = permission_of(endpoint)
    g.staff = account
    writes = request.method not in _SAFE
    if not may(account.role, permission):
        if writes:
            service(AuditLog).deny(_actor(account), endpoint)
        raise NotYours
    if writes:
        g.audit_entry = service(AuditLog).begin(_actor(account), endpoint)
    return None


def _actor(account: Account) -> Actor:
    return Actor(
        account_id=account.id,
        email=account.email,
        role=account.role.value,
        network=origin().network,
    )


def _conclude(response: Response) -> Response:
    response.headers["Cache-Control"] = "private, no-store"
    begun: AuditId | None = g.get("audit_entry")
    if begun is None:
        return response
    log, changes = service(AuditLog), g.get("audit_changes", ())
    refused = 400 <= response.status_code < 500 and not changes
    if refused or g.get("audit_only_looked"):
        log.take_back(begun)
    else:
        log.conclude(begun, changes, g.get("audit_note", ""), ok=response.status_code < 400)
    return response
