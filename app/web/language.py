"""The language of the current request, from a cookie that names one the shop speaks."""

from __future__ import annotations

from typing import Any

from flask import Flask, request
from werkzeug.wrappers import Response

from app.shared import texts
from app.shared.languages import DEFAULT, LANGUAGES, known_language

COOKIE = "mossx_language"
_YEAR = 365 * 24 * 3600


def code_in(cookie: str) -> str:
    """The language that a cookie names, "" for the default one."""
    language = known_language(cookie)
    return "" if language == DEFAULT else language


def remember_language(response: Response, language: str, *, secure: bool) -> None:
    """Have the browser read ``language`` from now on; the default one needs no cookie."""
    if not code_in(language):
        response.delete_cookie(COOKIE, httponly=True, samesite="Lax", secure=secure)
        return
    response.set_cookie(
        COOKIE, language, max_age=_YEAR, httponly=True, samesite="Lax", secure=secure
    )


def _listen() -> None:
    texts.speak(request.cookies.get(COOKIE, ""))


def _forget(_: BaseException | None) -> None:
    texts.speak(DEFAULT)  # the thread's next work may be nobody's


def _template_globals() -> dict[str, Any]:
    return {"language": texts.current_language(), "languages": LANGUAGES}


def init_app(app: Flask) -> None:
    """Speak the reader's language in every request, and offer gettext to templates."""
    app.before_request(_listen)
    app.teardown_request(_forget)
    app.context_processor(_template_globals)
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    install: Any = app.jinja_env
    install.install_gettext_callables(
        texts.gettext,
        texts.ngettext,
        newstyle=True,
        pgettext=texts.pgettext,
        npgettext=texts.npgettext,
    )
