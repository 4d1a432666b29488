"""What a browser holds already, and how it wants the rest: validators and codings of kept pages."""

from __future__ import annotations

from functools import lru_cache

from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

from app.web.form_tokens import FormToken

_LONGEST_MARK = 20


def etag_of(digest: str, token: FormToken | None) -> str:
    """The tag of a page, and of whose token is in it."""
    return f'W/"{digest}.{token.mark}"' if token else f'W/"{digest}"'


def held_tag(asked: str, digest: str, token: FormToken | None) -> str:
    """The tag of ``If-None-Match`` by which the page is known to be held, by weak comparison
    (RFC 9110, 13.1.2 and 8.8.3.2); "" if it is not.

    A browser with a name must hold its own page. One without, which sends no cookies or lost
    them, is not given a name with an answer that could not give it the token.
    """
    mine = etag_of(digest, token)
    if asked in {mine, "*"}:
        return mine
    for each in asked.split(","):
        name = each.strip().removeprefix("W/").strip('"')
        page, _, mark = name.partition(".")
        if page == digest and (not token or mark == token.mark) and len(mark) < _LONGEST_MARK:
            return f'W/"{name}"'
    return ""


@lru_cache(maxsize=512)
def takes_gzip(asked: str) -> bool:
    """Whether to answer in gzip (RFC 9110, 12.5.3)."""
    accept = parse_accept_header(asked, Accept)
    return accept.quality("gzip") > 0 and accept.quality("gzip") >= accept.quality("identity")
