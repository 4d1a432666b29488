"""Whether the database is there, as the driver's own monitor sees it."""

from __future__ import annotations

import time

from pymongo.monitoring import (
    TopologyClosedEvent,
    TopologyDescriptionChangedEvent,
    TopologyListener,
    TopologyOpenedEvent,
)

_ELECTION = 3.0  # seconds that a new primary may take; as long requests wait for it


class Presence(TopologyListener):
    """Hears of every change of what the driver knows of the servers."""

    def __init__(self) -> None:
        self._gone_since: float | None = None  # None also before anybody asked it for anything

    @property
    def is_away(self) -> bool:
        """Whether no server has taken writes for longer than an election takes."""
        gone = self._gone_since
        return gone is not None and time.monotonic() - gone > _ELECTION

    def opened(self, event: TopologyOpenedEvent) -> None:
        """Nothing is known yet."""

    def description_changed(self, event: TopologyDescriptionChangedEvent) -> None:
        """A server came, went, or is another than it was."""
        if event.new_description.has_writable_server():
            self._gone_since = None
        elif self._gone_since is None:
            self._gone_since = time.monotonic()

    def closed(self, event: TopologyClosedEvent) -> None:
        """Nobody asks any more."""
