"""What templates need to show a picture."""

from __future__ import annotations

from flask import Flask

from app.media.service import MediaService
from app.web.registry import service


def media_url(src: str, width: int = 640, own: int = 0) -> str:
    """The address of a copy about this wide of a picture that is ``own`` pixels wide."""
    return service(MediaService).url(src, width, own)


def media_srcset(src: str, own: int) -> str:
    """Every width of a picture for ``srcset``; empty for pictures of other sites."""
    return service(MediaService).srcset(src, own)


def media_tone(src: str) -> str:
    """The colour of the place where the picture will be; empty if unknown."""
    return service(MediaService).tone(src)


def init_app(app: Flask) -> None:
    """Offer all three to templates."""
    app.jinja_env.globals["media_url"] = media_url
    app.jinja_env.globals["media_srcset"] = media_srcset
    app.jinja_env.globals["media_tone"] = media_tone
