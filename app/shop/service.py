"""Settings by name, read from this process's memory and written for all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.db.database import Database
from app.db.follower import Follower
from app.shared.errors import Conflict
from app.shared.texts import Text
from app.shop.models import Stored
from app.shop.repository import SettingsRepository


class StoredSettings:
    """Reads cost nothing: each process holds everything. A write reaches every process at once."""

    def __init__(self, database: Database) -> None:
        self._settings = SettingsRepository(database)
        self.follower: Follower[dict[str, Stored]] = Follower(
            "settings", load=self._settings.all, watch=self._settings.watch, fallback={}
        )

    def find(self, name: str) -> Stored | None:
        """What this process knows to be stored under a name, or None."""
        return self.follower.snapshot().get(name)

    def named(self, prefix: str) -> list[Stored]:
        """What this process knows to be stored under names that begin so, in their order."""
        known = self.follower.snapshot()
        return [known[name] for name in sorted(known) if name.startswith(prefix)]

    def read(self, name: str) -> Stored:
        """What the database has under a name now; nothing, in version 0, if there is none."""
        return self._settings.find(name) or Stored(name=name, version=0, values={})

    def store(self, name: str, values: Mapping[str, Any], version: int) -> Stored:
        """Store over the version that was read; storing what is there already changes nothing.

        Raises ``Conflict`` if somebody else changed it meanwhile.
        """
        if not self._settings.store(name, values, version):
            known = self.read(name)
            if known.values != values:
                raise Conflict(Text("Somebody else has changed this. Please look again."))
            return known
        self.follower.renew()
        return Stored(name=name, version=version + 1, values=values)
