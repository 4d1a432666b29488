"""Following the catalog without a server: its page cache, and what a follower tells."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import Flask

from app.catalog.follower import CatalogFollower
from app.catalog.readmodel.touched import Touched
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


class Ear:
    """Hears what a follower tells."""

    def __init__(self, follower: CatalogFollower) -> None:
        self.heard: list[Touched] = []
        follower.listen(self.heard.append)

    def wait_for(self, is_it: Callable[[Touched], bool], patience: float = 5.0) -> Touched:
        """The first thing heard that it is."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            for each in list(self.heard):
                if is_it(each):
                    return each
            time.sleep(0.005)
        raise AssertionError(f"never heard among {self.heard}")
