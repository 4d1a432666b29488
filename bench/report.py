"""What was measured, as a page of the documentation."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt

from bench.calls import Calls
from bench.latency import Spread
from bench.load import Figures

FIRST_VISIT = "listing, first visit"


@dataclass(frozen=True, kw_only=True, slots=True)
class Bare:
    """What bare applications did with the same bytes."""

    wsgi: Figures
    flask: Figures


@dataclass(kw_only=True, slots=True)
class Measured:
    """Everything of one size of catalog."""

    size: int
    bare: dict[str, Bare]  # by the page whose bytes they answered
    cached: dict[str, Figures] = field(default_factory=dict)
    crowded: dict[str, Figures] = field(default_factory=dict)
    uncached: dict[str, Spread] = field(default_factory=dict)
    unkept: dict[str, Spread] = field(default_factory=dict)
    calls: dict[str, tuple[Calls, Calls]] = field(default_factory=dict)
    memory: list[int] = field(default_factory=list)
    ready_after: float = 0.0


def write(folder: Path, results: list[Measured]) -> Path:
    """Write ``benchmarks.md`` and its plot; the page's path."""
    _plot(folder / "benchmarks.svg", results)
    page = folder / "benchmarks.md"
    page.write_text("\n".join(_page(results)) + "\n")
    return page


def _page(results: list[Measured]) -> list[str]:
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`: one run on one machine, so the ratios are what counts.",
        "",
        f"{datetime.now(UTC):%d %B %Y}, {machine()}. Two web processes; wrk, the web server, the",
        "embedded database and Redis share the machine.",
        "",
        "![Time to answer by size of catalog](benchmarks.svg)",
        "",
        "## Cached pages, against the least that the same server can do with the same bytes",
        "",
        "16 connections. The bare applications answer the bytes and headers of the page named: those of a",
        "first visit give the browser a cookie.",
        "",
        "| products | page | requests/s | of bare WSGI | of a bare Flask route | p50 ms | p99 ms | failed |",
        "|---:|---|---:|---:|---:|---:|---:|---:|",
    ]
    for each in results:
        for page, bare in each.bare.items():
            lines.append(_row(each.size, f"bare WSGI: {page}", bare.wsgi, bare))
            lines.append(_row(each.size, f"bare Flask route: {page}", bare.flask, bare))
        for name, figures in each.cached.items():
            lines.append(_row(each.size, name, figures, each.bare.get(name, each.bare["listing"])))
    lines += ["", "500 connections.", ""]
    lines += ["| products | page | requests/s | p50 ms | p99 ms | failed |"]
    lines += ["|---:|---|---:|---:|---:|---:|"]
    for each in results:
        for name, figures in each.crowded.items():
            lines.append(
                f"| {each.size:,} | {name} | {figures.rate:,.0f} | {figures.p50:.2f} | "
                f"{figures.p99:.2f} | {figures.failed} |"
            )
    lines += ["", "## Pages made anew, one request at a time", "", *_ANEW, ""]
    lines += _spreads([(each.size, each.uncached) for each in results])
    lines += ["", "## The same with nothing kept", "", *_UNKEPT, ""]
    lines += _spreads([(each.size, each.unkept) for each in results])
    lines += ["", "## Questions asked for one page", "", *_calls(results)]
    lines += ["", "## Memory and start", ""]
    lines += [
        "| products | resident MB of each web process | ready after seconds |",
        "|---:|---|---:|",
    ]
    for each in results:
        sizes = ", ".join(f"{size / 2**20:.0f}" for size in each.memory)
        lines.append(f"| {each.size:,} | {sizes} | {each.ready_after:.1f} |")
    return lines


_ANEW = (
    "Each address is asked for once. The cards on it come from Redis where another page has shown",
    "them: of 1,000 products soon all, of 100,000 hardly any, and most filters and searches of a",
    "small shop find less than a page.",
)
_UNKEPT = (
    "Redis is emptied before each page, and of lists only those count that fill a page: the same",
    "work at every size, so the ratio is what the size costs.",
)


def _row(size: int, name: str, figures: Figures, bare: Bare) -> str:
    return (
        f"| {size:,} | {name} | {figures.rate:,.0f} | "
        f"{figures.rate / bare.wsgi.rate:.2f} | {figures.rate / bare.flask.rate:.2f} | "
        f"{figures.p50:.2f} | {figures.p99:.2f} | {figures.failed} |"
    )


def _spreads(results: list[tuple[int, dict[str, Spread]]]) -> list[str]:
    least, smallest = results[0]
    lines = [
        f"| products | page | requests | p50 ms | p99 ms | p50 of that at {least:,} |",
        "|---:|---|---:|---:|---:|---:|",
    ]
    for size, spreads in results:
        for name, spread in spreads.items():
            ratio = spread.p50 / smallest[name].p50
            lines.append(
                f"| {size:,} | {name} | {spread.count} | {spread.p50:.1f} | "
                f"{spread.p99:.1f} | {ratio:.2f} |"
            )
    return lines


def _calls(results: list[Measured]) -> list[str]:
    lines = [
        "| products | page | database, made anew | Redis, made anew | database, cached | Redis, cached |",
        "|---:|---|---:|---:|---:|---:|",
    ]
    for each in results:
        for name, (made, cached) in each.calls.items():
            lines.append(
                f"| {each.size:,} | {name} | {made.database} | {made.redis} | "
                f"{cached.database} | {cached.redis} |"
            )
    return lines


def machine() -> str:
    """The processor and Python."""
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return f"{os.cpu_count()} cores ({model}), Python {platform.python_version()}"


def _plot(path: Path, results: list[Measured]) -> None:
    figure, axes = plt.subplots(figsize=(7, 3.6))
    sizes = [each.size for each in results]
    for name in results[0].uncached:
        axes.plot(
            sizes, [each.uncached[name].p99 for each in results], marker="o", label=f"{name}, p99"
        )
    axes.plot(
        sizes,
        [max(figures.p99 for figures in each.cached.values()) for each in results],
        marker="s",
        linestyle="--",
        label="cached page under load, p99",
    )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("products")
    axes.set_ylabel("milliseconds")
    axes.grid(visible=True, alpha=0.3)
    axes.legend(fontsize=7, ncols=2)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
