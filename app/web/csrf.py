"""Cross-site request forgery: a token in every form, bound to the visitor.

The token is an HMAC over the visitor's name (OWASP's signed double-submit pattern), so it
needs no server-side state; the browser's own word (``Origin``, ``Sec-Fetch-Site``) is checked
as well. Flask-WTF's protection would need a server session on every catalog page.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, current_app, request

from app.shared.errors import Forbidden
from app.web.visitor import ensure_visitor, known_visitor

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_EXEMPT = "mossx.csrf_exempt"

View = TypeVar("View", bound=Callable[..., Any])


class CsrfRefused(Forbidden):
    """The form's token is missing, old or another visitor's."""


def _token_for(visitor: str) -> str:
    key = (
        (current_app.secret_key or "").encode() if isinstance(current_app.secret_key, str) else b""
    )
    return hmac.new(key, b"csrf:" + visitor.encode(), hashlib.sha256).hexdigest()


def csrf_token() -> str:
    """The token for this visitor's forms, for templates."""
    return _token_for(ensure_visitor())


def exempt(view: View) -> View:
    """Take a view out of the check: only those that verify a signature instead."""
    setattr(view, _EXEMPT, True)
    return view


def _cross_site() -> bool:
    origin = request.headers.get("Origin")
    if origin and origin != "null":
        return urlsplit(origin).netloc != request.host
    return origin == "null" or request.headers.get("Sec-Fetch-Site", "none") in {
        "cross-site",
        "same-site",
    }


def _check() -> None:
    if request.method in _SAFE or request.endpoint is None:
        return
    if getattr(current_app.view_functions[request.endpoint], _EXEMPT, False):
        return
    given = request.form.get(FIELD) or request.headers.get(HEADER, "")
    visitor = known_visitor()
    valid = visitor and hmac.compare_digest(_token_for(visitor).encode(), given.encode())
    if not valid or _cross_site():
        raise CsrfRefused(
            "This form is out of date or came from somewhere else, so nothing was changed. "
            "Please go back, reload the page and try again."
        )


def init_app(app: Flask) -> None:
    """Check every unsafe request and offer ``csrf_token()`` to templates."""
    app.before_request(_check)
    app.jinja_env.globals["csrf_token"] = csrf_token
