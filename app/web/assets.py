"""Static files under names that carry their content's hash, so that browsers keep them for ever."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from functools import cache, lru_cache, partial
from pathlib import Path

import brotli
from flask import Flask, Response, current_app, request, send_from_directory

from app.web.browser_policy import show_anywhere

_HASHED = re.compile(r"^(?P<stem>.+)\.(?P<digest>[0-9a-f]{10})(?P<suffix>\.[a-z0-9]+)$")
_VERSIONED = re.compile(r"-\d+\.\d+\.\d+\.[a-z0-9.]+$")  # vendored: the name has the version
_FOREVER = 365 * 24 * 3600
_TEXT = frozenset({".css", ".js", ".svg"})  # pictures and fonts are packed already
_CODINGS = ("br", "gzip", "identity")
_ASKED_BLINDLY = {  # by browsers, whatever a page says
    "/favicon.ico": "favicon.svg",
    "/apple-touch-icon.png": "touch-icon.png",
    "/apple-touch-icon-precomposed.png": "touch-icon.png",
}


class Assets:
    """The files of one folder, which do not change while a process lives."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.url = cache(self._url)

    def _url(self, name: str) -> str:
        """The address of a file: ``css/mossx.css`` becomes ``/static/css/mossx.<hash>.css``.

        Raises ``FileNotFoundError``, so that a template with a wrong name fails in its first test.
        """
        path = self._folder / name
        if _VERSIONED.search(name):
            return f"/static/{name}"
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:10]
        return f"/static/{name.removesuffix(path.suffix)}.{digest}{path.suffix}"

    def send(self, filename: str) -> Response:
        """Serve a hashed name with an immutable answer, a plain name with a short one.

        The hash of another content is in a page of another version of the shop, which runs beside
        this one or did so a moment ago: it gets the file that there is, to be kept by nobody.
        """
        match = _HASHED.match(filename)
        if match is None and not _VERSIONED.search(filename):
            return show_anywhere(self._packed(filename, 300))
        name = match["stem"] + match["suffix"] if match else filename
        if match and not self._is_current(name, filename):
            return _kept_by_nobody(self._packed(name, 0))
        response = self._packed(name, _FOREVER)
        response.cache_control.public = True
        response.cache_control.immutable = True
        return show_anywhere(response)

    def _packed(self, name: str, max_age: int) -> Response:
        """The file, texts in the best coding that the browser takes."""
        plain = send_from_directory(self._folder, name, max_age=max_age)
        path = self._folder / name
        if path.suffix not in _TEXT or plain.status_code != 200:
            return plain
        coding = request.accept_encodings.best_match(_CODINGS, "identity")
        plain.vary.add("Accept-Encoding")
        if coding == "identity":
            return plain
        plain.close()
        return _coded(path, coding, max_age)

    def _is_current(self, name: str, filename: str) -> bool:
        return (self._folder / name).is_file() and self.url(name) == f"/static/{filename}"


def _kept_by_nobody(response: Response) -> Response:
    response.cache_control.no_store = True
    return show_anywhere(response)


def _coded(path: Path, coding: str, max_age: int) -> Response:
    kind = mimetypes.guess_type(path.name)[0]
    response = current_app.response_class(_pack(path, coding), mimetype=kind)
    response.content_encoding = coding
    response.vary.add("Accept-Encoding")
    response.cache_control.max_age = max_age
    response.add_etag()
    response.make_conditional(request)
    return response


@lru_cache(maxsize=64)
def _pack(path: Path, coding: str) -> bytes:
    """The packed file; packing as hard as possible pays, since it is done once."""
    data = path.read_bytes()
    return brotli.compress(data, quality=11) if coding == "br" else gzip.compress(data, 9)


def init_app(app: Flask, folder: Path) -> None:
    """Serve ``folder`` at ``/static/`` and offer ``static_url`` to templates."""
    assets = Assets(folder)
    app.add_url_rule("/static/<path:filename>", "static", assets.send)
    app.jinja_env.globals["static_url"] = assets.url
    for path, name in _ASKED_BLINDLY.items():
        app.add_url_rule(path, path, partial(assets.send, name))
