"""The tables and the plot of docs/scaling.md. What is between two marks is written anew."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt

from bench.scaling.caching import Pages, hit_rate
from bench.scaling.flash import sell
from bench.scaling.growth import Model, servers_for

_FACTORS = (1, 10, 100, 1000)
_MILLION = 1_000_000
_MONTHS = 12
_PATIENCE = 0.01  # seconds in a web machine's queue
_CROWDS = (0.5, 0.9, 1.5, 4)  # of what one SKU can take
_MEMORIES = (48, 192, 768)  # MB
_CATALOGS = (1_000, 10_000, 100_000)


def write(page: Path, model: Model) -> None:
    """Put the figures into the page, and the plot beside it. Raises ``ValueError`` for a page that
    has no place for one of them."""
    text = page.read_text()
    for name, lines in {
        "measured": _measured(model),
        "purchase": _purchase(model),
        "stored": _stored(model),
        "limits": _limits(model),
        "growth": _growth(model),
        "flash": _flash(model),
        "cache": _cache(model),
        "memory": _memory(model),
        "cost": _cost(model),
        "assumed": _assumed(model),
    }.items():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        if begin not in text or end not in text:
            raise ValueError(f"{page} has no place for {name}")
        first, rest = text.split(begin, 1)
        text = "\n".join([first + begin, *lines, end + rest.split(end, 1)[1]])
    page.write_text(text)
    _plot(page.with_suffix(".svg"), model)


def _table(heads: str, rows: list[list[str]]) -> list[str]:
    """``heads`` are split by ``|``; one that begins with ``>`` is of numbers."""
    names = [each.strip() for each in heads.split("|")]
    lines = ["---:" if each.startswith(">") else "---" for each in names]
    cells = [[each.lstrip(">") for each in names], lines, *rows]
    return ["| " + " | ".join(row) + " |" for row in cells]


def _measured(model: Model) -> list[str]:
    rate = model.measured_rate
    return [
        f"**{rate:.1f} orders a second** ({rate * 86400:,.0f} a day) is what the measured machine of two",
        "cores carries with its database, Redis, worker and all, one shopper after the other. Below, 1× is",
        "that.",
    ]


def _purchase(model: Model) -> list[str]:
    rows = [
        [
            name,
            f"{each.reads:.1f}",
            f"{each.writes:.1f}",
            f"{each.commits:.1f}",
            f"{each.redis:.1f}",
            f"{each.gateway:.1f}",
            f"{each.seconds * 1000:.0f}",
        ]
        for name, each in model.cost.phases.items()
    ]
    return _table(
        "step | >database reads | >documents written | >commits | >Redis commands | >gateway calls | >ms",
        rows,
    )


def _stored(model: Model) -> list[str]:
    kept = sorted(model.cost.stored.items(), key=lambda pair: -pair[1].bytes)
    rows = [
        [
            f"`{name}`",
            f"{each.documents:.1f}",
            f"{each.bytes:,.0f}",
            f"{each.index_bytes:,.0f}",
            f"{each.days:.0f} d" if each.days else "for ever",
        ]
        for name, each in kept
        if each.bytes >= 50
    ]
    everything = [each for each in model.cost.stored.values() if not each.days]
    rows.append(
        [
            "**kept for ever**",
            f"**{sum(each.documents for each in everything):.0f}**",
            f"**{sum(each.bytes for each in everything):,.0f}**",
            f"**{sum(each.index_bytes for each in everything):,.0f}**",
            "",
        ]
    )
    return _table("collection | >documents | >bytes | >bytes in indexes | kept", rows)


def _limits(model: Model) -> list[str]:
    rows = [
        [
            each.name,
            f"{each.limit:,.0f}",
            f"{each.limit / model.measured_rate:,.0f}×",
            each.remedy,
        ]
        for each in model.resources()
    ]
    return _table("what | >orders a second | >of the measured load | when it is full", rows)


def _growth(model: Model) -> list[str]:
    assumed = model.assumed
    rows = []
    for factor in _FACTORS:
        rate = factor * model.measured_rate
        cores = servers_for(rate, model.web_seconds / assumed.busy, _PATIENCE)
        limits = {each.name: each.limit for each in model.resources()}
        used = {name: rate / limit for name, limit in limits.items()}
        workers = max(1, -(-rate / limits[_named(limits, "worker")] // assumed.busy))
        rows.append(
            [
                f"{factor}×",
                f"{rate:,.0f}",
                f"{rate * 86400 / assumed.busiest_hour / _MILLION:,.2f}",
                f"{-(-cores // assumed.cores_of_web)} × {assumed.cores_of_web} cores",
                f"{workers:.0f}",
                *(
                    _percent(used[_named(limits, thing)])
                    for thing in ("writes", "reads", "Redis", "counter", "SKU")
                ),
            ]
        )
    return _table(
        "load | >orders a second, busiest hour | >million orders a day | >web machines | >workers"
        " | >primary, writes | >primary, reads | >Redis | >order numbers | >one SKU, if all want it",
        rows,
    )


def _named(names: dict[str, float], part: str) -> str:
    return next(each for each in names if part in each)


def _percent(share: float) -> str:
    return f"**{share:,.0%}**" if share > 1 else f"{share:.0%}"


def _flash(model: Model) -> list[str]:
    held = model.holding("stock_levels")
    rows = []
    for crowd in _CROWDS:
        sale = sell(crowd / held, model.placing - held, held)
        rows.append(
            [
                f"{sale.offered:,.0f}",
                f"{sale.rate:,.0f}",
                f"{sale.median * 1000:,.0f}",
                f"{sale.p99 * 1000:,.0f}",
                f"{sale.given_up:.0%}",
            ]
        )
    return _table(
        "buttons pressed a second, for one SKU | >orders a second | >median ms | >p99 ms | >given up",
        rows,
    )


def _cache(model: Model) -> list[str]:
    rows = []
    for products in _CATALOGS:
        pages = Pages(products=products, bytes_each=model.pages.bytes_each)
        rows.append(
            [
                f"{products:,}",
                f"{pages.count:,}",
                f"{pages.count * pages.bytes_each / 2**20:,.0f}",
                *(f"{hit_rate(pages, mb * 2**20, model.assumed.zipf):.0%}" for mb in _MEMORIES),
            ]
        )
    sizes = " | ".join(f">hits with {mb} MB" for mb in _MEMORIES)
    return _table(f"products | >pages in five editions | >MB for all of them | {sizes}", rows)


def _memory(model: Model) -> list[str]:
    rows = [
        [f"{products:,}", f"{model.memory(products) / 2**20:,.0f}"]
        for products in (*_CATALOGS, _MILLION)
    ]
    return _table("products | >MB of each web process, page cache full", rows)


def _cost(model: Model) -> list[str]:
    assumed, cost = model.assumed, model.cost
    ever = [each for each in cost.stored.values() if not each.days]
    data = sum(each.bytes * assumed.compression + each.index_bytes for each in ever) * _MILLION
    storage = data / 2**30 * assumed.gb_month * assumed.copies * _MONTHS
    web = model.web_seconds * _MILLION / 3600 / assumed.busy
    worker = cost.phases["worker"].seconds * _MILLION / 3600 / assumed.busy
    written, read = model.per_order("writes"), model.per_order("reads")
    busy = written / assumed.writes_per_second + read / assumed.reads_per_second
    database = busy * _MILLION / 3600 / assumed.busy * assumed.primary_hour
    fees = assumed.mean_order * assumed.fee_share + assumed.fee_fixed
    prices = [
        ("storage, kept for a year", f"{data / 2**30:,.1f} GB, {assumed.copies} copies", storage),
        ("web", f"{web:,.0f} core hours", web * assumed.core_hour),
        ("worker", f"{worker:,.0f} core hours", worker * assumed.core_hour),
        ("database", f"{written:,.0f} documents written, {read:,.0f} reads an order", database),
        ("mails", f"{cost.mails:,.1f} million", cost.mails * _MILLION * assumed.mail),
    ]
    rows = [[name, amount, f"{dollars:,.0f}"] for name, amount, dollars in prices]
    rows.append(["**all of it**", "", f"**{sum(each[2] for each in prices):,.0f}**"])
    calls = f"{model.per_order('gateway'):,.1f} million calls, which cost nothing themselves"
    rows.append(["the gateway's fees", calls, f"{fees * _MILLION:,.0f}"])
    return _table("of a million orders | amount | >dollars", rows)


def _assumed(model: Model) -> list[str]:
    assumed = model.assumed
    named = [f"{name} {getattr(assumed, name):g}" for name in assumed.__dataclass_fields__]
    return [re.sub(r"(\S+) (\S+)", r"`\1` \2", "; ".join(named)) + "."]


def _plot(path: Path, model: Model) -> None:
    figure, axes = plt.subplots(figsize=(7.5, 4))
    factors = [10 ** (step / 20) for step in range(61)]
    for each in model.resources():
        used = [factor * model.measured_rate / each.limit for factor in factors]
        style = {"linestyle": "--", "linewidth": 1} if each.grows else {}
        axes.plot(factors, used, label=each.name, **style)
    axes.axhline(1, color="black", linewidth=0.8)
    axes.text(1.1, 1.12, "full", fontsize=8)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(1e-3, 1e3)
    axes.set_xlabel("load, as many times as measured")
    axes.set_ylabel("share of the resource in use")
    axes.grid(visible=True, alpha=0.3)
    axes.legend(fontsize=7, title="dashed: grows by more machines", title_fontsize=7)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
