"""Cross-site request forgery: a token in every form, bound to the visitor or the session.

A guest's token is a seal on the visitor's name (OWASP's signed double-submit pattern), so it
needs no server-side state; the browser's own word (``Origin``, ``Sec-Fetch-Site``) is checked
as well. Flask-WTF's protection would need a server session on every catalog page. Who is signed in
has the token that their access token carries; it is the one they had as a visitor, so that a form
opened before logging in can still be sent.

Pages that are kept for everybody have forms too: adding to the cart, choosing a market. They are
made with a blank in the token's place, which each visitor's own fills when the page is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, current_app, g, request

from app.shared.errors import Forbidden
from app.shared.shop_keys import ShopKeys
from app.shared.texts import Text
from app.web.registry import service
from app.web.seals import Seals
from app.web.visitor import ensure_visitor, keep_name, known_visitor

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_EXEMPT = "mossx.csrf_exempt"
_CONFIRMABLE = "mossx.csrf_confirmable"
_TYPED = "application/x-www-form-urlencoded"
LEFT_BLANK = "mossx.csrf_left_blank"  # in the environ of a request whose page is kept
_SESSIONS = "mossx.csrf_sessions"

View = TypeVar("View", bound=Callable[..., Any])


class CsrfRefused(Forbidden):
    """The form's token is missing, old or another visitor's."""

    def __init__(self) -> None:
        super().__init__(
            Text(
                "This form is out of date or came from somewhere else, so nothing was "
                "changed. Please go back, reload the page and try again."
            )
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _SessionForms:
    token: Callable[[], str | None]
    checked: Callable[[], bool]


def use_session(
    app: Flask,
    *,
    token: Callable[[], str | None],
    checked: Callable[[], bool],
) -> None:
    """Let sessions guard their own forms: ``token`` is theirs if there is one, and ``checked``
    says whether the request is one of a session, and raises ``CsrfRefused`` if it lacks the token.
    """
    app.extensions[_SESSIONS] = _SessionForms(token=token, checked=checked)


def tokens(keys: ShopKeys) -> Seals:
    """How the shop with these keys makes form tokens: of a visitor's name."""
    return Seals(keys, "csrf")


def blank_for(keys: ShopKeys) -> str:
    """What stands for a token on pages that are kept: as long as one, and nobody can guess it."""
    return Seals(keys, "csrf blank").seal("")


def blank() -> str:
    """What stands for a token on this application's kept pages."""
    return blank_for(service(ShopKeys))


@contextmanager
def left_blank() -> Iterator[None]:
    """Make forms whose token is filled in later."""
    g.csrf_left_blank = True
    try:
        yield
    finally:
        g.csrf_left_blank = False


def filled(markup: str) -> str:
    """Fill in the token of who asks, unless the page as a whole is still kept blank."""
    gap = blank()
    return markup.replace(gap, csrf_token()) if gap in markup else markup


def csrf_token() -> str:
    """The token for this session's, else this visitor's, forms."""
    if g.get("csrf_left_blank") or LEFT_BLANK in request.environ:
        return blank()
    sessions: _SessionForms = current_app.extensions[_SESSIONS]
    return sessions.token() or tokens(service(ShopKeys)).seal(ensure_visitor())


def exempt(view: View) -> View:
    """Take a view out of the check: only those that verify a signature instead."""
    setattr(view, _EXEMPT, True)
    return view


def confirmable(view: View) -> View:
    """Let whoever logged out or in since they opened the view's form send it all the same: only
    views whose forms hold no password, code or money, and that change nothing of an account."""
    setattr(view, _CONFIRMABLE, True)
    return view


def to_confirm() -> list[tuple[str, str]]:
    """What a refused form sent, for a form with a token of now; nothing where it may be somebody
    else's. The browser has to say itself that it came from a page of this very origin, where nobody
    but its reader can have filled it in."""
    ours = not _cross_site() and request.headers.get("Sec-Fetch-Site") == "same-origin"
    view = current_app.view_functions.get(request.endpoint or "")
    if not ours or request.mimetype != _TYPED or not getattr(view, _CONFIRMABLE, False):
        return []
    fields = list(request.form.items(multi=True))
    return [(name, value) for name, value in fields if name != FIELD]


def _cross_site() -> bool:
    origin = request.headers.get("Origin")
    if origin and origin != "null":
        return _host(origin) != request.host
    return origin == "null" or request.headers.get("Sec-Fetch-Site", "none") in {
        "cross-site",
        "same-site",
    }


def _host(origin: str) -> str:
    """The host in an origin; an origin that is none is of no host."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return origin


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
    if sessions.checked():
        return
    given = request.form.get(FIELD) or request.headers.get(HEADER, "")
    visitor = known_visitor()
    if not visitor or not tokens(service(ShopKeys)).fits(visitor, given):
        raise CsrfRefused


def init_app(app: Flask) -> None:
    """Check every unsafe request and offer the token to templates."""
    app.before_request(_check)
    app.jinja_env.globals["csrf_token"] = csrf_token
