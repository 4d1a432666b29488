"""``python -m tests.rolling --old REVISION [--seed S]``."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from dev.stack import ROOT
from tests.faults.report import shares, slowest
from tests.rolling.campaign import Campaign
from tests.rolling.report import write
from tests.rolling.worktree import date_of, worktree


def main() -> int:
    """Upgrade under load; the exit code is 0 if nobody noticed and the books are right."""
    parser = argparse.ArgumentParser(prog="rolling", description=__doc__)
    parser.add_argument("--old", required=True, help="the revision to come from")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--report", type=Path, default=ROOT / "docs" / "upgrade.md")
    parser.add_argument("--logs", type=Path, help="keep the servers' logs in this folder")
    options = parser.parse_args()
    console = Console(width=120, highlight=False)
    was = date_of(options.old)
    console.print(f"seed {options.seed}, from the version of {was}")
    with (
        tempfile.TemporaryDirectory(prefix="mossx-rolling-") as folder,
        worktree(options.old, Path(folder)) as old,
    ):
        campaign = Campaign(
            Path(folder), old, options.seed, lambda text: console.print(text, markup=False)
        )
        try:
            campaign.run()
        finally:
            if options.logs:
                _keep_logs(campaign, options.logs)
        write(options.report, campaign, options.old, was)
    console.print(_table(campaign))
    console.print(f"passed on by the proxy: {campaign.ground.door.passed_over}")
    wrong = {name: count for name, count in campaign.figures.items() if count}
    for name, count in wrong.items():
        console.print(f"the judge: {name}: {count}")
    return 1 if wrong or any(each.problems for each in campaign.steps) else 0


def _table(campaign: Campaign) -> Table:
    table = Table("step", "took", "answers", "slowest", "problems")
    for each in campaign.steps:
        took = f"{each.seconds:.1f} s"
        problems = "\n".join(each.problems) or "none"
        table.add_row(each.name, took, shares(each.answers), slowest(each.answers), problems)
    return table


def _keep_logs(campaign: Campaign, folder: Path) -> None:
    """For whoever looks into a problem: the machines' logs, and wrong pages."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in campaign.ground.logs().items():
        (folder / f"{name}.log").write_text(text)
    campaign.watch.keep_samples(folder)


if __name__ == "__main__":
    sys.exit(main())
