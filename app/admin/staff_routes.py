"""Who works here: inviting, roles, second factors, and letting somebody go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, request
from werkzeug.wrappers import Response as BaseResponse
from wtforms import Form

from app.admin.guard import area, changed, entry_id, needs, only_looked, staff
from app.admin.permissions import Permission
from app.admin.staff_forms import ROLE_LABELS, InviteForm
from app.admin.undoing import undoable
from app.identity.errors import OwnRole, RoleMovedOn
from app.identity.invitations import Invitations
from app.identity.models import Account, Invitation, Role
from app.identity.staffing import Staffing
from app.identity.two_factor import TwoFactor
from app.shared.clock import now
from app.shared.errors import Invalid
from app.shared.texts import Text
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page

blueprint = area("staff", __name__, "/staff")
_CHECK = Text("Please check the fields below.")
_PATH = "/admin/staff"


def init_app(app: Flask) -> None:
    """Let people who were removed by mistake come back."""
    undoable(app, "staff", Permission.STAFF, _bring_back)


def _bring_back(kept: Mapping[str, Any]) -> None:
    service(Staffing).bring_back(kept["account"], Role(kept["role"]))


def _list(status: int = 200, message: str = "", form: Form | None = None, **more: Any) -> Response:
    return page(
        "admin/staff/list.html",
        "content",
        status,
        people=service(Staffing).everybody(),
        invitations=service(Invitations).open(),
        roles=ROLE_LABELS,
        form=form or InviteForm(),
        message=message,
        conflict=more.get("conflict"),
        due=service(TwoFactor).is_due,
        now=now(),
    )


@blueprint.get("")
@needs(Permission.STAFF)
def people() -> Response:
    """Everybody who works here, and who is invited."""
    return _list()


# --- invitations ----------------------------------------------------------------------------------


@blueprint.post("")
@needs(Permission.STAFF)
def invite() -> BaseResponse:
    """Invite somebody by mail."""
    form = InviteForm(request.form)
    if not form.validate():
        return _list(422, _CHECK, form)
    try:
        invitation, is_new = service(Invitations).invite(
            form.email.data or "", Role(form.role.data), staff().email
        )
    except Invalid as refusal:
        form.email.errors = [refusal.message]
        return _list(422, _CHECK, form)
    if is_new:
        changed(f"invitation:{invitation.id}", invitation.email, None, _offer(invitation))
        leave_message(Text("An invitation is on its way to %(email)s.", email=invitation.email))
    else:
        only_looked()
        leave_message(
            Text(
                "%(email)s is invited already: “Send again” below sends the mail once more.",
                email=invitation.email,
            )
        )
    return leave_to(_PATH)


def _offer(invitation: Invitation) -> dict[str, object]:
    return {"email": invitation.email, "role": invitation.role.value}


@blueprint.post("/invitations/<invitation_id>/again")
@needs(Permission.STAFF)
def send_again(invitation_id: str) -> BaseResponse:
    """Send an invitation once more."""
    before = service(Invitations).get(invitation_id)
    after = service(Invitations).send_again(invitation_id)
    changed(
        f"invitation:{after.id}",
        after.email,
        {"expires_at": before.expires_at},
        {"expires_at": after.expires_at},
    )
    leave_message(Text("An invitation is on its way to %(email)s.", email=after.email))
    return leave_to(_PATH)


@blueprint.post("/invitations/<invitation_id>/withdrawal")
@needs(Permission.STAFF)
def withdraw(invitation_id: str) -> BaseResponse:
    """Take an invitation back."""
    invitation = service(Invitations).withdraw(invitation_id)
    changed(f"invitation:{invitation.id}", invitation.email, _offer(invitation), None)
    leave_message(Text("The invitation is withdrawn: its link is worth nothing now."))
    return leave_to(_PATH)


# --- people ---------------------------------------------------------------------------------------


def _plain(account: Account) -> dict[str, object]:
    return {"account": account.id, "role": account.role.value}


def _role(name: str) -> Role:
    """A role of the form. Raises ``Invalid`` for what is none of staff."""
    try:
        role = Role(request.form.get(name, ""))
    except ValueError:
        role = Role.CUSTOMER
    if not role.is_staff:
        raise Invalid(Text("Please choose a role."))
    return role


@blueprint.post("/<account_id>/role")
@needs(Permission.STAFF)
def change_role(account_id: str) -> BaseResponse:
    """Give somebody another role than the one that was read (``was``)."""
    before, role = service(Staffing).get(account_id), _role("role")
    try:
        service(Staffing).change_role(account_id, _role("was"), role, staff().id)
    except RoleMovedOn as refusal:
        theirs = service(Staffing).get(account_id)
        return _list(409, refusal.message, conflict={"theirs": theirs, "yours": role})
    after = {**_plain(before), "role": role.value}
    if before.role is role:
        only_looked()
    else:
        changed(f"staff:{before.id}", before.email, _plain(before), after)
    leave_message(Text("The role of %(who)s is changed.", who=before.name))
    return leave_to(_PATH)


@blueprint.post("/<account_id>/removal")
@needs(Permission.STAFF)
def remove(account_id: str) -> BaseResponse:
    """Let somebody go, in the role that was read; this can be undone."""
    account = service(Staffing).get(account_id)
    try:
        service(Staffing).remove(account_id, _role("was"), staff().id)
    except RoleMovedOn as refusal:
        theirs = service(Staffing).get(account_id)
        return _list(409, refusal.message, conflict={"theirs": theirs, "yours": Text("removed")})
    changed(f"staff:{account.id}", account.name, _plain(account), None)
    return leave_to(f"{_PATH}?undo={entry_id()}")


@blueprint.post("/<account_id>/second-factor")
@needs(Permission.STAFF)
def second_factor(account_id: str) -> BaseResponse:
    """Require a second factor (``require``), or no more (``free``), or take off one that was lost
    (``reset``)."""
    account, action = service(Staffing).get(account_id), request.form.get("action", "")
    if action == "reset" and account.id == staff().id:
        raise OwnRole  # or a session that was stolen would be rid of it
    if action == "reset":
        service(TwoFactor).reset(account)
        service(Staffing).log_out(account_id)
    elif action in {"require", "free"}:
        service(Staffing).require_second_factor(account_id, required=action == "require")
    else:
        raise Invalid(Text("Please choose what to do with the second factor."))
    after = service(Staffing).get(account_id)
    changed(f"staff:{account.id}", account.email, _factor(account), _factor(after))
    leave_message(Text("Done. %(who)s was told where it concerns them.", who=account.name))
    return leave_to(_PATH)


def _factor(account: Account) -> dict[str, object]:
    return {
        "second_factor": account.has_second_factor,
        "second_factor_required": account.second_factor_required,
    }


@blueprint.post("/<account_id>/logout")
@needs(Permission.STAFF)
def log_out(account_id: str) -> BaseResponse:
    """Log somebody out everywhere."""
    account = service(Staffing).get(account_id)
    ended = service(Staffing).log_out(account_id)
    changed(f"staff:{account.id}", account.email, {"sessions": ended}, {"sessions": 0})
    leave_message(Text("%(who)s is logged out everywhere.", who=account.name))
    return leave_to(_PATH)
