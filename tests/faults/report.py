"""``docs/faults.md``: a row for each fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.faults.campaign import Finding
from tests.faults.watch import Answer, Outcome

_HEAD = """# What faults cost

Written by `make faults`: a mixed load of shoppers (browsing, searching, filling carts, logging in,
buying with both gateways, twice at once and in two tabs) and of an owner (dashboard, orders,
renaming a product, refunds) goes on while one thing after the other breaks. Everybody remembers what
the shop told them and looks it up afterwards; the gateways' ledger judges the payments.

"Good" is 2xx and 3xx, "refused" 4xx, "said so" the shop's own page with 503; anything else, and any
answer after the limit, fails the run. Catalog pages that are kept in memory have to be good through
every fault. "Well again" is the time from the end of the fault until every kind of page had been
good once more and the worker had nothing late to do. [Decision 41](decisions/0041-faults.md) says
how the shop is made for this.

| fault | shoppers | slowest | the owner's panel | slowest | limit | lost | well again after |
|---|---|---|---|---|---|---|---|
"""


def write(
    path: Path, findings: Iterable[Finding], figures: Mapping[str, int], seen: Counter[str]
) -> None:
    """Write the page."""
    rows = "".join(_row(each) for each in findings)
    path.write_text(_HEAD + rows + verdict(figures, seen))


def verdict(figures: Mapping[str, int], seen: Counter[str]) -> str:
    """What the judge says of the books after a campaign."""
    bad = [f"- {name}: {count}" for name, count in figures.items() if count]
    told = "\n".join(bad) if bad else f"All {len(figures)} figures are zero:\n" + _columns(figures)
    orders = ", ".join(
        f"{seen[f'orders {each}']:,} {each}" for each in ("paid", "refunded", "cancelled")
    )
    return (
        f"\n## The books afterwards\n\n"
        f"Orders: {orders}. The judge of `make chaos` over books, stock, credit and the gateways' "
        f"ledger. {told}\n"
    )


def _columns(figures: Mapping[str, int]) -> str:
    return "; ".join(figures) + "."


def _row(finding: Finding) -> str:
    panel = [each for each in finding.during if each.kind == "panel"]
    shop = [each for each in finding.during if each.kind != "panel"]
    back = "never" if finding.recovery is None else f"{finding.recovery:.1f} s"
    if finding.recovery is not None and finding.recovery > 1:
        back += f" ({finding.slowest_back})"
    lost = (
        "; ".join(f"{count} {what}" for what, count in finding.lost.items() if count) or "nothing"
    )
    cells = (
        finding.fault.name, shares(shop), slowest(shop), shares(panel), slowest(panel),
        f"{finding.fault.limit:g} s", lost, back,
    )  # fmt: skip
    return f"| {' | '.join(cells)} |\n"


def shares(answers: list[Answer]) -> str:
    """How many answers there were, and how they looked."""
    if not answers:
        return "–"
    outcomes = Counter(each.outcome for each in answers)
    parts = [f"{len(answers)} answers"]
    parts += [
        f"{outcomes[each] / len(answers):.1%} {each}"
        for each in Outcome
        if outcomes[each] or each is Outcome.GOOD
    ]
    return ", ".join(parts)


def slowest(answers: list[Answer]) -> str:
    """The slowest one."""
    return f"{max((each.seconds for each in answers), default=0.0):.1f} s"
