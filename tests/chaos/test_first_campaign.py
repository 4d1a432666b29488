"""150 of the suite's 300 chaotic checkouts; in two files, so that they run side by side."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.verdict import check_campaign


@pytest.mark.timeout(900)
def test_chaotic_checkouts_leave_the_books_right(tmp_path: Path) -> None:
    check_campaign(tmp_path, seed=20)
