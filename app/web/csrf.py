"""Cross-site request forgery: a token in every form, bound to the visitor or the session.

A guest's token is an HMAC over the visitor's name (OWASP's signed double-submit pattern), so it
needs no server-side state; the browser's own word (``Origin``, ``Sec-Fetch-Site``) is checked
as well. Flask-WTF's protection would need a server session on every catalog page. Who is signed in
has the token that their access token carries; it is the one they had as a visitor, so that a form
opened before logging in can still be sent.

Pages that are the same for everybody have forms too: adding to the cart, choosing a market. These
carry the shop's own token of the week. It says that the form is one of ours, not who opened it; who
sends it is told by the browser (``Origin``, ``Sec-Fetch-Site``, and cookies that other sites
cannot send along), and only views that say so accept it (docs/decisions/0015).
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, current_app, request

from app.shared.errors import Forbidden
from app.web.visitor import ensure_visitor, keep_name, known_visitor

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_EXEMPT = "mossx.csrf_exempt"
_OPEN = "mossx.csrf_open"
_WINDOW = 7 * 24 * 3600  # seconds
_WINDOWS = 3  # that a form on a shared page stays good for
_SESSIONS = "mossx.csrf_sessions"

View = TypeVar("View", bound=Callable[..., Any])


class CsrfRefused(Forbidden):
    """The form's token is missing, old or another visitor's."""

    def __init__(self) -> None:
        super().__init__(
            "This form is out of date or came from somewhere else, so nothing was changed. "
            "Please go back, reload the page and try again."
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _SessionForms:
    token: Callable[[], str | None]
    checked: Callable[[], bool]
    vouch: Callable[[], None]


def use_session(
    app: Flask,
    *,
    token: Callable[[], str | None],
    checked: Callable[[], bool],
    vouch: Callable[[], None],
) -> None:
    """Let sessions guard their own forms: ``token`` is theirs if there is one, and ``checked``
    says whether the request is one of a session, and raises ``CsrfRefused`` if it lacks the token.
    ``vouch`` tells the session that this request's form was found good without its token.
    """
    app.extensions[_SESSIONS] = _SessionForms(token=token, checked=checked, vouch=vouch)


def _sign(what: str) -> str:
    key = current_app.secret_key
    secret = key if isinstance(key, bytes) else (key or "").encode()
    return hmac.new(secret, what.encode(), hashlib.sha256).hexdigest()


def _token_for(visitor: str) -> str:
    return _sign(f"csrf:{visitor}")


def page_window() -> int:
    """The week whose token shared pages carry; a page must not be kept beyond it."""
    return int(time.time() // _WINDOW)


def page_token() -> str:
    """The token for forms on pages that are the same for everybody."""
    return _sign(f"page:{page_window()}")


def _is_page_token(given: str) -> bool:
    newest = page_window()
    return any(
        hmac.compare_digest(_sign(f"page:{window}").encode(), given.encode())
        for window in range(newest, newest - _WINDOWS, -1)
    )


def csrf_token() -> str:
    """The token for this session's, else this visitor's, forms."""
    sessions: _SessionForms = current_app.extensions[_SESSIONS]
    return sessions.token() or _token_for(ensure_visitor())


def exempt(view: View) -> View:
    """Take a view out of the check: only those that verify a signature instead."""
    setattr(view, _EXEMPT, True)
    return view


def from_shared_pages(view: View) -> View:
    """Accept forms of shared pages, too. Only for views that do no harm to whom is made to call
    them, because the token proves nothing about the visitor."""
    setattr(view, _OPEN, True)
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
    if request.method in _SAFE:
        return
    from_elsewhere = _cross_site()
    if from_elsewhere:
        keep_name()
    if request.endpoint is None:
        return
    if getattr(current_app.view_functions[request.endpoint], _EXEMPT, False):
        return
    if from_elsewhere:
        raise CsrfRefused
    sessions: _SessionForms = current_app.extensions[_SESSIONS]
    given = request.form.get(FIELD) or request.headers.get(HEADER, "")
    view = current_app.view_functions[request.endpoint]
    if getattr(view, _OPEN, False) and _is_page_token(given):
        sessions.vouch()
        return
    if sessions.checked():
        return
    visitor = known_visitor()
    if not visitor or not hmac.compare_digest(_token_for(visitor).encode(), given.encode()):
        raise CsrfRefused


def init_app(app: Flask) -> None:
    """Check every unsafe request and offer both kinds of token to templates."""
    app.before_request(_check)
    app.jinja_env.globals["csrf_token"] = csrf_token
    app.jinja_env.globals["page_token"] = page_token
