"""CSV files that are written while they are sent."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from flask import Response

from app.shared.cells import defuse

_ROWS = 200  # rows of a piece


def csv_file(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """A file called ``name``. No text of it is a formula to a spreadsheet. ``rows`` are read while
    the file is sent, when the request is over: they hold the services that they ask."""
    response = Response(_pieces(header, rows), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _pieces(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    for number, row in enumerate(rows, 1):
        writer.writerow([_plain(cell) for cell in row])
        if number % _ROWS == 0:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()


def _plain(cell: object) -> object:
    """A cell that a spreadsheet shows as it is."""
    if isinstance(cell, str):
        return defuse(cell)
    return "" if cell is None else cell
