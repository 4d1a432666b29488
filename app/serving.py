"""What a server does beside answering: it follows the catalog, and makes pages beforehand."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time

import structlog
from flask import Flask

from app.catalog.follower import CatalogFollower
from app.catalog.service import CatalogService
from app.config import Settings
from app.db.errors import PyMongoError
from app.markets.languages import read_in
from app.markets.service import MarketService
from app.monitoring.process_figures import ProcessFigures
from app.shared import languages
from app.web.front import Front
from app.web.page_cache import PageCache
from app.web.registry import service

_MOST_PAGES = 150  # the home page, listings and newest products; the rest comes by being asked for
_LISTINGS = 20  # of these for each other market and language
_PATIENCE = 30.0
_YOUNG = 10_000  # new containers after which the collector looks at the young ones (700 by default)
_TURN = 0.0005  # seconds after which a thread lets others run (5 ms by default)
_log = structlog.get_logger()


def front_of(app: Flask) -> Front:
    """What a web server of the shop talks to."""
    return Front(app.wsgi_app, service(Settings, app).mossx_web_threads)


def serve(app: Flask) -> None:
    """Begin, in threads of their own, unless a command of ``flask`` loaded the application."""
    if os.environ.get("FLASK_RUN_FROM_CLI") == "true":
        return
    sys.setswitchinterval(_TURN)  # a page that is there already does not wait for one being made
    follower = service(CatalogService, app).follower
    follower.start()
    service(ProcessFigures, app).start()
    threading.Thread(target=_warm, args=(app, follower), name="warm-up", daemon=True).start()


def _warm(app: Flask, follower: CatalogFollower) -> None:
    """Make the likeliest pages once the catalog is followed."""
    until = time.monotonic() + _PATIENCE
    while not follower.is_following and time.monotonic() < until:
        time.sleep(0.05)
    try:
        made = _make_pages(app)
    except PyMongoError:  # a server without warm pages is slow at first, and no worse
        _log.exception("warm_up_failed")
    else:
        _log.info("warmed_up", pages=made)
    _spare_the_collector()


def _spare_the_collector() -> None:
    """Have Python's collector of cycles pass over what is there by now: it lives as long as the
    process, and going through all of it again and again stops every request meanwhile."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG)


def _make_pages(app: Flask) -> int:
    pages = service(PageCache, app)
    paths = service(CatalogService, app).popular_paths(_MOST_PAGES)
    markets = service(MarketService, app)
    for market in markets.open():
        for language in read_in(market):
            is_default = market == markets.default and language == languages.DEFAULT
            for path in paths if is_default else paths[:_LISTINGS]:
                pages.warm((path, ""), market.code, language)
    return len(pages.store)
