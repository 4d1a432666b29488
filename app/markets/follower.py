"""The markets of this process: an immutable snapshot, renewed as soon as one is written."""

from __future__ import annotations

from dataclasses import dataclass

from app.db.follower import Follower
from app.markets.models import Market
from app.markets.repository import MarketRepository
from app.markets.starting import STARTING


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Every market, in the shop's order."""

    every: tuple[Market, ...]

    @property
    def open(self) -> tuple[Market, ...]:
        """Those the shop sells in, the default one first."""
        return tuple(each for each in self.every if each.open)


class MarketFollower(Follower[Snapshot]):
    """Gives out the newest markets. The database away, the last ones stand in, or those a shop
    starts with."""

    def __init__(self, markets: MarketRepository) -> None:
        super().__init__(
            "markets",
            load=lambda: Snapshot(markets.all() or STARTING),
            watch=markets.watch,
            fallback=Snapshot(STARTING),
        )
