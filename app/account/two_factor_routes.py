"""Setting up the second factor."""

from __future__ import annotations

from typing import Any

import segno
from flask import Blueprint, Response, request
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from app.account.forms import CodesForm, DeletionForm, FactorForm
from app.identity.context import current_account, whose
from app.identity.errors import WrongPassword
from app.identity.models import Account
from app.identity.service import AccountService
from app.identity.two_factor import TwoFactor
from app.shared.errors import Invalid
from app.shared.numbers import whole
from app.shared.texts import Text
from app.web.limits import failed, limiter
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page, private

blueprint = Blueprint("two_factor", __name__, url_prefix="/account/two-factor")
_CHECK = Text("Please check the fields below.")


def _show(account: Account, status: int = 200, message: str = "", **context: Any) -> Response:
    secret, picture = "", Markup("")
    factor = service(TwoFactor)
    if not account.has_second_factor and not context.get("codes"):
        secret = factor.begin(account)
        code = segno.make(factor.address(account, secret), error="m")
        drawn = code.svg_inline(scale=5, border=2, dark="#22251e", light="#ffffff")
        picture = Markup(drawn)  # noqa: S704 - drawn by the library, from our own text alone
    shown: dict[str, Any] = {
        "form": FactorForm(),
        "off": DeletionForm(),
        "anew": CodesForm(data={"seen": account.recovery_round}),
        "codes": (),
        **context,
    }
    return private(
        page(
            "account/two_factor.html",
            "content",
            status,
            account=account,
            message=message,
            secret=secret,
            picture=picture,
            due=factor.is_due(account),
            must=factor.must_have(account),
            **shown,
        )
    )


@blueprint.get("")
def show() -> Response:
    """What to scan, or that it is on."""
    return _show(current_account())


@blueprint.post("")
@limiter.limit("10 per 15 minutes", key_func=whose, deduct_when=failed)
def confirm() -> Response:
    """Turn it on with the password and a first code. The answer shows the recovery codes, this
    once."""
    account, form = current_account(), FactorForm(request.form)
    if not form.validate():
        return _show(account, 422, _CHECK, form=form)
    try:
        service(AccountService).confirm_password(account, form.current_password.data or "")
        codes = service(TwoFactor).confirm(account, form.code.data or "")
    except WrongPassword as refusal:
        form.current_password.errors = [refusal.fields["current_password"]]
        return _show(account, 422, _CHECK, form=form)
    except Invalid as refusal:
        form.code.errors = [refusal.message]
        return _show(account, 422, _CHECK, form=form)
    return _show(account, codes=codes)


@blueprint.post("/codes")
@limiter.limit("10 per 15 minutes", key_func=whose, deduct_when=failed)
def renew() -> Response:
    """Make other recovery codes, with the password; the answer shows them, this once."""
    account, form = current_account(), CodesForm(request.form)
    if not form.validate():
        return _show(account, 422, _CHECK, anew=form)
    try:
        service(AccountService).confirm_password(account, form.password.data or "")
        seen = whole(form.seen.data or "", account.recovery_round)
        codes = service(TwoFactor).renew_codes(account, seen)
    except WrongPassword as refusal:
        form.password.errors = [refusal.fields["current_password"]]
        return _show(account, 422, _CHECK, anew=form)
    return _show(account, codes=codes)


@blueprint.post("/removal")
@limiter.limit("10 per 15 minutes", key_func=whose, deduct_when=failed)
def turn_off() -> BaseResponse:
    """Turn it off, with the password."""
    account, form = current_account(), DeletionForm(request.form)
    if not form.validate():
        return _show(account, 422, _CHECK, off=form)
    try:
        service(AccountService).confirm_password(account, form.current_password.data or "")
        service(TwoFactor).turn_off(account)
    except Invalid as refusal:
        form.current_password.errors = [refusal.fields.get("current_password", refusal.message)]
        return _show(account, 422, _CHECK, off=form)
    leave_message(Text("The second factor is off."))
    return leave_to("/account/two-factor")
