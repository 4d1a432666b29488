"""Times in the panel: each says beside it, or at the head of its column, that it is UTC."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

_PAGES = Path(__file__).resolve().parents[2] / "templates" / "admin"
_TIME = re.compile(r"\| datetime\b|strftime\([^)]*%H")


def _unsaid() -> Iterator[str]:
    for file in sorted(_PAGES.rglob("*.html")):
        text = file.read_text()
        for line in text.splitlines():
            in_column = re.match(r"\s*(<t[dr]|\{% for \w+ in \w+( \| reverse)? %\}<tr)", line)
            is_first = 'class="title' in line  # on a phone its column's head is not shown
            said = "UTC" in line or (in_column and "(UTC)" in text and not is_first)
            if _TIME.search(line) and not said:
                yield f"{file.relative_to(_PAGES)}: {line.strip()[:120]}"


def test_no_time_leaves_open_whose_it_is() -> None:
    assert list(_unsaid()) == []
