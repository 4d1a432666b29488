"""Taking what Redis counted of visitors into the database. Runs in the worker."""

from __future__ import annotations

from datetime import timedelta

from redis.exceptions import RedisError

from app.analytics.models import Step, day_of
from app.analytics.repository import CounterRepository
from app.analytics.sketches import day_key, markets_key, spare_key
from app.analytics.visit_repository import VisitRepository
from app.db.cache import Cache
from app.db.database import Database
from app.shared.clock import now

_LIFE = 3 * 24 * 3600  # seconds


class VisitFolding:
    """Keeps counts, and the sketches themselves, so that a Redis that starts empty costs what came
    since the last round and no more."""

    def __init__(self, database: Database, cache: Cache) -> None:
        self._visits = VisitRepository(database)
        self._counters = CounterRepository(database)
        self._cache = cache

    def run(self) -> int:
        """Take in today's counts and yesterday's; how many days of markets changed. None of them
        while Redis is away."""
        try:
            moment = now()
            changed = sum(
                self._fold_day(day_of(day)) for day in (moment - timedelta(days=1), moment)
            )
        except RedisError:
            return 0
        if changed:
            self._counters.touch()
        return changed

    def _fold_day(self, day: str) -> int:
        markets = [each.decode() for each in self._members(day)]
        return sum(self._fold(day, market) for market in markets)

    def _members(self, day: str) -> set[bytes]:
        members: set[bytes] = self._cache.client.smembers(markets_key(day))  # type: ignore[assignment]  # not awaited
        return members

    def _fold(self, day: str, market: str) -> bool:
        steps = {step.value: self._fold_step(day_key(day, market, step)) for step in Step}
        return self._visits.raise_to(day, market, {name: n for name, n in steps.items() if n})

    def _fold_step(self, key: str) -> int:
        client, kept = self._cache.client, self._visits.sketch(key)
        if kept is not None:
            client.set(spare_key(key), kept, ex=60)
            client.pfmerge(key, spare_key(key))
            client.expire(key, _LIFE)
        registers = client.get(key)
        if isinstance(registers, bytes) and registers != kept:
            self._visits.keep_sketch(key, registers)
        return int(client.pfcount(key))
