"""Every error becomes a page (or a fragment) with the right status, in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import structlog
from flask import Flask, Response, redirect, render_template, request
from redis.exceptions import RedisError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from app.db.errors import PyMongoError
from app.shared.errors import Conflict, Forbidden, Invalid, NotFound, ShopError, Unavailable
from app.shared.texts import Text
from app.web.csrf import CsrfRefused, to_confirm
from app.web.logs import plain_path
from app.web.rendering import asks_for_fragment, can_be_read, local_path, page

_STATUS: tuple[tuple[type[ShopError], int], ...] = (
    (NotFound, 404),
    (Invalid, 422),
    (Forbidden, 403),
    (Conflict, 409),
    (Unavailable, 503),
)
TITLES = {
    400: Text("That request was not understood"),
    403: Text("That is not allowed"),
    404: Text("We could not find that page"),
    405: Text("That is not how this page works"),
    409: Text("Something changed in the meantime"),
    413: Text("That is too large"),
    422: Text("Please check what you entered"),
    429: Text("Too many requests"),
    503: Text("One moment, please"),
}
_OUR_FAULT = Text("This is our fault, not yours. It has been noted; please try again.")
_OTHER_PERSON = Text(
    "You have logged out or in since you opened this form, so nothing was changed. What you "
    "entered is kept here. Do you still want to send it?"
)
_TROUBLE = {
    "HX-Retarget": "#trouble",  # above what was there, which stays to be tried again
    "HX-Reswap": "innerHTML",
    "HX-Reselect": ".alert",  # also where a page shows but a part of what it asked for
    "HX-Push-Url": "false",
}
_log = structlog.get_logger()


def error_page(
    status: int,
    message: str,
    retry_after: int | None = None,
    fields: Sequence[tuple[str, str]] = (),
) -> Response:
    """Answer with ``message`` and ``status``; the ``fields`` of a form can be sent again."""
    title = TITLES.get(409 if fields else status, Text("Something went wrong"))
    response = page(
        "errors/error.html",
        "message",
        status,
        title=title,
        message=message,
        status=status,
        back=_came_from(),
        fields=fields,
    )
    response.headers.update(where_to_say(request.environ))
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    response.headers["Cache-Control"] = "no-store"
    return response


def _came_from() -> str:
    """The page of ours whose form failed: gone back to, it is made anew. "" if none says so."""
    if request.method in {"GET", "HEAD"}:
        return ""
    return local_path(request.referrer or "", default="")


def where_to_say(environ: Mapping[str, Any]) -> Mapping[str, str]:
    """Headers for the answer to a request that failed: what a page asks for by itself changes
    nothing then; whoever pressed something is told what is wrong, and loses nothing of the page."""
    if environ.get("HTTP_HX_ASIDE"):
        return {"HX-Reswap": "none"}
    return _TROUBLE if asks_for_fragment(environ) else {}


def _on_shop_error(error: ShopError) -> Response:
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 400)
    return error_page(status, error.message, getattr(error, "retry_after", None))


def _on_csrf_refused(error: CsrfRefused) -> Response:
    """A form of before a log-out is kept for whoever still wants to send it."""
    fields = to_confirm()
    return error_page(403, _OTHER_PERSON if fields else error.message, fields=fields)


def _on_http_error(error: HTTPException) -> BaseResponse | HTTPException:
    if error.code is None or error.code < 400:
        return error
    meant = _without_slash() if error.code == 404 else ""
    if meant:
        return redirect(meant, 308)
    response = error_page(error.code, _explain(error.code))
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def _without_slash() -> str:
    """The address without a slash at its end, if the shop has that one; else nothing."""
    bare = request.path.removesuffix("/")
    if request.method not in {"GET", "HEAD"} or bare == request.path:
        return ""
    if not can_be_read(bare):
        return ""
    query = request.query_string.decode("ascii", "replace")
    return local_path(quote(bare) + (f"?{query}" if query else ""), default="")


def _explain(code: int) -> str:
    if code == 404:
        return Text("The page may have moved, or the link is mistyped.")
    if code == 405:
        return Text("This address does not answer to that kind of request.")
    if code == 413:
        return Text("Please send less at once.")
    if code >= 500:
        return _OUR_FAULT
    return Text("The request could not be understood.")


def _on_backend_down(error: Exception) -> Response:
    _log.error("backend_unavailable", error=type(error).__name__, path=plain_path())
    return error_page(
        503,
        Text(
            "Part of the shop is not answering right now. Nothing was lost: please try again soon."
        ),
        retry_after=5,
    )


def _on_crash(error: Exception) -> Response | tuple[str, int]:
    _log.exception("unhandled_error", path=plain_path(), exc_info=error)
    try:
        return error_page(500, _OUR_FAULT)
    except Exception:  # the error page itself needs a backend that is gone
        _log.exception("error_page_failed")
        return render_template("errors/plain.html", title=Text("Something went wrong")), 500


def init_app(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(ShopError, _on_shop_error)
    app.register_error_handler(CsrfRefused, _on_csrf_refused)
    app.register_error_handler(HTTPException, _on_http_error)
    app.register_error_handler(PyMongoError, _on_backend_down)
    app.register_error_handler(RedisError, _on_backend_down)
    app.register_error_handler(Exception, _on_crash)
