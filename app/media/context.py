"""What templates need to show a picture."""

from __future__ import annotations

from flask import Flask

from app.media.store import WIDTHS, LocalMediaStore
from app.web.registry import service


def media_url(src: str, width: int = 640) -> str:
    """The address of a picture about this wide."""
    return service(LocalMediaStore).url(src, width)


def media_srcset(src: str) -> str:
    """Every width of a picture for ``srcset``; empty for pictures of other sites."""
    addresses = [(media_url(src, width), width) for width in WIDTHS]
    if addresses[0][0] == src:
        return ""
    return ", ".join(f"{url} {width}w" for url, width in addresses)


def init_app(app: Flask) -> None:
    """Offer both to templates."""
    app.jinja_env.globals["media_url"] = media_url
    app.jinja_env.globals["media_srcset"] = media_srcset
