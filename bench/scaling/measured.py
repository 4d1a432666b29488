"""What docs/benchmarks.md says, as numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_ROW = re.compile(r"^\| *([\d,]+) \| ([^|]+) \| ([\d,.]+)", re.MULTILINE)
_MEMORY = re.compile(r"^\| *([\d,]+) \| (\d+), (\d+) \| ([\d.]+) \|$", re.MULTILINE)
_CORES = re.compile(r"(\d+) cores")


@dataclass(frozen=True, kw_only=True, slots=True)
class Speed:
    """``hit_seconds``: core seconds of a page from the page cache; ``miss_seconds``: of one made
    anew, database and all on the same machine. Memory in bytes: of an empty process, and of each
    product."""

    hit_seconds: float
    miss_seconds: float
    empty_process: float
    per_product: float


def speed_of(page: Path) -> Speed:
    """Read the page. Raises ``ValueError`` if it says something else than ``make bench`` writes."""
    text = page.read_text()
    cores = int(_found(_CORES, text)[1])
    cached, _, rest = text.partition("500 connections")
    made = rest.partition("## Pages made anew")[2].partition("## Questions")[0]
    hits = [
        _number(rate) for _, name, rate in _ROW.findall(cached) if name in {"listing", "product"}
    ]
    misses = [
        float(p50)
        for p50 in re.findall(r"\| (?:listing, any mix|product) \| \d+ \| ([\d.]+) \|", made)
    ]
    sizes = [(_number(size), float(first)) for size, first, _, _ in _MEMORY.findall(text)]
    if not hits or not misses or len(sizes) < 2:
        raise ValueError(f"{page} has not the tables of make bench")
    (small, light), (large, heavy) = sizes[0], sizes[-1]
    per_product = (heavy - light) * 2**20 / (large - small)
    return Speed(
        hit_seconds=cores / (sum(hits) / len(hits)),
        miss_seconds=sum(misses) / len(misses) / 1000,
        empty_process=light * 2**20 - small * per_product,
        per_product=per_product,
    )


def _found(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    found = pattern.search(text)
    if found is None:
        raise ValueError(f"nothing like {pattern.pattern}")
    return found


def _number(text: str) -> float:
    return float(text.replace(",", ""))
