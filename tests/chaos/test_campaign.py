"""300 checkouts with fixed seeds: faults, kills, double clicks, tabs, switches, late money."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.campaign import Campaign


@pytest.mark.timeout(400)
@pytest.mark.parametrize("seed", [20, 21])
def test_chaotic_checkouts_leave_the_books_right(tmp_path: Path, seed: int) -> None:
    campaign = Campaign(
        tmp_path, checkouts=150, seed=seed, kill_every=8.0, progress=lambda done, total: None
    )
    figures = campaign.run()
    assert not any(figures.values()), (figures, campaign.seen)
    # The campaign was a campaign: things were bought, broken and killed.
    assert campaign.seen["orders paid"] > 40, campaign.seen
    assert sum(count for name, count in campaign.seen.items() if name.startswith("killed")) >= 2
    assert sum(count for name, count in campaign.seen.items() if name.startswith("fault")) >= 30
