"""``python -m tests.fuzz --requests 20000 [--seed S]``."""

from __future__ import annotations

import argparse
import faulthandler
import os
import random
import sys
import tempfile
from pathlib import Path

import structlog
from rich.console import Console
from rich.progress import Progress

from dev.stack import Stack
from tests.fuzz.campaign import Campaign, Tally
from tests.fuzz.judge import Finding
from tests.fuzz.report import write_report
from tests.support.routes import compile_once

_ROOT = Path(__file__).resolve().parents[2]
_HANGS_AFTER = 120  # seconds


def main() -> int:
    """Run a campaign; the exit code is 0 if there is nothing wrong."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--world", type=int, default=2_000, help="requests before a new shop")
    parser.add_argument("--report", type=Path, default=_ROOT / "docs" / "fuzzing.md")
    options = parser.parse_args()
    console = Console(width=100, stderr=True)
    console.print(f"seed {options.seed} (repeat with --seed {options.seed})")
    compile_once()
    tally = _run(options.requests, options.seed, options.world, console)
    for (sort, where), times in tally.times.most_common():
        console.print(f"{times:6} x {sort}: {where}", markup=False)
    write_report(options.report, tally, options.seed)
    console.print(f"allowed: {dict(sorted(tally.statuses.items()))}")
    console.print(f"{tally.requests:,} requests, {len(tally.findings)} sorts of findings")
    return 1 if tally.findings else 0


def _print(finding: Finding) -> None:
    print(f"--- {finding.sort}: {finding.where}\n{finding.detail}\n{finding.request}\n", flush=True)


def _run(asked: int, seed: int, world: int, console: Console) -> Tally:
    with (
        tempfile.TemporaryDirectory(prefix="mossx-fuzz-") as folder,
        Progress(console=console) as bar,
    ):
        stack = Stack(Path(folder), environment={}, parts=("mongo", "redis", "sandbox"))
        task = bar.add_task("requests", total=asked)

        def progress(done: int) -> None:
            faulthandler.dump_traceback_later(_HANGS_AFTER, exit=True)
            bar.update(task, advance=done)

        try:
            stack.start()
            with Path(os.devnull).open("w") as nowhere:
                structlog.configure(logger_factory=structlog.PrintLoggerFactory(nowhere))
                campaign = Campaign(
                    {**stack.environment, "MOSSX_DATA_DIR": folder},
                    asked=asked,
                    seed=seed,
                    world_size=world,
                    progress=progress,
                    found=_print,
                )
                return campaign.run()
        finally:
            faulthandler.cancel_dump_traceback_later()
            stack.stop()


if __name__ == "__main__":
    sys.exit(main())
