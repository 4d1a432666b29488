"""A small campaign of the suite, the same each time."""

from __future__ import annotations

from pathlib import Path

import pytest

from dev.stack import Stack
from tests.fuzz.campaign import Campaign


@pytest.mark.timeout(300)
def test_nothing_that_is_sent_breaks_the_shop(stack: Stack, tmp_path: Path) -> None:
    environment = {**stack.environment, "MOSSX_DATA_DIR": str(tmp_path)}
    tally = Campaign(environment, asked=400, seed=1, looks=1).run()
    assert [
        f"{each.sort}: {each.where}\n{each.detail}\n{each.request}"
        for each in tally.findings.values()
    ] == []
    assert tally.requests == 400
    assert len(tally.endpoints) > 150
