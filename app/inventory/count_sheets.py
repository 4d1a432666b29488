"""Counts of many SKUs from a CSV file: looked at first, then carried out."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.catalog.service import CatalogService
from app.db.database import Database
from app.inventory.location_repository import LocationRepository
from app.inventory.models import Counted, CountLine, Location, LocationCode, Shelf
from app.inventory.repository import StockRepository
from app.inventory.rules import MOST, open_code
from app.inventory.stocktaking import Stocktaking
from app.shared.errors import Invalid, ShopError
from app.shared.ids import Sku
from app.shared.numbers import whole
from app.shared.texts import Text

MOST_LINES = 2000
_AT_ONCE = 50  # lines of a transaction
SKU, LOCATION, ON_HAND, MOVEMENT = "SKU", "Location", "On hand", "Movement"


@dataclass(frozen=True, kw_only=True, slots=True)
class SheetProblem:
    """A line, by its number in the file, that cannot be a count."""

    line: int
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SheetReview:
    """What a sheet would do: each count beside what is there now."""

    counts: tuple[Counted, ...]
    problems: tuple[SheetProblem, ...]

    @property
    def changes(self) -> tuple[Counted, ...]:
        """The counts that change something."""
        return tuple(each for each in self.counts if each.before != each.line.units)


class CountSheets:
    """Sheets with the columns SKU, Location (the default one if empty) and On hand. Movement, where
    it is filled in, is the number of the SKU's last movement when the sheet was written."""

    def __init__(
        self, database: Database, catalog: CatalogService, stocktaking: Stocktaking
    ) -> None:
        self._catalog = catalog
        self._stocktaking = stocktaking
        self._stock = StockRepository(database)
        self._locations = LocationRepository(database)

    def review(self, text: str) -> SheetReview:
        """What the sheet would do now; nothing is changed. Each count has the number of the last
        movement it was compared with, so that it can be carried out as it was reviewed.

        Raises ``Invalid`` beside ``file`` for a text that is no such sheet.
        """
        rows = _rows(text)
        places = self._locations.every()
        skus = [Sku(row[SKU].removeprefix("'")) for _, row in rows]
        sold = self._catalog.names_of(skus)
        levels = self._stock.levels(skus)
        counts: list[Counted] = []
        problems: list[SheetProblem] = []
        seen: set[tuple[Sku, str]] = set()
        for number, row in rows:
            try:
                line = _line(row, places, sold)
                if (line.sku, line.location) in seen:
                    raise Invalid(Text("This SKU and location stand above already."))
            except ShopError as refusal:
                problems.append(SheetProblem(line=number, message=refusal.message))
                continue
            seen.add((line.sku, line.location))
            level = levels.get(line.sku)
            shelf = level.shelves.get(open_code(line.location, places)) if level else None
            moves = level.moves if level else 0
            read_at = moves if line.read_at is None else line.read_at
            placed = CountLine(
                sku=line.sku, location=line.location, units=line.units, read_at=read_at
            )
            counts.append(self._compared(placed, shelf or Shelf(), moves))
        return SheetReview(counts=tuple(counts), problems=tuple(problems))

    def _compared(self, line: CountLine, shelf: Shelf, moves: int) -> Counted:
        before, read_at = shelf.on_hand, line.read_at or 0
        stale = (
            line.units != before
            and read_at < moves
            and self._stock.has_moved(line.sku, LocationCode(line.location), read_at)
        )
        return Counted(line=line, before=before, stale=stale)

    def carry_out(self, lines: Sequence[CountLine], *, by: str) -> list[Counted]:
        """Count them all; stale ones change nothing. One that is cut short is finished by doing it
        again. Raises as ``Stocktaking.count_all``."""
        done: list[Counted] = []
        for start in range(0, len(lines), _AT_ONCE):
            done += self._stocktaking.count_all(lines[start : start + _AT_ONCE], by=by)
        return done


def write_sheet(lines: Sequence[CountLine]) -> str:
    """Counts as a sheet that says the same."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([SKU, LOCATION, ON_HAND, MOVEMENT])
    writer.writerows([each.sku, each.location, each.units, each.read_at] for each in lines)
    return out.getvalue()


def _rows(text: str) -> list[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), restval="")
    try:
        names = {name.strip().casefold(): name for name in reader.fieldnames or ()}
        missing = [name for name in (SKU, ON_HAND) if name.casefold() not in names]
        if missing:
            raise _refused(Text("The file has no column %(name)s.", name=" or ".join(missing)))
        known = {
            name: names.get(name.casefold(), name) for name in (SKU, LOCATION, ON_HAND, MOVEMENT)
        }
        rows = [
            (
                reader.line_num,
                {name: (row.get(column) or "").strip() for name, column in known.items()},
            )
            for row in reader
        ]
    except csv.Error as error:
        raise _refused(Text("This is not a CSV file: %(why)s", why=str(error))) from error
    filled = [(number, row) for number, row in rows if any(row.values())]
    if not 0 < len(filled) <= MOST_LINES:
        raise _refused(Text("A sheet has 1 to %(most)s lines.", most=MOST_LINES))
    return filled


def _line(
    row: Mapping[str, str], places: Sequence[Location], sold: Mapping[Sku, tuple[str, str]]
) -> CountLine:
    sku = Sku(row[SKU].removeprefix("'"))  # behind which spreadsheets leave a text alone
    if sku not in sold:
        raise Invalid(Text("There is no variant %(sku)s.", sku=sku))
    units, read_at = whole(row[ON_HAND], MOST + 1), whole(row[MOVEMENT], None)
    if units > MOST:
        raise Invalid(
            Text("“%(text)s” is not a number of units from 0 to %(most)s.",
                 text=row[ON_HAND], most=MOST)
        )  # fmt: skip
    if row[MOVEMENT] and read_at is None:
        raise Invalid(Text("“%(text)s” is not a movement's number.", text=row[MOVEMENT]))
    return CountLine(
        sku=sku,
        location=open_code(row[LOCATION], places),
        units=units,
        read_at=read_at,
    )


def _refused(message: str) -> Invalid:
    return Invalid(message, {"file": message})
