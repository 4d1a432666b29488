"""The page cache in front of Flask: anonymous pages, the same for every visitor of an edition.

A page is known by everything it varies on: its canonical address, its edition (market and
language), whether a cart may be there, fragment or whole. It is made from a request that has
nothing else in it, so nothing a client sends beside those can change what another is shown. Only
the token of its forms is the visitor's own: it is filled in when the page is sent. The cache is
told what to forget by whoever follows the database; on its own it asks nobody, so a hit costs
neither a query nor a round trip.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, Response, request

from app.web import csrf
from app.web.callers import Caller, Callers, Cookies
from app.web.conditional import etag_of, held_tag, takes_gzip
from app.web.form_tokens import FormToken, FormTokens
from app.web.packing import EMPTY
from app.web.page_store import Headers, Page, PageStore
from app.web.rendering import asks_for_fragment
from app.web.turns import NOT_KEPT, ONLY_KEPT, TO_KEEP, TOO_MANY
from app.web.wsgi_answers import Answer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Address = tuple[str, str]  # path and query, in their one canonical form
Canonical = Callable[[str, str], Address | None]

_LONGEST_ADDRESS = 600
_PATIENCE = 5.0  # seconds to wait for another's rendering of the same page
_POLICY = "mossx.page_policy"
_SHARED = "mossx.shared_page"
_CARRIED = (
    "REQUEST_METHOD", "SCRIPT_NAME", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL",
    "wsgi.version", "wsgi.errors", "wsgi.multithread", "wsgi.multiprocess", "wsgi.run_once",
)  # fmt: skip
_NOT_KEPT = frozenset({"content-length", "date", "server", "x-request-id", "vary", "cache-control"})
_VARY = "Accept-Encoding, Cookie, HX-Request, HX-Boosted, HX-History-Restore-Request"


@dataclass(kw_only=True, slots=True)
class _Policy:
    tags: set[str] = field(default_factory=set)
    subject: str = ""


@dataclass(kw_only=True, slots=True)
class Counts:
    """What happened since the last time somebody looked."""

    hits: int = 0
    not_modified: int = 0
    misses: int = 0


# --- for views ------------------------------------------------------------------------------------


def keep_page(tags: Iterable[str], subject: str = "") -> None:
    """Let the page of this request be kept until one of ``tags`` is dropped.

    ``subject`` is what the page is about, for those who want to know what is looked at.
    """
    policy = _Policy(tags=set(tags), subject=subject)
    request.environ[_POLICY] = policy


def is_shared() -> bool:
    """Whether what is being made will be shown to every visitor: it may hold nothing personal."""
    return _SHARED in request.environ


def shared_cart_hint() -> bool:
    """Of a shared page: whether it is the one for visitors who may have a cart."""
    return bool(request.environ[_SHARED])


def init_app(app: Flask) -> None:
    """Let no browser keep a page that names no other wish."""
    app.after_request(_keep_private)


def _keep_private(response: Response) -> Response:
    if "Cache-Control" not in response.headers and response.mimetype == "text/html":
        response.headers["Cache-Control"] = "private, no-cache"
    return response


# --- the middleware -------------------------------------------------------------------------------


class PageCache:
    """WSGI middleware.

    ``canonical`` gives a cacheable address its one form, None for pages that are not kept.
    ``on_served`` hears of each page about a subject, with the cookies of whom it was shown;
    ``on_visit`` of each page at all, with its request and its subject.
    Without ``may_keep`` nothing new is kept, because nobody says what to forget.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        store: PageStore,
        canonical: Canonical,
        cookies: Cookies,
        base_url: str,
        tokens: FormTokens,
        on_served: Callable[[str, str], None],
        may_keep: Callable[[], bool],
        on_visit: Callable[[WSGIEnvironment, str], None],
    ) -> None:
        self._app = app
        self.store = store
        self._canonical = lru_cache(maxsize=65_536)(canonical)
        self._cookies = cookies
        self._base = urlsplit(base_url)
        self._tokens = tokens
        self._on_served = on_served
        self._may_keep = may_keep
        self._on_visit = on_visit
        self.counts = Counts()
        self._making: dict[Hashable, threading.Event] = {}
        self._callers = Callers(cookies, tokens)

    def __call__(self, environ: WSGIEnvironment, start: StartResponse, /) -> Iterable[bytes]:
        """Answer from memory, else let Flask make the page and keep it."""
        caller = self._callers.of(environ.get("HTTP_COOKIE", ""))
        key = self._key(environ, caller) if environ["REQUEST_METHOD"] in {"GET", "HEAD"} else None
        page = self.store.get(key) if key is not None else None
        if page is not None:
            self.counts.hits += 1
            return self._send(page, caller.token, environ, start)
        if ONLY_KEPT in environ:
            return NOT_KEPT if key is None else TO_KEEP
        if key is None:
            return self._app(environ, start)
        if TOO_MANY in environ:
            sibling = self._sibling(key)
            if sibling is None:
                return self._app(environ, start)
            return self._send(sibling, caller.token, environ, start)
        return self._make(key, caller.token, environ, start)

    def _key(self, environ: WSGIEnvironment, caller: Caller) -> tuple[Any, ...] | None:
        path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
        if len(path) + len(query) > _LONGEST_ADDRESS:
            return None
        address = self._canonical(path, query)
        if address is None or caller.is_signed_in:
            return None
        fragment = "HTTP_HX_REQUEST" in environ and asks_for_fragment(environ)
        return address, caller.edition, caller.has_cart, fragment

    def _send(
        self, page: Page, known: FormToken | None, environ: WSGIEnvironment, start: StartResponse
    ) -> list[bytes]:
        """Send a page with the visitor's token: the ``known`` one, else a new one."""
        self._on_visit(environ, page.subject)
        if page.subject and "HTTP_COOKIE" in environ:
            self._on_served(page.subject, environ["HTTP_COOKIE"])
        has_forms = page.has_forms
        token = known if has_forms else None
        asked = environ.get("HTTP_IF_NONE_MATCH")
        held = held_tag(asked, page.digest, token) if asked else ""
        if held:
            self.counts.not_modified += 1
            start("304 Not Modified", page.not_modified(held))
            return []
        if has_forms and token is None:
            token = self._tokens.new()
        etag = etag_of(page.digest, token)
        filling = token.filling if token else EMPTY
        if takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")):
            headers, body = page.packed(etag, filling)
        else:
            headers, body = page.plain(etag, filling)
        if token and token.cookie:
            headers.append(("Set-Cookie", token.cookie))
        start("200 OK", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _send_once(
        self,
        answer: Answer,
        body: bytes,
        known: FormToken | None,
        environ: WSGIEnvironment,
        start: StartResponse,
    ) -> list[bytes]:
        """Send what is not worth keeping, an error for instance, with the visitor's token."""
        headers = answer.headers
        if self._tokens.blank in body:
            token = known or self._tokens.new()
            body = body.replace(self._tokens.blank, token.filling.text)
            if token.cookie:
                headers = [*headers, ("Set-Cookie", token.cookie)]
        start(answer.status, headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def forget(self) -> None:
        """Make every page anew, and read every cookie anew: the markets changed."""
        self._callers.forget()
        self.store.clear()

    def warm(self, address: Address, market: str = "", language: str = "") -> None:
        """Make a page of a market and a language ("" for the default ones) before anybody asks."""
        environ: WSGIEnvironment = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": address[0],
            "QUERY_STRING": address[1],
            "SERVER_NAME": self._base.hostname or "",
            "SERVER_PORT": str(self._base.port or 80),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.errors": sys.stderr,
            "HTTP_COOKIE": self._cookies.edition(market, language),
        }
        self(environ, lambda *_: lambda _: None)

    # --- making a page ------------------------------------------------------------------------

    def _make(
        self,
        key: tuple[Any, ...],
        known: FormToken | None,
        environ: WSGIEnvironment,
        start: StartResponse,
    ) -> Iterable[bytes]:
        """One thread makes the page, the others wait for it."""
        if not self._may_keep():
            return self._render(key, known, environ, start)
        mine = threading.Event()
        running = self._making.setdefault(key, mine)
        if running is not mine:
            running.wait(_PATIENCE)
            page = self.store.get(key)
            if page is not None:
                self.counts.hits += 1
                return self._send(page, known, environ, start)
            return self._render(key, known, environ, start)
        try:
            return self._render(key, known, environ, start)
        finally:
            self._making.pop(key, None)
            mine.set()

    def _render(
        self,
        key: tuple[Any, ...],
        known: FormToken | None,
        environ: WSGIEnvironment,
        start: StartResponse,
    ) -> Iterable[bytes]:
        self.counts.misses += 1
        mark, may_keep = self.store.mark(), self._may_keep()
        clean = self._clean(key, environ)
        answer = Answer()
        body = answer.whole(self._app(clean, answer))
        instead = self._better_than_none(key) if answer.code >= 500 else None
        if instead is not None:
            return self._send(instead, known, environ, start)
        policy: _Policy | None = clean.get(_POLICY)
        if policy is None or not _is_sharable(answer):
            return self._send_once(answer, body, known, environ, start)
        page = Page(body, _kept_headers(answer), policy.subject, self._tokens.blank)
        if may_keep and self._may_keep():
            self.store.put(key, page, policy.tags, mark)
        return self._send(page, known, environ, start)

    def _better_than_none(self, key: tuple[Any, ...]) -> Page | None:
        """What to show when the page cannot be made, for want of a database for instance."""
        return self._sibling(key) or self.store.former(key)

    def _sibling(self, key: tuple[Any, ...]) -> Page | None:
        """The page as it is without the badge of the cart."""
        address, edition, _, fragment = key
        return self.store.get((address, edition, False, fragment))

    def _clean(self, key: tuple[Any, ...], environ: WSGIEnvironment) -> WSGIEnvironment:
        """A request with nothing in it but what the page is known by."""
        (path, query), edition, has_cart, fragment = key
        clean = {name: environ[name] for name in _CARRIED if name in environ}
        clean["REQUEST_METHOD"] = "GET"
        clean["PATH_INFO"], clean["QUERY_STRING"] = path, query
        clean["wsgi.url_scheme"] = self._base.scheme
        clean["HTTP_HOST"] = self._base.netloc
        clean["wsgi.input"] = BytesIO()
        clean["CONTENT_LENGTH"] = "0"
        if edition:
            clean["HTTP_COOKIE"] = edition
        if fragment:
            clean["HTTP_HX_REQUEST"] = "true"
        clean[_SHARED] = has_cart
        clean[csrf.LEFT_BLANK] = True
        return clean


def _is_sharable(answer: Answer) -> bool:
    return answer.code == 200 and not answer.has("set-cookie")


def _kept_headers(answer: Answer) -> Headers:
    kept = [(name, value) for name, value in answer.headers if name.lower() not in _NOT_KEPT]
    return [*kept, ("Vary", _VARY), ("Cache-Control", "private, no-cache")]
