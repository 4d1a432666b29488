"""``make load``: a flash sale, then a soak; writes docs/load.md."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from rich.console import Console
from rich.progress import Progress

from app import create_app
from bench.flash_sale import Sale, hold_sale
from bench.report import machine
from bench.shop import ROOT, shop_of
from bench.soak import Soak, soak

_PRODUCTS = 1_000
_KEPT_WITHIN = 50  # milliseconds, 99 of 100 kept pages during the sale


def main() -> int:
    """Put the load on; 1 if something was not as it should be."""
    parser = argparse.ArgumentParser(prog="make load", description=__doc__)
    parser.add_argument("--shoppers", type=int, default=2_000)
    parser.add_argument("--items", type=int, default=500)
    parser.add_argument("--within", type=float, default=30.0, metavar="SECONDS")
    parser.add_argument("--minutes", type=float, default=20.0, help="of the soak; 0 for none")
    chosen = parser.parse_args()
    with (
        Progress(console=Console(stderr=True)) as bar,
        shop_of(_PRODUCTS, bar) as shop,
    ):
        app = create_app(shop.stack.environment)
        shop.wait_until_idle()
        bar.add_task(f"{chosen.shoppers:,} shoppers", total=None)
        sale = hold_sale(
            shop, app, shoppers=chosen.shoppers, items=chosen.items, within=chosen.within
        )
        bar.add_task(f"{chosen.minutes:g} minutes", total=None)
        steady = soak(shop, chosen.minutes) if chosen.minutes else None
    page = ROOT / "docs" / "load.md"
    page.write_text("\n".join([*_of_sale(sale, chosen.within), *_of_soak(steady)]) + "\n")
    print(page.read_text())
    return int(not _is_good(sale) or not (steady is None or steady.is_good))


def _is_good(sale: Sale) -> bool:
    return sale.is_good and sale.kept.p99 <= _KEPT_WITHIN


def _of_sale(sale: Sale, within: float) -> list[str]:
    answers = ", ".join(f"{count:,} × {status}" for status, count in sorted(sale.answers.items()))
    outcomes = ", ".join(f"{count:,} {name}" for name, count in sorted(sale.outcomes.items()))
    broken = ", ".join(f"{count:,} × {name}" for name, count in sale.broken.items())
    return [
        "# Under load",
        "",
        f"Written by `make load`. {datetime.now(UTC):%d %B %Y}, {machine()}; the shop, the embedded",
        "database, both gateways and the shoppers share the machine.",
        "",
        "## A flash sale",
        "",
        f"{sale.shoppers:,} shoppers come within {within:g} s for {sale.items:,} items; others look at",
        "kept pages meanwhile. 503 is the page that says that very many people are here: it asks again",
        "by itself, and keeps what a form sent.",
        "",
        "| what | |",
        "|---|---|",
        f"| outcomes | {outcomes} |",
        f"| units sold, and left | {sale.units_sold:,}, {sale.units_left:,} |",
        f"| answers | {answers} |",
        f"| connections that broke | {broken or 'none'} |",
        f"| all over after | {sale.seconds:.0f} s |",
        (
            f"| from the product page to the thanks, p50 and p99 | {sale.bought.p50 / 1000:.0f} s,"
            f" {sale.bought.p99 / 1000:.0f} s |"
        ),
        (
            f"| kept pages meanwhile, p50, p95 and p99 of {sale.kept.count:,} | {sale.kept.p50:.1f} ms,"
            f" {sale.kept.p95:.1f} ms, {sale.kept.p99:.1f} ms;"
            f" {sale.onlookers_turned_away:,} were told that too many are here |"
        ),
        "",
    ]


def _of_soak(steady: Soak | None) -> list[str]:
    if steady is None:
        return []
    answers = ", ".join(f"{count:,} × {status}" for status, count in sorted(steady.answers.items()))
    return [
        "## A soak",
        "",
        f"{steady.minutes:g} minutes of the same load: pages answered {answers}; {steady.orders:,} orders.",
        "The medians of the second quarter and of the last:",
        "",
        "| process | MB | open files and sockets |",
        "|---|---|---|",
        *(
            f"| {each.name} | {each.memory[0]:.0f} → {each.memory[1]:.0f} |"
            f" {each.files[0]:.0f} → {each.files[1]:.0f} |"
            for each in steady.processes
        ),
    ]


if __name__ == "__main__":
    sys.exit(main())
