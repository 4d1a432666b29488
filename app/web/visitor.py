"""The visitor cookie: an anonymous, signed, random name for a browser."""

from __future__ import annotations

import os
import secrets

from flask import Flask, Response, current_app, g, request
from werkzeug.http import dump_cookie

from app.shared.shop_keys import ShopKeys
from app.web.seals import Seals

COOKIE = "mossx_visitor"
LIFETIME = 60 * 24 * 3600
_BYTES, _LETTERS = 18, 24  # of a name
_AT_ONCE = 64
_EXTENSION = "mossx.visitor_names"
_fresh: list[str] = []  # names that nobody was given yet
os.register_at_fork(after_in_child=_fresh.clear)  # or both processes would give the same ones


class VisitorNames:
    """Gives names, and knows the cookies that hold them: ``<name>.<seal>``."""

    def __init__(self, keys: ShopKeys, *, secure: bool) -> None:
        self._seals = Seals(keys, "visitor")
        template = dump_cookie(
            COOKIE, "NAME", max_age=LIFETIME, httponly=True, samesite="Lax", secure=secure
        )
        self._before, self._after = template.split("NAME")

    def new(self) -> str:
        """A name that nobody has: 144 random bits. Chance is asked for many at once."""
        try:
            return _fresh.pop()
        except IndexError:
            drawn = secrets.token_urlsafe(_BYTES * _AT_ONCE)
            first, *more = (drawn[at : at + _LETTERS] for at in range(0, len(drawn), _LETTERS))
            _fresh.extend(more)
            return first

    def read(self, value: str) -> str:
        """The name in a cookie's value, ``""`` if we did not give it."""
        name, _, seal = value.partition(".")
        return name if self._seals.fits(name, seal) else ""

    def is_old(self, value: str) -> bool:
        """Whether a good cookie's value is to be replaced, before its key is gone."""
        name, _, seal = value.partition(".")
        return self._seals.is_old(name, seal)

    def cookie(self, name: str) -> str:
        """The ``Set-Cookie`` header that gives a browser this name."""
        return f"{self._before}{name}.{self._seals.seal(name)}{self._after}"


def names(app: Flask | None = None) -> VisitorNames:
    """The application's names."""
    held: VisitorNames = (app or current_app).extensions[_EXTENSION]
    return held


def known_visitor() -> str:
    """The visitor's name from a valid cookie, or ``""``."""
    if "visitor" not in g:
        sent = request.cookies.get(COOKIE, "")
        g.visitor = names().read(sent)
        g.visitor_is_new = bool(g.visitor) and names().is_old(sent)
    return str(g.visitor)


def ensure_visitor() -> str:
    """The visitor's name; a browser without one gets it with this answer."""
    if not known_visitor():
        forget_visitor()
    return str(g.visitor)


def forget_visitor() -> None:
    """Give the browser a new name with this answer: whoever sits there now may be another."""
    g.visitor = names().new()
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
        response.headers.add("Set-Cookie", names().cookie(g.visitor))
    return response


def init_app(app: Flask) -> None:
    """Send the cookie with the answer in which a name was given."""
    keys = ShopKeys(str(app.secret_key or ""), tuple(app.config["SECRET_KEY_FALLBACKS"]))
    app.extensions[_EXTENSION] = VisitorNames(keys, secure=app.config["SESSION_COOKIE_SECURE"])
    app.after_request(_remember)
