"""The read model kept fresh: by a change stream in servers, by looking at the feed elsewhere."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Protocol

import structlog

from app.catalog.feed import FeedReader
from app.catalog.modelling import Modelling
from app.catalog.packs import ModelPacks, Packed
from app.catalog.readmodel.arrivals import arrived_between, seconds_to_arrival
from app.catalog.readmodel.entries import milliseconds
from app.catalog.readmodel.model import CatalogModel
from app.catalog.readmodel.touched import EVERYTHING, Touched
from app.catalog.repository import CatalogRepository, Change
from app.db.errors import PyMongoError
from app.db.following import Following
from app.shared.clock import now
from app.shared.ids import ProductId

_LOOK_EVERY = 0.2  # seconds between looks at the feed where no thread follows it
_LOOK_AGAIN = 5.0  # the same after a look that failed, which took a while
_LOOK_BESIDE = 5.0  # the same beside a stream, should it ever leave something out
_SALES_EVERY = 30.0  # seconds between renewals of the order by sales
_log = structlog.get_logger()
Listener = Callable[[Touched], None]


class Companion(Protocol):
    """What else pages show, followed beside the catalog."""

    def start(self) -> None:
        """Begin to follow."""

    def close(self) -> None:
        """Stop."""

    @property
    def is_following(self) -> bool:
        """Whether every change reaches this process as it happens."""


class CatalogFollower:
    """Gives out the newest model. One thread at a time renews it; readers never wait for it.

    ``start`` makes a thread follow the feed; without it, whoever asks for the model looks.
    """

    def __init__(self, catalog: CatalogRepository, modelling: Modelling, packs: ModelPacks) -> None:
        self._catalog = catalog
        self._modelling = modelling
        self._packs = packs
        self._feed = FeedReader(catalog)
        self._lock = threading.Lock()
        self._model: CatalogModel | None = None
        self._looked = 0.0
        self._rest = _LOOK_EVERY  # seconds until the next look where no thread follows
        self._failure: PyMongoError | None = None  # of the last try to load a first model
        self._live_at = milliseconds(now())
        self._waiting: list[Change] = []  # taken from the feed and not in the model yet
        self._sold: set[ProductId] = set()
        self._sales_read = -math.inf
        self._listeners: list[Listener] = []
        self._following = Following("catalog_feed", self._follow)
        self._companions: list[Companion] = []

    # --- reading --------------------------------------------------------------------------------

    def model(self) -> CatalogModel:
        """The catalog, at most a moment old. The database away, the last one stands in."""
        current = self._model
        if current is None:
            with self._lock:
                return self._model or self._load_first()
        if not self._following.has_thread and time.monotonic() - self._looked > self._rest:
            self._look_if_nobody_does()
        return self._model or current

    def _look_if_nobody_does(self) -> None:
        touched: list[Touched] = []
        if self._lock.acquire(blocking=False):
            try:
                touched = self._look()
                self._rest = _LOOK_EVERY
            except PyMongoError as error:
                self._looked, self._rest = time.monotonic(), _LOOK_AGAIN
                self._following.say_lost(error)
            finally:
                self._lock.release()
        self._tell(touched)

    def catch_up(self) -> None:
        """Take in whatever was written until now, if a model is there already."""
        with self._lock:
            touched = self._look() if self._model else []
        self._tell(touched)

    def packed(self) -> Packed:
        """The newest model with its place in the feed."""
        self.model()
        with self._lock:
            self._sales_read = -math.inf
            touched = self._look()
            model = self._model or self._load()
            packed = Packed(model=model, since=self._feed.since, seen=self._feed.seen)
        self._tell(touched)
        return packed

    @property
    def looked_ago(self) -> float:
        """Seconds since the feed was last looked at: how old the model may be at most."""
        return time.monotonic() - self._looked if self._looked else 0.0

    @property
    def size(self) -> int:
        """How many products the model has; none before anybody asked for it."""
        return 0 if self._model is None else len(self._model.present)

    @property
    def is_following(self) -> bool:
        """Whether every change reaches this process as it happens."""
        return self._following.is_following and all(each.is_following for each in self._companions)

    def go_with(self, companion: Companion) -> None:
        """Start and close together; this follows only while that does."""
        self._companions.append(companion)

    def listen(self, callback: Listener) -> None:
        """Call ``callback`` after each change of the model, in the thread that made it."""
        self._listeners.append(callback)

    # --- following ------------------------------------------------------------------------------

    def start(self) -> None:
        """Follow the feed in a thread, which waits for a database that is away."""
        self._following.start()
        for companion in self._companions:
            companion.start()

    def close(self) -> None:
        """End the thread."""
        self._following.close()
        for companion in self._companions:
            companion.close()

    def _follow(self) -> None:
        watch = self._catalog.watch_changes()
        try:
            self._renew()
            self._following.begin()
            while not self._following.ends:
                arrived = watch.take(self._patience())
                with self._lock:
                    if time.monotonic() - self._looked > _LOOK_BESIDE:
                        touched = self._look(arrived)
                    else:
                        touched = self._apply(self._feed.take(arrived))
                self._tell(touched)
        finally:
            watch.close()

    def _renew(self) -> None:
        """Catch up with what happened before the stream began."""
        with self._lock:
            if self._model is None:
                self._load()
            touched = self._look()
        self._tell(touched)

    def _patience(self) -> float:
        wait = _LOOK_BESIDE if self._model is None else seconds_to_arrival(self._model)
        return min(wait, 0.5)  # a stream that is closing is noticed as soon

    def _load_first(self) -> CatalogModel:
        """Load for those who wait for a model, in a row: if the first of them finds no database,
        the others do not try it each."""
        if self._failure is not None and time.monotonic() - self._looked < _LOOK_BESIDE:
            raise self._failure.with_traceback(None)
        try:
            return self._load()
        except PyMongoError as error:
            self._failure, self._looked = error, time.monotonic()
            raise

    # --- renewing, under the lock ---------------------------------------------------------------

    def _load(self) -> CatalogModel:
        """The first model: the packed one and what changed since, or built of the documents."""
        packed = self._packs.newest()
        if packed is None:
            return self._build()
        self._feed.begin_at(packed.since, packed.seen)
        self._live_at = milliseconds(packed.since)
        self._model = self._modelling.with_shelves(packed.model)
        self._look()
        return self._model

    def _build(self) -> CatalogModel:
        self._feed.begin()
        self._model = self._modelling.build()
        self._looked = self._sales_read = time.monotonic()
        return self._model

    def _look(self, arrived: list[Change] | None = None) -> list[Touched]:
        if self._feed.is_lost:
            self._build()
            return [EVERYTHING]
        changes = self._feed.take(arrived or []) + self._feed.look()
        self._looked = time.monotonic()
        return self._apply(changes)

    def _apply(self, changes: list[Change]) -> list[Touched]:
        """Bring the model up to date; everything that came is one step."""
        self._sold.update(each for change in changes for each in change.sold)
        self._waiting += [
            each for each in changes if each.is_anything or each.names_products or each.shelves
        ]
        moment = milliseconds(now())
        arrived = self._arrivals(moment)
        if arrived.product_ids:  # sets can be made of what is sold from now on
            self._waiting.append(Change(id="", at=now(), product_ids=tuple(arrived.product_ids)))
        touched = [arrived]
        if self._waiting and self._model is not None:
            self._model, change = self._modelling.update(self._model, self._waiting)
            self._waiting = []
            touched.append(change)
        touched.append(self._renew_sales())
        self._live_at = moment
        return [each for each in touched if each]

    def _renew_sales(self) -> Touched:
        """Renew the order by sales now and then: every order placed changes it."""
        due = time.monotonic() - self._sales_read > _SALES_EVERY
        if not self._sold or not due or self._model is None:
            return Touched()
        self._model, touched = self._modelling.resold(self._model, self._sold)
        self._sold, self._sales_read = set(), time.monotonic()
        return touched

    def _arrivals(self, moment: int) -> Touched:
        """What has come to its day of publication since the last time."""
        if self._model is None:
            return Touched()
        return arrived_between(self._model, self._live_at, moment)

    def _tell(self, touched: list[Touched]) -> None:
        for each in touched:
            for listener in self._listeners:
                try:
                    listener(each)
                except Exception:
                    _log.exception("catalog_listener_failed")
