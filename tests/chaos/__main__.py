"""``python -m tests.chaos --checkouts 10000 [--seed S]``."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.chaos.campaign import Campaign


def main() -> int:
    """Run a campaign; the exit code is 0 if every figure is zero."""
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--checkouts", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--kill-every", type=float, default=15.0, metavar="SECONDS")
    options = parser.parse_args()
    console = Console(width=100)
    console.print(f"seed {options.seed} (repeat with --seed {options.seed})")
    with (
        tempfile.TemporaryDirectory(prefix="mossx-chaos-") as folder,
        Progress(console=console) as bar,
    ):
        task = bar.add_task("checkouts", total=options.checkouts)
        campaign = Campaign(
            Path(folder),
            checkouts=options.checkouts,
            seed=options.seed,
            kill_every=options.kill_every,
            progress=lambda done, _: bar.update(task, completed=done),
        )
        figures = campaign.run()
    for title, rows in (
        ("what happened", sorted(campaign.seen.items())),
        ("must be zero", figures.items()),
    ):
        table = Table(title, "")
        for name, count in rows:
            table.add_row(name, f"{count:,}")
        console.print(table)
    return 1 if any(figures.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
