"""Both tokens as cookies, through flask-jwt-extended.

The access token is a JWT of fifteen minutes that every page gets; the refresh token goes to
``/account/refresh`` alone. Both cookies live as long as the session, so that an expired access
token still shows that there is something to refresh.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Flask, g, request
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    set_access_cookies,
    set_refresh_cookies,
    unset_jwt_cookies,
)
from jwt import InvalidTokenError, decode, get_unverified_header
from werkzeug.wrappers import Response

from app.identity.models import Renewal
from app.identity.sessions import SESSION_LIFE, SessionService
from app.identity.signing import SigningKeys
from app.shared.ids import SessionId
from app.web.csrf import FIELD, HEADER
from app.web.registry import service
from app.web.visitor import last_longer

ACCESS_COOKIE = "mossx_access"
REFRESH_COOKIE = "mossx_refresh"
REFRESH_PATH = "/account/refresh"
ACCESS_LIFE = timedelta(minutes=15)
_AUDIENCE = "mossx-shop"
_ISSUER = "mossx"
_ALGORITHM = "HS256"


def issue(response: Response, renewal: Renewal) -> None:
    """Give the browser both tokens of a session.

    The form token is the session's, not a token's: a form survives any number of refreshes. It is
    the visitor's too, whose name must therefore last as long as the session.
    """
    auth = renewal.session
    claims = {"sid": auth.id, "csrf": auth.csrf}
    headers = {"kid": service(SigningKeys).current_id}
    access = create_access_token(
        auth.account_id, additional_claims=claims, additional_headers=headers
    )
    refresh = create_refresh_token(
        auth.account_id,
        additional_claims={**claims, "jti": renewal.token_id},
        additional_headers=headers,
    )
    life = int(SESSION_LIFE.total_seconds())
    set_access_cookies(response, access, max_age=life)  # type: ignore[arg-type]  # it takes any werkzeug response
    set_refresh_cookies(response, refresh, max_age=life)  # type: ignore[arg-type]  # it takes any werkzeug response
    response.headers["Cache-Control"] = "private, no-store"
    last_longer()
    g.tokens_are_bad = False


def were_sent() -> bool:
    """Whether the browser sent any token, good or not."""
    return ACCESS_COOKIE in request.cookies or REFRESH_COOKIE in request.cookies


def forget(response: Response) -> None:
    """Take both tokens from the browser."""
    unset_jwt_cookies(response)  # type: ignore[arg-type]  # it takes any werkzeug response


def csrf_of_expired(access: str) -> str | None:
    """The form token in an access token that is ours, over or not; None in any other."""
    try:
        claims = read_whenever(access, expired_too=True)
    except InvalidTokenError:
        return None
    return str(claims["csrf"]) if "csrf" in claims else None


def read_whenever(token: str, *, expired_too: bool = False) -> dict[str, Any]:
    """What a token of ours says, also one that was made in what now is the future: by another
    machine whose clock is a little ahead, or before the clock was put right.

    Raises ``InvalidTokenError`` for any other, and for one that is over unless ``expired_too``.
    """
    claims: dict[str, Any] = decode(
        token,
        _verifying_key(get_unverified_header(token), {}),
        algorithms=[_ALGORITHM],
        audience=_AUDIENCE,
        issuer=_ISSUER,
        options={"verify_iat": False, "verify_nbf": False, "verify_exp": not expired_too},
    )
    return claims


def init_app(app: Flask) -> None:
    """Set flask-jwt-extended up. Its error handlers are never reached: ``context`` catches all."""
    app.config.update(
        JWT_TOKEN_LOCATION=["cookies"],
        JWT_ALGORITHM=_ALGORITHM,
        JWT_DECODE_ALGORITHMS=[_ALGORITHM],
        JWT_ACCESS_TOKEN_EXPIRES=ACCESS_LIFE,
        JWT_REFRESH_TOKEN_EXPIRES=SESSION_LIFE,
        JWT_ENCODE_AUDIENCE=_AUDIENCE,
        JWT_DECODE_AUDIENCE=_AUDIENCE,
        JWT_ENCODE_ISSUER=_ISSUER,
        JWT_DECODE_ISSUER=_ISSUER,
        JWT_ACCESS_COOKIE_NAME=ACCESS_COOKIE,
        JWT_REFRESH_COOKIE_NAME=REFRESH_COOKIE,
        JWT_REFRESH_COOKIE_PATH=REFRESH_PATH,
        JWT_COOKIE_SECURE=app.config["SESSION_COOKIE_SECURE"],
        JWT_COOKIE_SAMESITE="Lax",
        JWT_COOKIE_CSRF_PROTECT=True,
        JWT_CSRF_CHECK_FORM=True,
        JWT_CSRF_IN_COOKIES=False,
        JWT_ACCESS_CSRF_FIELD_NAME=FIELD,
        JWT_ACCESS_CSRF_HEADER_NAME=HEADER,
        JWT_REFRESH_CSRF_FIELD_NAME=FIELD,
        JWT_REFRESH_CSRF_HEADER_NAME=HEADER,
    )
    manager = JWTManager(app)
    manager.encode_key_loader(_signing_key)
    manager.decode_key_loader(_verifying_key)
    manager.token_in_blocklist_loader(_is_revoked)


def _signing_key(_: Any) -> str:
    return service(SigningKeys).current


def _verifying_key(header: Mapping[str, Any], _: Mapping[str, Any]) -> str:
    key = service(SigningKeys).find(header.get("kid"))
    if key is None:
        raise InvalidTokenError("signed with a key that is not ours")
    return key


def _is_revoked(_: Mapping[str, Any], payload: Mapping[str, Any]) -> bool:
    return not service(SessionService).is_live(SessionId(str(payload.get("sid", ""))))
