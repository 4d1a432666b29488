"""A server's page cache, without the server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from app.catalog.service import CatalogService
from app.web.page_cache import PageCache
from app.web.registry import service
from tests.support.waiting import wait_until


@contextmanager
def following(app: Flask) -> Iterator[PageCache]:
    """The cache, while what it shows is followed as a server does."""
    follower = service(CatalogService, app).follower
    follower.start()
    try:
        wait_until(lambda: follower.is_following)
        yield service(PageCache, app)
    finally:
        follower.close()
