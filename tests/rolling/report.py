"""``docs/upgrade.md``: a row for each step."""

from __future__ import annotations

from pathlib import Path

from tests.faults.report import shares, slowest, verdict
from tests.rolling.campaign import Campaign, Step
from tests.rolling.ground import DRAIN, LOOKS_EVERY

_HEAD = """# What an upgrade costs

Written by `make upgrade OLD={old}`, a version of {was}.

Two web servers and a worker of that version serve a mixed load of shoppers (browsing, filling carts,
logging in, buying with both gateways, twice at once and in two tabs) and of an owner in the panel.
Then [a new version](deploying.md#a-new-version-without-anybody-noticing) comes, step by step, and in
the middle one web server and the worker go back to the old one for a while. Everybody remembers what the shop told them and looks it up after each step; one shopper keeps
one cart, and one member one session, from the first step to the last. The proxy asks `/readyz` every
{looks:g} s, the web servers drain for {drain} s. The new version adds to the schema: {added}.

"Good" is 2xx and 3xx, "refused" 4xx: a code that is used up, a thing that is sold out. Any 5xx, any
connection that breaks, and any 401, 403 or 404 fails the run.

| step | took | shoppers | slowest | the owner's panel | slowest | lost |
|---|---|---|---|---|---|---|
"""


def write(path: Path, campaign: Campaign, revision: str, was: str) -> None:
    """Write the page."""
    added = ", ".join(f"`{name}`" for name in campaign.migrations) or "nothing"
    head = _HEAD.format(old=revision, was=was, looks=LOOKS_EVERY, drain=DRAIN, added=added)
    rows = "".join(_row(each) for each in campaign.steps)
    passed = campaign.ground.door.passed_over
    proxy = f"\nRequests that the proxy took to the other server, since one hung up: {passed}.\n"
    path.write_text(head + rows + proxy + verdict(campaign.figures, campaign.seen))


def _row(step: Step) -> str:
    panel = [each for each in step.answers if each.kind == "panel"]
    shop = [each for each in step.answers if each.kind != "panel"]
    cells = (
        step.name, f"{step.seconds:.1f} s", shares(shop), slowest(shop), shares(panel),
        slowest(panel), "; ".join(step.problems) or "nothing",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |\n"
