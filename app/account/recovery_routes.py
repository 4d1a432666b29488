"""Forgotten passwords, and the links in mails that prove an address."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse
from wtforms import Form

from app.account.forms import ForgotForm, OwnerForm, ResetForm
from app.account.signing_in import enter
from app.identity.context import current_account, signed_in_id, whose
from app.identity.errors import WrongPassword
from app.identity.links import LinkService
from app.identity.models import Account
from app.identity.service import AccountService
from app.shared.errors import Invalid
from app.shared.texts import Text
from app.web import limits
from app.web.limits import limiter
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page, private

blueprint = Blueprint("recovery", __name__, url_prefix="/account")
_CHECK = Text("Please check the fields below.")


def _show(
    template: str, form: Form | None = None, status: int = 200, message: str = "", **more: Any
) -> Response:
    return private(
        page(f"account/{template}", "content", status, form=form, message=message, **more)
    )


# --- a forgotten password ------------------------------------------------------------------------


@blueprint.get("/forgot")
def forgot_form() -> Response:
    """The form; after it was sent, what happens next."""
    return _show("forgot.html", ForgotForm(), sent="sent" in request.args)


@blueprint.post("/forgot")
@limiter.limit("5 per hour", key_func=limits.account)
@limiter.limit("60 per hour")
def forgot() -> BaseResponse:
    """Send a link, if there is somebody to send it to: the answer is the same."""
    form = ForgotForm(request.form)
    if not form.validate():
        return _show("forgot.html", form, 422, _CHECK, sent=False)
    service(AccountService).forget_password(form.email.data or "")
    return leave_to("/account/forgot?sent=1")


@blueprint.get("/reset/<token>")
def reset_form(token: str) -> Response:
    """The form for a new password."""
    service(LinkService).check_reset(token)
    return _show("reset.html", ResetForm(), token=token)


@blueprint.post("/reset/<token>")
@limiter.limit("30 per 15 minutes")
def reset(token: str) -> BaseResponse:
    """Set the new password, end all sessions, and let its owner in."""
    form = ResetForm(request.form)
    if not form.validate():
        service(LinkService).check_reset(token)
        return _show("reset.html", form, 422, _CHECK, token=token)
    try:
        account = service(LinkService).reset_password(token, form.password.data or "")
    except Invalid as refusal:
        form.password.errors = [refusal.fields.get("password", refusal.message)]
        return _show("reset.html", form, 422, _CHECK, token=token)
    leave_message(Text("Your password is changed, and every other device was logged out."))
    return enter(account)


# --- staying after all ---------------------------------------------------------------------------


@blueprint.get("/stay/<token>")
def stay_form(token: str) -> Response:
    """The button that keeps an account which is to be deleted."""
    service(LinkService).check_stay(token)
    return _show("stay.html", token=token)


@blueprint.post("/stay/<token>")
def stay(token: str) -> BaseResponse:
    """Keep the account."""
    service(LinkService).stay(token)
    leave_message(Text("Good: your account stays."))
    return leave_to("/account/login")


# --- proving an address --------------------------------------------------------------------------
#
# The link shows that its reader owns the address, not that the account is theirs: anybody may have
# named the address. So it works where its account is signed in, and elsewhere with the password.


def _show_link(
    token: str, account: Account, form: OwnerForm, status: int = 200, moving: str = ""
) -> Response:
    message = _CHECK if status == 422 else ""
    asks = signed_in_id() != account.id
    return _show("verify.html", form, status, message, token=token, moving=moving, asks=asks)


def _is_owner(account: Account, form: OwnerForm) -> bool:
    if signed_in_id() == account.id:
        return True
    if not form.validate():
        return False
    try:
        service(AccountService).confirm_password(account, form.current_password.data or "")
    except WrongPassword:
        form.current_password.errors = [Text("This is not the password of the account.")]
        return False
    return True


@blueprint.get("/verify/<token>")
def verify_form(token: str) -> Response:
    """A button: what mail scanners open must not confirm anything."""
    account = service(LinkService).check_verification(token)
    return _show_link(token, account, OwnerForm())


@blueprint.post("/verify/<token>")
@limiter.limit("30 per 15 minutes")
def verify(token: str) -> BaseResponse:
    """The address is proven."""
    account, form = service(LinkService).check_verification(token), OwnerForm(request.form)
    if not _is_owner(account, form):
        return _show_link(token, account, form, 422)
    service(LinkService).verify_email(token)
    leave_message(Text("Thank you: your e-mail address is confirmed."))
    return leave_to("/account")


@blueprint.post("/verification")
@limiter.limit("5 per hour", key_func=whose)
def send_again() -> BaseResponse:
    """Send the link to confirm the address once more."""
    account = current_account()
    if not account.verified:
        service(AccountService).ask_to_verify(account)
    leave_message(Text("We have sent a mail to %(email)s.", email=account.email))
    return leave_to("/account")


@blueprint.get("/email/<token>")
def move_form(token: str) -> Response:
    """A button to take the new address."""
    account, email = service(LinkService).check_move(token)
    return _show_link(token, account, OwnerForm(), moving=email)


@blueprint.post("/email/<token>")
@limiter.limit("30 per 15 minutes")
def move(token: str) -> BaseResponse:
    """The new address is proven and taken."""
    (account, email), form = service(LinkService).check_move(token), OwnerForm(request.form)
    if not _is_owner(account, form):
        return _show_link(token, account, form, 422, moving=email)
    service(LinkService).move(token)
    leave_message(Text("From now on your e-mail address here is %(email)s.", email=email))
    return leave_to("/account")
