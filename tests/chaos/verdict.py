"""A campaign of the suite: 150 checkouts, with faults, kills, double clicks, tabs and late money."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.campaign import Campaign


def check_campaign(folder: Path, seed: int) -> None:
    """Run one and judge it; it must have been a campaign, too: things bought, broken, killed."""
    campaign = Campaign(
        folder, checkouts=150, seed=seed, kill_every=15.0, progress=lambda done, total: None
    )
    figures = campaign.run()
    assert not any(figures.values()), (figures, campaign.seen)
    assert campaign.seen["orders paid"] > 40, campaign.seen
    assert campaign.seen["coupon 303"] > 5, campaign.seen
    assert campaign.seen["gift card 303"] > 5, campaign.seen
    assert sum(count for name, count in campaign.seen.items() if name.startswith("killed")) >= 2
    assert sum(count for name, count in campaign.seen.items() if name.startswith("fault")) >= 30
