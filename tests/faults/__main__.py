"""``python -m tests.faults [--only WORD] [--seed S]``."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from dev.stack import ROOT
from tests.faults.breaking import FAULTS
from tests.faults.campaign import Campaign
from tests.faults.report import write


def main() -> int:
    """Run the campaign; the exit code is 0 if nothing was lost, wrong or late."""
    parser = argparse.ArgumentParser(prog="faults", description=__doc__)
    parser.add_argument("--only", nargs="*", default=[], help="words in the faults' names")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--report", type=Path, default=ROOT / "docs" / "faults.md")
    parser.add_argument("--logs", type=Path, help="keep the servers' logs in this folder")
    options = parser.parse_args()
    console = Console(width=100, highlight=False)
    chosen = [
        fault
        for fault in FAULTS
        if not options.only or any(word.lower() in fault.name.lower() for word in options.only)
    ]
    console.print(f"seed {options.seed}, {len(chosen)} faults")
    with tempfile.TemporaryDirectory(prefix="mossx-faults-") as folder:
        campaign = Campaign(
            Path(folder), options.seed, lambda text: console.print(text, markup=False)
        )
        try:
            campaign.run(chosen)
        finally:
            if options.logs:
                campaign.keep_logs(options.logs)
    wrong = {name: count for name, count in campaign.figures.items() if count}
    for name, count in wrong.items():
        console.print(f"the judge: {name}: {count}")
    if not options.only:
        write(options.report, campaign.findings, campaign.figures, campaign.seen)
    return 1 if wrong or any(each.problems for each in campaign.findings) else 0


if __name__ == "__main__":
    sys.exit(main())
