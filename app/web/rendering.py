"""Pages and fragments from the same templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Response, current_app, make_response, redirect, render_template, request
from jinja2_fragments.flask import render_blocks
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

VARIES = ("HX-Request", "HX-Boosted", "HX-History-Restore-Request")  # page or fragment
_REFUSED = 422  # what was sent cannot be accepted


def asks_for_fragment(environ: Mapping[str, Any]) -> bool:
    """Whether a request is for a part of the page: an htmx request that is neither boosted nor a
    history restore."""
    return (
        environ.get("HTTP_HX_REQUEST") == "true"
        and environ.get("HTTP_HX_HISTORY_RESTORE_REQUEST") != "true"
        and environ.get("HTTP_HX_BOOSTED") != "true"
    )


def wants_fragment() -> bool:
    """Whether the current request is for a part of the page."""
    return asks_for_fragment(request.environ)


def page(
    template: str,
    fragment: str | tuple[str, ...],
    status: int = 200,
    /,
    *,
    said: object = "",
    **context: Any,
) -> Response:
    """Render ``template`` whole, or its block(s) ``fragment`` for htmx.

    ``said``, a text, is read out by screen readers when the fragment comes. Templates are told
    whether they are a fragment (``is_fragment``) and whether a form was refused (``failed``).
    """
    is_fragment = wants_fragment()
    context.update(is_fragment=is_fragment, failed=status == _REFUSED)
    if is_fragment:
        blocks = (fragment,) if isinstance(fragment, str) else fragment
        body = render_blocks(template, list(blocks), **context)
        if said:
            body += render_template("_said.html", said=said)
    else:
        body = render_template(template, **context)
    return page_or_fragment(body, status)


def page_or_fragment(body: str, status: int) -> Response:
    """The answer of an address that has both."""
    response = make_response(body, status)
    response.vary.update(VARIES)
    return response


def private(response: Response) -> Response:
    """Mark a personal answer: no cache may keep it."""
    response.headers["Cache-Control"] = "private, no-store"
    return response


def see_other(location: str) -> BaseResponse:
    """The 303 that ends every plain form post."""
    return redirect(location, 303)


def leave_to(location: str) -> BaseResponse:
    """Send the browser to another page or site, also out of an htmx request.

    htmx follows a 3xx inside its request, which cannot leave the site, so it is told by header.
    """
    response: BaseResponse
    if request.headers.get("HX-Request") == "true":
        response = current_app.response_class(status=200)
        response.headers["HX-Redirect"] = location
    else:
        response = see_other(location)
    response.vary.add("HX-Request")
    response.headers["Cache-Control"] = "private, no-store"
    return response


def can_be_read(path: str) -> bool:
    """Whether the shop has a page at this path."""
    routes = current_app.create_url_adapter(request)
    try:
        return routes is not None and bool(routes.match(path, "GET"))
    except HTTPException:  # also a redirect to where it is
        return False


def page_at(url: str) -> str:
    """The page at a path of the shop, else the nearest one above it: a refused form stands at an
    address that nobody can read."""
    path = urlsplit(url).path
    if can_be_read(path):
        return url
    while path and not can_be_read(path):
        path = path.rpartition("/")[0]
    return path or "/"


def local_path(url: str, default: str = "/") -> str:
    r"""The path and query of ``url`` if it belongs to this shop, else ``default``.

    Never a way out: other hosts, other schemes, and what browsers read as one (``//``, ``\``).
    """
    cleaned = "".join(letter for letter in url if letter.isprintable())
    try:
        parts = urlsplit(cleaned)
    except ValueError:
        return default
    if parts.netloc not in {"", request.host} or not parts.path.startswith("/"):
        return default
    if parts.path.startswith("//") or "\\" in cleaned:
        return default
    return parts.path + (f"?{parts.query}" if parts.query else "")
