"""Whether the numbers are what the movements say, for every SKU and location."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from app.db.database import Database, Session
from app.inventory.hold_repository import HoldRepository
from app.inventory.models import LocationCode, Mismatch, Shelf, StockLevel
from app.inventory.repository import StockRepository
from app.shared.ids import Sku

_BATCH = 100
Moved = Mapping[tuple[Sku, LocationCode], tuple[int, int, int]]


class StockCheck:
    """Adds everything up again. Each batch of SKUs is read as it was at one moment, so a shop that
    sells meanwhile shows no difference."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stock = StockRepository(database)
        self._holds = HoldRepository(database)

    def run(self, since: datetime | None = None) -> list[Mismatch]:
        """Every difference, of all SKUs or of those that changed ``since`` then; normally none."""
        skus = self._stock.skus(since)
        batches = (skus[start : start + _BATCH] for start in range(0, len(skus), _BATCH))
        return [each for batch in batches for each in self._check(batch)]

    def _check(self, skus: Sequence[Sku]) -> list[Mismatch]:
        def work(session: Session) -> list[Mismatch]:
            levels = self._stock.levels(skus, session)
            moved = self._stock.moved(skus, session)
            held = self._holds.held_of(skus, session)
            return [
                each
                for sku in skus
                if sku in levels
                for each in _differences(levels[sku], moved, held[sku])
            ]

        return self._database.in_transaction(work)


def _differences(
    level: StockLevel, moved: Moved, held: Mapping[LocationCode, int]
) -> Iterator[Mismatch]:
    sums = {code: each for (sku, code), each in moved.items() if sku == level.sku}
    numbers: list[tuple[str, str, int, int]] = [
        ("", "on hand", level.on_hand, sum(each[0] for each in sums.values())),
        ("", "reserved", level.reserved, sum(each[1] for each in sums.values())),
        ("", "available", level.available, level.on_hand - level.reserved),
        ("", "number of movements", level.moves, sum(each[2] for each in sums.values())),
        ("", "reserved by orders", level.reserved, sum(held.values())),
    ]
    for code in sorted({*level.shelves, *sums, *held}):
        shelf = level.shelves.get(code, Shelf())
        on_hand, reserved, _ = sums.get(code, (0, 0, 0))
        numbers += [
            (code, "on hand", shelf.on_hand, on_hand),
            (code, "reserved", shelf.reserved, reserved),
            (code, "reserved by orders", shelf.reserved, held.get(code, 0)),
        ]
    for location, what, stored, expected in numbers:
        if stored != expected:
            yield Mismatch(
                sku=level.sku, location=location, what=what, stored=stored, expected=expected
            )
