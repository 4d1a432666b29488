"""Groups of customers."""

from __future__ import annotations

from flask import Flask, Response, request
from werkzeug.wrappers import Response as BaseResponse
from wtforms import Form

from app.admin.customer_forms import GroupForm, MembersForm
from app.admin.guard import area, changed, entry_id, needs, only_looked
from app.admin.lists import cut, list_state
from app.admin.permissions import Permission
from app.admin.undoing import undoable
from app.groups.errors import GroupMovedOn
from app.groups.models import Group
from app.groups.service import GroupService
from app.promotions.queries import PromotionQuery
from app.promotions.service import PromotionService
from app.shared.errors import Invalid
from app.shared.numbers import whole
from app.shared.texts import Text
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page

blueprint = area("groups", __name__, "/groups")
_PAGE = 100
_CHECK = Text("Please check the fields below.")
_MOVED_ON = Text("Somebody else has renamed this group since you read it.")


def init_app(app: Flask) -> None:
    """Let deleted groups be brought back."""
    undoable(
        app, "group", Permission.CUSTOMERS_EDIT, lambda kept: service(GroupService).restore(kept)
    )


def _list(status: int = 200, message: str = "", form: Form | None = None) -> Response:
    groups = service(GroupService).every()
    return page(
        "admin/groups/list.html",
        "content",
        status,
        groups=groups,
        form=form or GroupForm(),
        message=message,
    )


@blueprint.get("")
@needs(Permission.CUSTOMERS_VIEW)
def groups() -> Response:
    """All groups."""
    return _list()


@blueprint.post("")
@needs(Permission.CUSTOMERS_EDIT)
def create() -> BaseResponse:
    """Make a group."""
    form = GroupForm(request.form)
    if not form.validate():
        return _list(422, _CHECK, form)
    try:
        group = service(GroupService).create(form.code.data or "", form.name.data or "")
    except Invalid as refusal:
        form.code.errors = [refusal.message]
        return _list(422, _CHECK, form)
    changed(_subject(group), group.name, None, _plain(group))
    leave_message(Text("The group is made. Now say who is in it."))
    return leave_to(f"/admin/groups/{group.code}")


def _subject(group: Group) -> str:
    return f"group:{group.code}"


def _plain(group: Group) -> dict[str, object]:
    return {"code": group.code, "name": group.name}


def _show(
    group: Group,
    status: int = 200,
    message: str = "",
    form: Form | None = None,
    members_form: Form | None = None,
    *,
    theirs: Group | None = None,
) -> Response:
    state = list_state(path=f"/admin/groups/{group.code}")
    members = service(GroupService).members(group.code, state.after, _PAGE + 1)
    return page(
        "admin/groups/group.html",
        "content",
        status,
        group=group,
        state=state,
        found=cut(members, _PAGE, "email"),
        form=form or GroupForm(data={"name": group.name, "version": group.version}),
        members_form=members_form or MembersForm(),
        message=message,
        theirs=theirs,
        problems=form or members_form,
        promotions=service(PromotionService).listed(PromotionQuery(group=group.code), _PAGE),
    )


@blueprint.get("/<code>")
@needs(Permission.CUSTOMERS_VIEW)
def group(code: str) -> Response:
    """A group and who is in it."""
    return _show(service(GroupService).get(code))


@blueprint.post("/<code>")
@needs(Permission.CUSTOMERS_EDIT)
def rename(code: str) -> BaseResponse:
    """Give a group another name, over the one that was read."""
    before, form = service(GroupService).get(code), GroupForm(request.form)
    if not form.validate():
        return _show(before, 422, _CHECK, form)
    try:
        after = service(GroupService).rename(
            code, form.name.data or "", whole(form.version.data or "", 0)
        )
    except GroupMovedOn:
        theirs = service(GroupService).get(code)
        form.version.data = str(theirs.version)
        return _show(theirs, 409, _MOVED_ON, form, theirs=theirs)
    if after == before:
        only_looked()
    else:
        changed(_subject(after), after.name, _plain(before), _plain(after))
    leave_message(Text("The group is saved."))
    return leave_to(f"/admin/groups/{code}")


@blueprint.post("/<code>/members")
@needs(Permission.CUSTOMERS_EDIT)
def add_members(code: str) -> BaseResponse:
    """Put addresses into a group, many at once."""
    group, form = service(GroupService).get(code), MembersForm(request.form)
    if not form.validate():
        return _show(group, 422, _CHECK, members_form=form)
    try:
        new = service(GroupService).add(code, form.addresses)
    except Invalid as refusal:
        form.emails.errors = [refusal.message]
        return _show(group, 422, _CHECK, members_form=form)
    changed(_subject(group), group.name, {"added": []}, {"added": new})
    leave_message(
        Text.counted("%(num)s address was added.", "%(num)s addresses were added.", len(new))
    )
    return leave_to(f"/admin/groups/{code}")


@blueprint.post("/<code>/removal")
@needs(Permission.CUSTOMERS_EDIT)
def remove_members(code: str) -> BaseResponse:
    """Take the chosen addresses out of a group."""
    group = service(GroupService).get(code)
    chosen = request.form.getlist("email")[:_PAGE]
    if not chosen:
        raise Invalid(Text("Please choose who leaves the group."))
    gone = service(GroupService).remove(code, chosen)
    changed(_subject(group), group.name, {"members": gone}, {"members": []})
    leave_message(
        Text.counted("%(num)s address was removed.", "%(num)s addresses were removed.", len(gone))
    )
    return leave_to(f"/admin/groups/{code}")


@blueprint.post("/<code>/deletion")
@needs(Permission.CUSTOMERS_EDIT)
def delete(code: str) -> BaseResponse:
    """Delete a group; it can be brought back."""
    kept = service(GroupService).delete(code)
    changed(f"group:{code}", kept["name"], kept, None)
    return leave_to(f"/admin/groups?undo={entry_id()}")
