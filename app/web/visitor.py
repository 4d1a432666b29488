"""The visitor cookie: an anonymous, signed, random name for a browser."""

from __future__ import annotations

import secrets

from flask import Flask, Response, current_app, g, request
from itsdangerous import BadSignature, URLSafeSerializer

COOKIE = "mossx_visitor"
LIFETIME = 60 * 24 * 3600


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt="visitor")


def name_in(cookie: str) -> str:
    """The name in a cookie's value, ``""`` if we did not give it."""
    try:
        value = _serializer().loads(cookie)
    except BadSignature:
        return ""
    return value if isinstance(value, str) else ""


def known_visitor() -> str:
    """The visitor's name from a valid cookie, or ``""``."""
    if "visitor" not in g:
        g.visitor = name_in(request.cookies.get(COOKIE, ""))
        g.visitor_is_new = False
    return str(g.visitor)


def ensure_visitor() -> str:
    """The visitor's name; a browser without one gets it with this answer."""
    if not known_visitor():
        g.visitor = secrets.token_urlsafe(18)
        g.visitor_is_new = True
    return str(g.visitor)


def forget_visitor() -> None:
    """Give the browser a new name with this answer: whoever sits there now may be another."""
    g.visitor = secrets.token_urlsafe(18)
    g.visitor_is_new = True


def keep_name() -> None:
    """Send no name with this answer: the request came from another site without the cookies that
    the browser may well have, and a new name would replace the one in use."""
    g.visitor_is_kept = True


def last_longer() -> None:
    """Send the name once more, so that it is kept for its whole lifetime from now on."""
    if known_visitor():
        g.visitor_is_new = True


def _remember(response: Response) -> Response:
    if g.get("visitor_is_new") and not g.get("visitor_is_kept"):
        response.set_cookie(
            COOKIE,
            str(_serializer().dumps(g.visitor)),
            max_age=LIFETIME,
            httponly=True,
            samesite="Lax",
            secure=current_app.config["SESSION_COOKIE_SECURE"],
        )
    return response


def init_app(app: Flask) -> None:
    """Send the cookie with the answer in which a name was given."""
    app.after_request(_remember)
