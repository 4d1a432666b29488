"""Where a reader of the feed of changes stands: each change is taken once, none is missed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from app.catalog.repository import CatalogRepository, Change
from app.shared.clock import now

_OVERLAP = timedelta(seconds=15)  # clocks differ, and a commit comes later than its stamp
_TOO_OLD = timedelta(hours=12)  # the feed forgets after a day


class FeedReader:
    """Reads changes by time, from a little before the last look on, and skips those it knows."""

    def __init__(self, catalog: CatalogRepository) -> None:
        self._catalog = catalog
        self._seen: dict[str, datetime] = {}
        self.since = now()

    def begin(self) -> None:
        """Stand at this moment: what is read from the catalog after it contains all before."""
        self.since = now()
        self._seen = {
            each.id: each.at for each in self._catalog.changes_since(self.since - _OVERLAP)
        }

    def begin_at(self, moment: datetime, seen: Iterable[str]) -> None:
        """Stand at an earlier moment, with these changes taken already."""
        self.since, self._seen = moment, dict.fromkeys(seen, moment)

    @property
    def seen(self) -> tuple[str, ...]:
        """The changes taken of those that a look may meet again."""
        return tuple(self._seen)

    @property
    def is_lost(self) -> bool:
        """Whether the feed may have forgotten changes that were not read."""
        return is_no_place(self.since)

    def look(self) -> list[Change]:
        """The changes since the last look that were not taken yet."""
        moment = now()
        found = self._catalog.changes_since(self.since - _OVERLAP)
        self.since = moment
        self._forget(moment - 3 * _OVERLAP)
        return self.take(found)

    def take(self, changes: list[Change]) -> list[Change]:
        """Those of ``changes`` that were not taken yet."""
        new = {each.id: each for each in changes if each.id not in self._seen}
        self._seen.update((each.id, each.at) for each in new.values())
        return list(new.values())

    def _forget(self, moment: datetime) -> None:
        if len(self._seen) > 1:
            self._seen = {name: at for name, at in self._seen.items() if at > moment}


def is_no_place(moment: datetime) -> bool:
    """Whether a reader that stood at ``moment`` could have missed changes: it is too long ago, or
    the clock was ahead then, and all that came since lies before it."""
    return not -_OVERLAP <= now() - moment <= _TOO_OLD
