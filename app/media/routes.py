"""Serving pictures of the media folder; their names change with their content."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, abort, send_file

from app.media.errors import MediaUnavailable
from app.media.local import LocalMediaStore
from app.web.browser_policy import show_anywhere
from app.web.registry import service

blueprint = Blueprint("media", __name__, url_prefix="/media")
_FOREVER = 365 * 24 * 3600
_A_WHILE = 300


@blueprint.get("/<name>")
def original(name: str) -> Response:
    """A picture as it is kept."""
    return _send(service(LocalMediaStore).master(name))


@blueprint.get("/w<int:width>/<name>")
def resized(width: int, name: str) -> Response:
    """A picture in one of the widths the shop uses; as it is kept, while no copy can be made."""
    store = service(LocalMediaStore)
    try:
        return _send(store.copy(name, width))
    except MediaUnavailable:
        return _send(store.master(name), for_good=False)


def _send(path: Path | None, *, for_good: bool = True) -> Response:
    if path is None:
        abort(404)
    response = send_file(path, max_age=_FOREVER if for_good else _A_WHILE, conditional=True)
    response.cache_control.public = True
    response.cache_control.immutable = for_good
    return show_anywhere(response)
