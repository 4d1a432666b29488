"""Counting visitors without a cookie and without remembering anybody.

A visitor is a hash of network, browser and day under the shop's secret. It goes into a sketch that
can say how many different ones it saw and not which; the hash itself is stored nowhere. Requests
only leave a note: a page from the page cache costs no round trip.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any

from flask import Flask, Response, request
from redis.exceptions import RedisError

from app.analytics.models import Step, day_of
from app.analytics.sketches import LATELY, day_key, markets_key, minute_key
from app.db.cache import Cache
from app.identity.agents import is_robot
from app.markets.context import COOKIE
from app.markets.service import MarketService
from app.shared.clock import now
from app.web.page_cache import is_shared

_EVERY = 1.0  # seconds
_MOST_WAITING = 20_000  # notes; what comes beyond is lost
_LIFE = 3 * 24 * 3600
_MINUTES_LIFE = (LATELY + 2) * 60
_STEPS = {
    ("POST", "cart.add_item"): Step.CART,
    ("GET", "checkout.show"): Step.CHECKOUT,
    ("GET", "catalog.product"): Step.PRODUCT,
}
Note = tuple[Step, str, str, str]  # step, network, browser, cookies


class Visits:
    """Notes who does what, and counts it from a thread of its own."""

    def __init__(self, cache: Cache, markets: MarketService, secret: str) -> None:
        self._cache = cache
        self._markets = markets
        self._secret = hashlib.sha256(f"visits:{secret}".encode()).digest()
        self._notes: dict[Note, None] = {}  # each once
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None

    def init_app(self, app: Flask) -> None:
        """Hear of the pages that are made for one visitor, and of forms."""
        app.after_request(self._note_answer)

    def note_page(self, environ: Mapping[str, Any], subject: str) -> None:
        """A page that all visitors share was sent."""
        self._note(Step.PRODUCT if subject else Step.VISIT, environ)

    def _note_answer(self, response: Response) -> Response:
        endpoint, method = request.endpoint or "", request.method
        if response.status_code < 400 and not is_shared() and not endpoint.startswith("admin_"):
            step = _STEPS.get((method, endpoint))
            is_page = method == "GET" and response.mimetype == "text/html"
            if step or is_page:
                self._note(step or Step.VISIT, request.environ)
        return response

    def _note(self, step: Step, environ: Mapping[str, Any]) -> None:
        network, agent = environ.get("REMOTE_ADDR"), environ.get("HTTP_USER_AGENT")
        if not network or not agent or len(self._notes) >= _MOST_WAITING:
            return
        self._notes[step, network, agent, environ.get("HTTP_COOKIE", "")] = None
        if self._thread is None:
            self._run()

    def _run(self) -> None:
        with self._start:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="visits", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while True:
            time.sleep(_EVERY)
            self.tell()
            with self._start:
                if not self._notes:
                    self._thread = None
                    return

    def tell(self) -> None:
        """Count everything that waits; what Redis does not take is lost."""
        found: dict[tuple[str, Step], set[bytes]] = {}
        day = day_of(now())
        for note in list(self._notes):
            self._notes.pop(note, None)
            step, network, agent, cookies = note
            if not is_robot(agent):
                market, name = self._market(cookies), self._name(day, network, agent)
                for each in {Step.VISIT, step}:
                    found.setdefault((market, each), set()).add(name)
        if found:
            try:
                self._count(day, found)
            except RedisError:
                return

    def _count(self, day: str, found: Mapping[tuple[str, Step], set[bytes]]) -> None:
        pipe = self._cache.client.pipeline(transaction=False)
        minute = int(time.time()) // 60
        for (market, step), names in found.items():
            key = day_key(day, market, step)
            pipe.pfadd(key, *names)
            pipe.expire(key, _LIFE)
            if step is Step.VISIT:
                pipe.pfadd(minute_key(minute, market), *names)
                pipe.expire(minute_key(minute, market), _MINUTES_LIFE)
            pipe.sadd(markets_key(day), market)
        pipe.expire(markets_key(day), _LIFE)
        pipe.execute()

    def lately(self) -> dict[str, int]:
        """Visitors of the last minutes by market; none while Redis is away."""
        minute = int(time.time()) // 60
        try:
            return {
                market.code: int(
                    self._cache.client.pfcount(
                        *(minute_key(minute - each, market.code) for each in range(LATELY))
                    )
                )
                for market in self._markets.open()
            }
        except RedisError:
            return {}

    def _market(self, cookies: str) -> str:
        try:
            morsel = SimpleCookie(cookies).get(COOKIE)
        except CookieError:
            morsel = None
        known = self._markets.find(morsel.value) if morsel else None
        return (known or self._markets.default).code

    def _name(self, day: str, network: str, agent: str) -> bytes:
        told = "\x1f".join((day, network, agent)).encode()
        return hashlib.blake2b(told, key=self._secret, digest_size=16).digest()
