"""Registering, logging in and out, and refreshing."""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, current_app, redirect, request
from jwt import PyJWTError
from werkzeug.wrappers import Response as BaseResponse
from wtforms import Form

from app.account.forms import CodeForm, LoginForm, RegisterForm
from app.account.known_browser import guesser, is_known
from app.account.signing_in import enter, half_way, open_session, wanted_page
from app.identity import tokens
from app.identity.context import origin, signed_in
from app.identity.errors import CodeSentTwice, SessionEnded, TokenReused
from app.identity.service import AccountService
from app.identity.sessions import SessionService
from app.identity.two_factor import TwoFactor
from app.shared.errors import Invalid
from app.shared.ids import SessionId
from app.shared.texts import Text
from app.web.csrf import exempt
from app.web.limits import account as account_named
from app.web.limits import account_and_network, failed, limiter, passed
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, local_path, page, private, see_other
from app.web.seals import seal_for
from app.web.visitor import forget_visitor

blueprint = Blueprint("login", __name__, url_prefix="/account")
_log = structlog.get_logger()
_CHECK = Text("Please check the fields below.")


def _show(template: str, form: Form, status: int = 200, message: str = "") -> Response:
    return private(
        page(
            f"account/{template}", "content", status, form=form, message=message, next=wanted_page()
        )
    )


@blueprint.get("/register")
def register_form() -> BaseResponse:
    """The form."""
    return see_other(wanted_page()) if signed_in() else _show("register.html", RegisterForm())


@blueprint.post("/register")
@limiter.limit("10 per hour", key_func=account_and_network, deduct_when=passed)
@limiter.limit("30 per hour", key_func=account_named, deduct_when=passed)  # it tries a password
@limiter.limit("120 per minute; 1000 per hour")
def register() -> BaseResponse:
    """Make an account and log in; whether the address was known is only told by mail."""
    form = RegisterForm(request.form)
    if not form.validate():
        return _show("register.html", form, 422, _CHECK)
    try:
        account = service(AccountService).register(
            form.email.data or "", form.password.data or "", form.name.data or ""
        )
    except Invalid as refusal:
        form.password.errors = [refusal.fields.get("password", refusal.message)]
        return _show("register.html", form, 422, _CHECK)
    leave_message(
        Text("Welcome. We have sent you a mail: please follow its link to confirm the address.")
    )
    return enter(account)


@blueprint.get("/login")
def login_form() -> BaseResponse:
    """The form."""
    return see_other(wanted_page()) if signed_in() else _show("login.html", LoginForm())


@blueprint.post("/login")
@limiter.limit("10 per 15 minutes", key_func=guesser, deduct_when=failed)
@limiter.limit(
    "100 per 15 minutes", key_func=account_named, deduct_when=failed, exempt_when=is_known
)
@limiter.limit("200 per 15 minutes", deduct_when=failed, exempt_when=is_known)
def login() -> BaseResponse:
    """Let somebody in. The answer never tells whether the address or the password was wrong."""
    form = LoginForm(request.form)
    if not form.validate():
        return _show("login.html", form, 422, _CHECK)
    try:
        account = service(AccountService).authenticate(
            form.email.data or "", form.password.data or ""
        )
    except Invalid as refusal:
        _log.warning("sign_in_refused", tried=_mark(account_named()))
        return _show("login.html", form, 422, refusal.message)
    return enter(account)


def _mark(address: str) -> str:
    """What tells one address that is tried from another in the log, and names nobody."""
    return seal_for(str(current_app.secret_key or ""), "sign-in log")(address)[:12]


def _half_way_account() -> str:
    waiting = half_way()
    return waiting.account.id if waiting else ""


def _show_code(form: CodeForm, wanted: str, status: int = 200, message: str = "") -> Response:
    return private(
        page("account/code.html", "content", status, form=form, message=message, next=wanted)
    )


@blueprint.get("/login/code")
def code_form() -> BaseResponse:
    """The form for the second factor."""
    waiting = half_way()
    return _show_code(CodeForm(), waiting.wanted) if waiting else see_other("/account/login")


@blueprint.post("/login/code")
@limiter.limit("10 per 15 minutes", key_func=_half_way_account, deduct_when=failed)
@limiter.limit("60 per 15 minutes", deduct_when=failed)
def code() -> BaseResponse:
    """Let somebody in who has the code as well."""
    waiting = half_way()
    if waiting is None:
        if signed_in():  # pressed twice: the first time let them in
            return leave_to(wanted_page())
        leave_message(Text("That took a little long. Please log in again."))
        return leave_to("/account/login")
    form = CodeForm(request.form)
    if not form.validate():
        return _show_code(form, waiting.wanted, 422, _CHECK)
    try:
        service(TwoFactor).check(waiting.account, form.code.data or "", waiting.ticket)
    except CodeSentTwice:
        return leave_to(waiting.wanted)
    except Invalid as refusal:
        _log.warning("second_factor_refused", account_id=waiting.account.id)
        form.code.errors = [refusal.message]
        return _show_code(form, waiting.wanted, 422, _CHECK)
    return open_session(waiting.account, waiting.wanted)


@blueprint.post("/logout")
def logout() -> BaseResponse:
    """End the session; doing it again changes nothing."""
    principal = signed_in()
    if principal is not None:
        service(SessionService).revoke(principal.session_id, principal.account_id, "Logged out")
    forget_visitor()
    response = leave_to("/")
    tokens.forget(response)
    return response


@blueprint.route("/refresh", methods=["GET", "POST"])
@exempt  # nothing is done but renewing a cookie; the request that goes on is checked itself
def refresh() -> BaseResponse:
    """Spend the refresh token for new ones and go on to where the request was going.

    A POST goes on as the same POST (307), so that a form sent with an expired access token is
    not lost. Without a good refresh token it goes on as a guest's.
    """
    target = local_path(request.args.get("next", ""), "/account")
    code = 303 if request.method == "GET" else 307
    if target.startswith(tokens.REFRESH_PATH):
        target = "/account"
    response: BaseResponse = redirect(target, code)
    if not tokens.were_sent():  # another site's form brings none: nothing to renew or to forget
        return response
    try:
        claims = _refresh_claims()
        renewal = service(SessionService).renew(
            SessionId(str(claims.get("sid", ""))), str(claims.get("jti", "")), origin()
        )
    except TokenReused:
        leave_message(
            Text(
                "Somebody used a copy of your login, so we logged out this device to be "
                "safe. Please log in again."
            )
        )
        tokens.forget(response)
        return response
    except (SessionEnded, PyJWTError):
        tokens.forget(response)
        return response
    tokens.issue(response, renewal)
    return response


def _refresh_claims() -> dict[str, object]:
    """What the refresh token says. Raises as ``read_whenever``, ``SessionEnded`` for another."""
    claims: dict[str, object] = tokens.read_whenever(request.cookies.get(tokens.REFRESH_COOKIE, ""))
    if claims.get("type") != "refresh":
        raise SessionEnded
    return claims
