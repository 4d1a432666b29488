"""Reading the file: rows with their line numbers, grouped by product."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from itertools import groupby
from pathlib import Path
from typing import TextIO

from app.catalog.csv.columns import HANDLE, REQUIRED
from app.shared.cells import disarm
from app.shared.errors import Invalid

_LONGEST_FIELD = 1_000_000
csv.field_size_limit(_LONGEST_FIELD)
Source = Path | bytes  # a file, or what was in it


@dataclass(frozen=True, slots=True)
class RawRow:
    """A record, with the line of the file it starts on."""

    line: int
    fields: Mapping[str, str]
    is_too_long: bool = False  # more cells than the head has: they stand in the wrong places

    def __getitem__(self, column: str) -> str:
        return disarm(self.fields.get(column, "").strip())


@dataclass(frozen=True, slots=True)
class RawProduct:
    """The consecutive rows of one handle."""

    handle: str
    rows: tuple[RawRow, ...]


class UnreadableFile(Invalid):
    """The file as a whole cannot be read, so nothing of it was imported."""


def check_file(source: Source) -> tuple[tuple[str, ...], int]:
    """Read the whole file once without using it; its columns and number of records.

    Raises ``UnreadableFile`` for a missing, empty or wrongly encoded file, for broken quoting,
    and for a file that is no product list.
    """
    try:
        rows = _records(source)
        columns = _names(next(rows)[1])
        count = sum(1 for _, values in rows if any(values))
    except StopIteration:
        raise UnreadableFile("The file is empty.") from None
    except UnicodeDecodeError as error:
        raise UnreadableFile(
            f"The file is not UTF-8 text (line {_odd_line(source)}). Please save it as CSV UTF-8."
        ) from error
    except csv.Error as error:
        raise UnreadableFile(f"The file's quoting is broken: {error}.") from error
    except OSError as error:
        raise UnreadableFile(f"The file cannot be opened: {error.strerror}.") from error
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        raise UnreadableFile(f"This is not a product CSV: no column {', '.join(missing)}.")
    if not count:
        raise UnreadableFile("The file has a heading, but no products.")
    return columns, count


def _odd_line(source: Source) -> int:
    """Which line is not UTF-8: whoever reads piece by piece knows the place in the piece alone."""
    data = source if isinstance(source, bytes) else source.read_bytes()
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return data.count(b"\n", 0, error.start) + 1
    return 1


def read_products(source: Source) -> Iterator[RawProduct]:
    """The products in the file's order; rows of one product stand together."""
    records = _records(source)
    columns = _names(next(records)[1])
    rows = (
        RawRow(
            line, dict(zip(columns, values, strict=False)), is_too_long=any(values[len(columns) :])
        )
        for line, values in records
        if any(values)
    )
    for handle, group in groupby(rows, key=lambda row: row[HANDLE]):
        yield RawProduct(handle, tuple(group))


def _names(cells: list[str]) -> tuple[str, ...]:
    return tuple(disarm(name.strip()) for name in cells)


def _opened(source: Source) -> TextIO:
    if isinstance(source, bytes):
        return TextIOWrapper(BytesIO(source), encoding="utf-8-sig", newline="")
    return source.open(encoding="utf-8-sig", newline="")


def _delimiter(head: str) -> str:
    """What stands between cells: where the comma belongs to numbers, spreadsheets take another."""
    return max(",;\t", key=head.count)


def _records(source: Source) -> Iterator[tuple[int, list[str]]]:
    """Each record with the physical line it starts on, header included."""
    with _opened(source) as file:
        reader = csv.reader(file, strict=True, delimiter=_delimiter(file.readline()))
        file.seek(0)
        line = 1
        try:
            for values in reader:
                yield line, values
                line = reader.line_num + 1
        except csv.Error as error:
            raise csv.Error(f"line {line}: {error}") from error
