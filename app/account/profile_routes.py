"""The account's own page, and what can be changed about it."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, make_response, request
from werkzeug.wrappers import Response as BaseResponse
from wtforms import Form

from app.account.forms import DeletionForm, EmailForm, PasswordForm, ProfileForm
from app.account.leaving import Leaving
from app.catalog.service import CatalogService
from app.identity import tokens
from app.identity.context import current_account, current_principal, whose
from app.identity.service import AccountService
from app.identity.sessions import SessionService
from app.markets.context import current_market, format_day
from app.orders.rules import FULFILMENT_LABELS
from app.orders.service import OrderService
from app.shared.errors import Invalid
from app.shared.ids import SessionId
from app.shared.texts import Text
from app.web.limits import failed, limiter, passed
from app.web.memory import leave_message, recently_viewed
from app.web.registry import service
from app.web.rendering import leave_to, page, private
from app.web.visitor import forget_visitor

blueprint = Blueprint("profile", __name__, url_prefix="/account")
_CHECK = Text("Please check the fields below.")
_RECENT = 3


def _show(template: str, status: int = 200, message: str = "", **context: Any) -> Response:
    account = context.pop("account", None) or current_account()
    return private(
        page(f"account/{template}", "content", status, account=account, message=message, **context)
    )


def _refuse(template: str, form: Form, refusal: Invalid) -> Response:
    for name, text in refusal.fields.items():
        if name in form:
            form[name].errors = [text]
    return _show(template, 422, _CHECK if refusal.fields else refusal.message, form=form)


def _overview(status: int = 200, message: str = "", form: Form | None = None) -> Response:
    account = current_account()
    orders = service(OrderService)
    orders.adopt(account.id, account.email if account.verified else "")
    return _show(
        "overview.html",
        status,
        message,
        account=account,
        form=form or ProfileForm(data={"name": account.name}),
        orders=orders.of_account(account.id, 1).orders[:_RECENT],
        fulfilments=FULFILMENT_LABELS,
        viewed=service(CatalogService).cards_of(recently_viewed(), current_market(), 4),
    )


@blueprint.get("")
def overview() -> Response:
    """Name, newest orders, and the way to everything else."""
    return _overview()


@blueprint.post("")
def rename() -> BaseResponse:
    """Change the name."""
    form = ProfileForm(request.form)
    account = current_account()
    if not form.validate():
        return _overview(422, _CHECK, form)
    service(AccountService).rename(account.id, form.name.data or "")
    leave_message(Text("Your name is changed."))
    return leave_to("/account")


@blueprint.get("/password")
def password_form() -> Response:
    """The form."""
    return _show("password.html", form=PasswordForm())


@blueprint.post("/password")
@limiter.limit("10 per 15 minutes", key_func=whose, deduct_when=failed)
def change_password() -> BaseResponse:
    """Change the password and log out every other device."""
    account, form = current_account(), PasswordForm(request.form)
    if not form.validate():
        return _show("password.html", 422, _CHECK, form=form)
    try:
        service(AccountService).change_password(
            account, form.current_password.data or "", form.password.data or ""
        )
    except Invalid as refusal:
        return _refuse("password.html", form, refusal)
    this = current_principal().session_id
    service(SessionService).revoke_all(account.id, "The password was changed", besides=this)
    leave_message(Text("Your password is changed, and every other device was logged out."))
    return leave_to("/account")


@blueprint.get("/email")
def email_form() -> Response:
    """The form."""
    return _show("email.html", form=EmailForm())


@blueprint.post("/email")
@limiter.limit("10 per 15 minutes", key_func=whose, deduct_when=failed)
@limiter.limit("10 per hour", key_func=whose, deduct_when=passed)  # each sends a mail to anybody
def change_email() -> BaseResponse:
    """Send a link to the new address; nothing changes before it is followed."""
    account, form = current_account(), EmailForm(request.form)
    if not form.validate():
        return _show("email.html", 422, _CHECK, form=form)
    try:
        service(AccountService).request_email_change(
            account, form.current_password.data or "", form.email.data or ""
        )
    except Invalid as refusal:
        return _refuse("email.html", form, refusal)
    leave_message(
        Text("Please follow the link that we have sent to %(email)s.", email=form.email.data)
    )
    return leave_to("/account")


# --- where the account is signed in ----------------------------------------------------------


@blueprint.get("/sessions")
def sessions() -> Response:
    """The devices."""
    principal = current_principal()
    found = service(SessionService).of_account(principal.account_id)
    return _show("sessions.html", sessions=found, current=principal.session_id)


@blueprint.post("/sessions")
def end_session() -> BaseResponse:
    """Log out one device (``session``), or all the others (``others``)."""
    principal = current_principal()
    wanted = request.form.get("session", "")
    auth = service(SessionService)
    if wanted == "others":
        auth.revoke_all(principal.account_id, "Ended by its owner", besides=principal.session_id)
    else:
        auth.revoke(SessionId(wanted), principal.account_id, "Ended by its owner")
    if wanted == principal.session_id:
        return _away(Text("You are logged out."))
    leave_message(Text("Done: logged out there."))
    return leave_to("/account/sessions")


def _away(message: str) -> BaseResponse:
    forget_visitor()
    leave_message(message)
    response = leave_to("/account/login")
    tokens.forget(response)
    return response


# --- leaving -----------------------------------------------------------------------------------


@blueprint.get("/data")
@limiter.limit("20 per hour", key_func=whose)
def data() -> Response:
    """Everything the shop knows of the account, to keep (GDPR, article 20)."""
    known = service(Leaving).export(current_account())
    response = make_response(json.dumps(known, indent=2, ensure_ascii=False))
    response.headers["Content-Type"] = "application/json; charset=utf-8"
    response.headers["Content-Disposition"] = 'attachment; filename="mossx-account.json"'
    return private(response)


@blueprint.get("/deletion")
def deletion_form() -> Response:
    """What goes, what stays, and the button."""
    return _show_deletion(DeletionForm())


@blueprint.post("/deletion")
@limiter.limit("10 per 15 minutes", key_func=whose, deduct_when=failed)
@limiter.limit("5 per day", key_func=whose, deduct_when=passed)  # each sends a mail
def delete() -> BaseResponse:
    """Have the account deleted after some days."""
    account, form = current_account(), DeletionForm(request.form)
    if not form.validate():
        return _show_deletion(form, 422, _CHECK)
    try:
        service(AccountService).confirm_password(account, form.current_password.data or "")
        day = service(Leaving).ask(account)
    except Invalid as refusal:
        for name, text in refusal.fields.items():
            form[name].errors = [text]
        return _show_deletion(form, 422, _CHECK if refusal.fields else refusal.message)
    return _away(
        Text(
            "Your account will be deleted on %(day)s. To keep it, follow the link that we have "
            'sent you, or log in until then and press "Keep my account".',
            day=format_day(day, current_market().locale),
        )
    )


def _show_deletion(form: DeletionForm, status: int = 200, message: str = "") -> Response:
    account = current_account()
    lost = service(Leaving).lost_credit(account)
    return _show("deletion.html", status, message, account=account, form=form, lost=lost)


@blueprint.post("/deletion/undo")
def stay() -> BaseResponse:
    """Keep the account after all."""
    service(AccountService).stay(current_account().id)
    leave_message(Text("Good: your account stays."))
    return leave_to("/account")
