"""``make scaling``: the figures of docs/scaling.md."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import fields
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from bench.scaling.assumed import Assumed
from bench.scaling.caching import Pages
from bench.scaling.figures import write
from bench.scaling.growth import Model
from bench.scaling.measured import speed_of
from bench.scaling.purchase import Cost, as_json, from_json, measure
from bench.shop import shop_of
from dev.stack import ROOT

_KEPT = Path(__file__).with_name("measured.json")
_PRODUCTS = 200
_CATALOG = 10_000  # products of the shop that is modelled


def main() -> int:
    """Write the page; 1 if nothing was ever measured."""
    parser = argparse.ArgumentParser(prog="python -m bench.scaling", description=__doc__)
    parser.add_argument(
        "--measure", type=int, metavar="N", help="have N shoppers buy, and keep that"
    )
    for each in fields(Assumed):
        parser.add_argument(f"--{each.name.replace('_', '-')}", type=type(each.default))
    chosen = vars(parser.parse_args())
    count = chosen.pop("measure")
    if count:
        with Progress(console=Console(stderr=True)) as bar, shop_of(_PRODUCTS, bar) as shop:
            bar.add_task("Buying", total=None)
            _KEPT.write_text(json.dumps(as_json(measure(shop, count)), indent=1) + "\n")
    if not _KEPT.exists():
        print("Nothing was measured yet: --measure 30", file=sys.stderr)
        return 1
    assumed = Assumed(**{name: value for name, value in chosen.items() if value is not None})
    write(ROOT / "docs" / "scaling.md", model_of(assumed))
    return 0


def model_of(assumed: Assumed, kept: Path = _KEPT) -> Model:
    """The shop as it was measured, under these assumptions."""
    cost: Cost = from_json(json.loads(kept.read_text()))
    speed = speed_of(ROOT / "docs" / "benchmarks.md")
    return Model(cost=cost, speed=speed, assumed=assumed, pages=Pages(products=_CATALOG))


if __name__ == "__main__":
    sys.exit(main())
