"""Cells of CSV files that people open in spreadsheets, which calculate what begins like a formula
(OWASP, "CSV injection")."""

from __future__ import annotations

import re

_SIGNS = "=+\\-@\\t\\r\\n\\0＝＋－＠"
_FORMULA = re.compile(f"'*[{_SIGNS}]")
_DEFUSED = re.compile(f"'+[{_SIGNS}]")


def defuse(cell: str) -> str:
    """The cell as a spreadsheet takes it for text: what begins like a formula, however many
    apostrophes stand before it, gets one more."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def disarm(cell: str) -> str:
    """The cell that was defused. Other apostrophes are the text's own."""
    return cell[1:] if _DEFUSED.match(cell) else cell
