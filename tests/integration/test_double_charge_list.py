"""The list in docs/payments.md names tests that exist."""

from __future__ import annotations

import re

from dev.stack import ROOT

ROW = re.compile(r"^\| (\d+) \| (.+?) \| .+ \| `(tests/[\w/]+\.py)::(\w+)` \|$", re.MULTILINE)


def _rows() -> list[tuple[int, str, str, str]]:
    text = (ROOT / "docs" / "payments.md").read_text(encoding="utf-8")
    return [(int(number), way, path, name) for number, way, path, name in ROW.findall(text)]


def test_at_least_forty_ways_are_listed_and_numbered() -> None:
    rows = _rows()
    assert len(rows) >= 40
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    assert len({way for _, way, _, _ in rows}) == len({row[2:] for row in rows}) == len(rows)


def test_every_test_of_the_list_exists() -> None:
    missing = [
        f"{path}::{name}"
        for _, _, path, name in _rows()
        if f"def {name}(" not in (ROOT / path).read_text(encoding="utf-8")
    ]
    assert missing == []
