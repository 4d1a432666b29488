"""Reading baskets from a file: one on each line, items separated by commas."""

from __future__ import annotations

import csv
from pathlib import Path

from app.shared.errors import Invalid

Basket = tuple[str, ...]


class UnreadableBaskets(Invalid):
    """The file is not there, is not text, or has no basket to test with."""


def read_baskets(path: Path) -> list[Basket]:
    """Every basket that is not empty, each item once and in the order of its line.

    Blanks, quotes, a byte order mark and any line ends are tolerated, and so is any encoding that
    keeps ASCII: items are only compared. Raises ``UnreadableBaskets``.
    """
    try:
        text = path.read_text(encoding="utf-8-sig", errors="surrogateescape")
    except OSError as error:
        raise UnreadableBaskets(f"{path} cannot be read: {error.strerror}.") from error
    if "\0" in text:
        raise UnreadableBaskets(f"{path} is not a text file of baskets.")
    baskets = [basket for line in text.split("\n") if (basket := _basket(line))]
    if not baskets:
        raise UnreadableBaskets(f"{path} has no baskets in it.")
    return baskets


def _basket(line: str) -> Basket:
    items = (item.strip().strip('"').strip() for item in _fields(line))
    return tuple(dict.fromkeys(item for item in items if item))


def _fields(line: str) -> list[str]:
    """The line's items; a comma inside quotes belongs to its item, unless they hold the line."""
    if '"' not in line:
        return line.split(",")
    try:
        fields = next(csv.reader([line], skipinitialspace=True), [])
    except csv.Error:
        fields = line.split(",")
    return fields[0].split(",") if len(fields) == 1 else fields
