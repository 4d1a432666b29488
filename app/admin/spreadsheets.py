"""Tables as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime

from flask import Response

from app.shared.cells import defuse
from app.shared.money import Money


def spreadsheet(name: str, head: Sequence[object], lines: Iterable[Sequence[object]]) -> Response:
    """A file of this name. Amounts are in major units without a sign of their currency."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(map(_cell, head))
    for line in lines:
        writer.writerow(map(_cell, line))
    return Response(
        text.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def _cell(value: object) -> str:
    if isinstance(value, Money):
        return str(value.to_major())
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, int):
        return str(value)
    return defuse(str(value))
