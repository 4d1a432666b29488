"""Accepting an invitation to work here."""

from __future__ import annotations

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.account.forms import JoinForm, OwnerForm
from app.account.signing_in import enter
from app.identity.context import signed_in_id
from app.identity.errors import WrongPassword
from app.identity.invitations import Invitations
from app.identity.models import Account
from app.identity.service import AccountService
from app.shared.errors import Invalid
from app.shared.texts import Text
from app.web.limits import limiter
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page, private

blueprint = Blueprint("joining", __name__, url_prefix="/account/join")
_CHECK = Text("Please check the fields below.")


def _show(token: str, form: JoinForm | OwnerForm, status: int = 200) -> Response:
    invitation, owner = service(Invitations).check(token)
    return private(
        page(
            "account/join.html",
            "content",
            status,
            token=token,
            invitation=invitation,
            form=form,
            is_known=owner is not None,
            asks=owner is None or signed_in_id() != owner.id,
            message=_CHECK if status == 422 else "",
        )
    )


@blueprint.get("/<token>")
def invitation_form(token: str) -> Response:
    """What is offered, and a button: what mail scanners open must not accept anything."""
    _, owner = service(Invitations).check(token)
    return _show(token, OwnerForm() if owner else JoinForm())


@blueprint.post("/<token>")
@limiter.limit("30 per 15 minutes")
def accept(token: str) -> BaseResponse:
    """Take the role: with an account's password or session, or with a new account."""
    _, owner = service(Invitations).check(token)
    if owner is None:
        return _join(token)
    form = OwnerForm(request.form)
    if signed_in_id() != owner.id and not (form.validate() and _is_owner(owner, form)):
        return _show(token, form, 422)
    service(Invitations).accept(token, owner)
    leave_message(Text("Welcome: you work here now."))
    return leave_to("/admin") if signed_in_id() == owner.id else enter(owner)


def _is_owner(account: Account, form: OwnerForm) -> bool:
    try:
        service(AccountService).confirm_password(account, form.current_password.data or "")
    except WrongPassword:
        form.current_password.errors = [Text("This is not the password of the account.")]
        return False
    return True


def _join(token: str) -> BaseResponse:
    form = JoinForm(request.form)
    if not form.validate():
        return _show(token, form, 422)
    try:
        account = service(Invitations).join(token, form.name.data or "", form.password.data or "")
    except Invalid as refusal:
        form.password.errors = [refusal.fields.get("password", refusal.message)]
        return _show(token, form, 422)
    leave_message(Text("Welcome: you work here now."))
    return enter(account)
