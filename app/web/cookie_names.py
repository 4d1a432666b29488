"""Names of cookies that browsers take from this shop alone.

Where the shop is reached by https, its cookies are called ``__Host-…``: a browser lets no other
site, no subdomain and no unencrypted answer set one of that name (RFC 6265bis, 4.1.3). Cookies for
one path only cannot have that prefix and are called ``__Secure-…``. Inside the shop they have their
plain names, so nothing else has to know; a cookie that comes without its prefix is somebody else's
and is left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_OURS = "mossx_"
_HOST, _SECURE = "__Host-", "__Secure-"


class PrefixedCookies:
    """WSGI middleware. ``narrow`` are the cookies that are sent to one path alone."""

    def __init__(self, app: WSGIApplication, *, narrow: Iterable[str]) -> None:
        self._app = app
        self._narrow = frozenset(narrow)
        self._plain = lru_cache(maxsize=4096)(self._without_prefixes)

    def __call__(self, environ: WSGIEnvironment, start: StartResponse, /) -> Iterable[bytes]:
        """Answer as the application does, with the prefixes."""
        sent = environ.get("HTTP_COOKIE")
        if sent:
            environ["HTTP_COOKIE"] = self._plain(sent)

        def start_with_prefixes(
            status: str, headers: list[tuple[str, str]], *more: object
        ) -> object:
            named = [
                (name, self._with_prefix(value) if name.lower() == "set-cookie" else value)
                for name, value in headers
            ]
            return start(status, named, *more)  # type: ignore[arg-type]  # exc_info

        return self._app(environ, start_with_prefixes)  # type: ignore[arg-type]  # as WSGI has it

    def _prefix(self, name: str) -> str:
        return _SECURE if name in self._narrow else _HOST

    def _with_prefix(self, cookie: str) -> str:
        name, _, rest = cookie.partition("=")
        if not name.startswith(_OURS):
            return cookie
        # Also where one is taken away: without it a browser ignores the answer.
        secure = "" if "; secure" in rest.lower() else "; Secure"
        return f"{self._prefix(name)}{name}={rest}{secure}"

    def _without_prefixes(self, sent: str) -> str:
        kept = []
        for pair in map(str.strip, sent.split(";")):
            name, mark, value = pair.partition("=")
            plain = name.removeprefix(_HOST).removeprefix(_SECURE)
            if not plain.startswith(_OURS):
                kept.append(pair)
            elif name == self._prefix(plain) + plain:
                kept.append(f"{plain}{mark}{value}")
        return "; ".join(kept)
