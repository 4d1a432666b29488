"""Serving pictures of the media folder; their names change with their content."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, abort, send_file

from app.media.local import LocalMediaStore
from app.web.browser_policy import show_anywhere
from app.web.registry import service

blueprint = Blueprint("media", __name__, url_prefix="/media")
_FOREVER = 365 * 24 * 3600


@blueprint.get("/<name>")
def original(name: str) -> Response:
    """A picture as it is kept."""
    return _send(service(LocalMediaStore).master(name))


@blueprint.get("/w<int:width>/<name>")
def resized(width: int, name: str) -> Response:
    """A picture in one of the widths the shop uses."""
    return _send(service(LocalMediaStore).copy(name, width))


def _send(path: Path | None) -> Response:
    if path is None:
        abort(404)
    response = send_file(path, max_age=_FOREVER, conditional=True)
    response.cache_control.public = True
    response.cache_control.immutable = True
    return show_anywhere(response)
