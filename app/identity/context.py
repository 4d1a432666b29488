"""Who sends the current request."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

import structlog
from flask import Flask, g, redirect, request
from flask_jwt_extended import decode_token, get_jwt, verify_jwt_in_request
from flask_jwt_extended.exceptions import CSRFError, JWTExtendedException
from jwt import ExpiredSignatureError, ImmatureSignatureError, PyJWTError
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from app.db.errors import PyMongoError
from app.identity import tokens
from app.identity.agents import device_name
from app.identity.models import Account, Origin
from app.identity.service import AccountService
from app.identity.tokens import ACCESS_COOKIE, REFRESH_PATH
from app.shared.ids import AccountId, SessionId
from app.web import csrf
from app.web.csrf import CsrfRefused
from app.web.registry import service
from app.web.rendering import leave_to

LOGIN_PATH = "/account/login"


@dataclass(frozen=True, kw_only=True, slots=True)
class Principal:
    """A signed-in person, as their access token says."""

    account_id: AccountId
    session_id: SessionId
    csrf: str


class AccessExpired(Exception):
    """The access token is over, or not yet good; the request goes on once it is refreshed."""


class SignInNeeded(Exception):
    """Only signed-in people get this page."""


def signed_in() -> Principal | None:
    """Who is signed in, or None for a guest; checked once a request.

    Raises ``AccessExpired``, which refreshes and repeats the request, and ``CsrfRefused`` for an
    unsafe request without the session's form token.
    """
    if "principal" not in g:
        g.principal = _verify() if ACCESS_COOKIE in request.cookies else None
    principal: Principal | None = g.principal
    return principal


def _verify() -> Principal | None:
    """Read the access token. One that is forged, foreign or revoked counts for nothing."""
    if request.method == "OPTIONS":  # flask-jwt-extended reads none there; nobody is told anything
        return None
    try:
        verify_jwt_in_request(locations=["cookies"])
    except (ExpiredSignatureError, ImmatureSignatureError) as error:
        raise AccessExpired from error
    except CSRFError as error:
        raise CsrfRefused from error
    except (JWTExtendedException, PyJWTError):
        g.tokens_are_bad = True
        return None
    except PyMongoError:
        g.sessions_are_away = True
        raise
    claims = get_jwt()
    structlog.contextvars.bind_contextvars(account_id=str(claims["sub"]))
    return Principal(
        account_id=AccountId(str(claims["sub"])),
        session_id=SessionId(str(claims.get("sid", ""))),
        csrf=str(claims.get("csrf", "")),
    )


def signed_in_id() -> AccountId | None:
    """The account of this request, None for a guest. Raises as ``signed_in``."""
    principal = signed_in()
    return principal.account_id if principal else None


def current_principal() -> Principal:
    """The signed-in person. Raises ``SignInNeeded`` for a guest."""
    principal = signed_in()
    if principal is None:
        raise SignInNeeded
    return principal


def current_account() -> Account:
    """The signed-in account. Raises ``SignInNeeded`` for a guest, and where it was closed."""
    if "account" not in g:
        g.account = service(AccountService).find(current_principal().account_id)
    if g.account is None:
        g.tokens_are_bad = True
        raise SignInNeeded
    account: Account = g.account
    return account


def bearer() -> Account | None:
    """Whose access token the request has, over or not, its form token not looked at: only for
    what has to be decided before a body is read, never to allow a change. What is sent with a token
    that is over comes again once it is refreshed."""
    try:
        claims = decode_token(request.cookies.get(ACCESS_COOKIE, ""), allow_expired=True)
    except (JWTExtendedException, PyJWTError):
        return None
    return service(AccountService).find(AccountId(str(claims["sub"])))


def may_be_signed_in() -> bool:
    """Whether the browser holds an access token, good or not; for what to show, never to allow."""
    return ACCESS_COOKIE in request.cookies


def whose() -> str:
    """Whom a rate limit counts: the account, else the network. Raises nothing: the limiter would
    take that for a broken store."""
    try:
        principal = signed_in()
    except (AccessExpired, CsrfRefused):
        principal = None
    return principal.account_id if principal else origin().network


def origin() -> Origin:
    """Where the request comes from."""
    return Origin(
        agent=request.headers.get("User-Agent", ""), network=request.remote_addr or "unknown"
    )


def _here() -> str:
    return request.full_path.rstrip("?")


def _refresh(_: AccessExpired) -> Response:
    """To the refresh page and back. 307 keeps the method and what was posted, also without
    JavaScript and under htmx (RFC 9110, 15.4.8)."""
    code = 303 if request.method in {"GET", "HEAD"} else 307
    return redirect(f"{REFRESH_PATH}?next={quote(_here(), safe='')}", code)


def _to_login(_: SignInNeeded) -> Response:
    where = _here() if request.method in {"GET", "HEAD"} else "/account"
    return leave_to(f"{LOGIN_PATH}?next={quote(where, safe='')}")


def _drop_bad_tokens(response: Response) -> Response:
    if g.get("tokens_are_bad"):
        tokens.forget(response)
    return response


def _session_token() -> str | None:
    """The session's form token, for pages, also where its access token is over; the visitor's
    where nobody can be asked about it, or the form is too large to be read: the page that says so
    has forms too."""
    if g.get("sessions_are_away"):
        return None
    try:
        principal = signed_in()
    except (AccessExpired, RequestEntityTooLarge):  # the form could not be read, the page can be
        return tokens.csrf_of_expired(request.cookies[ACCESS_COOKIE])
    except (CsrfRefused, PyMongoError):  # the page that says what is wrong has forms too
        return None
    return principal.csrf if principal else None


def _is_checked() -> bool:
    return signed_in() is not None


def init_app(app: Flask) -> None:
    """Tie form tokens to the session, and send people to refresh or log in."""
    tokens.init_app(app)
    csrf.use_session(app, token=_session_token, checked=_is_checked)
    app.register_error_handler(AccessExpired, _refresh)
    app.register_error_handler(SignInNeeded, _to_login)
    app.after_request(_drop_bad_tokens)
    app.jinja_env.globals["may_be_signed_in"] = may_be_signed_in
    app.jinja_env.filters["browser"] = device_name
