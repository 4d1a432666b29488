"""Putting load on a server with wrk, and reading what it says."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}

# Each thread walks through all addresses from a place of its own. Requests are written beforehand:
# doing so while measuring took as long as the shop takes to answer.
_WALK = """
local walk, written = {{}}, {{}}
local threads = 0
function setup(thread) thread:set("start", threads * 7919); threads = threads + 1 end
local at = nil
function init(_)
  for line in io.lines("{file}") do
    if written[line] == nil then written[line] = wrk.format("GET", line) end
    walk[#walk + 1] = written[line]
  end
  at = start
end
request = function()
  at = at % #walk + 1
  return walk[at]
end
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What a server did: requests per second, percentiles in milliseconds, failed requests."""

    rate: float
    p50: float
    p99: float
    failed: int


class NoWrk(Exception):
    """wrk is not installed."""


def find_wrk() -> str:
    """The path of wrk. Raises ``NoWrk``."""
    found = shutil.which("wrk")
    if found is None:
        raise NoWrk("This needs wrk: apt-get install wrk")
    return found


def load(
    url: str,
    *,
    connections: int,
    seconds: int,
    headers: Mapping[str, str] | None = None,
    paths: Sequence[str] = (),
) -> Figures:
    """Ask for ``url`` (or for each of ``paths`` below it in turn) over so many connections."""
    command = [find_wrk(), "-t2", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout=10s"]
    for name, value in (headers or {}).items():
        command += ["-H", f"{name}: {value}"]
    with tempfile.TemporaryDirectory() as folder:
        if paths:
            listed = Path(folder) / "paths.txt"
            listed.write_text("\n".join(paths))
            script = Path(folder) / "walk.lua"
            script.write_text(_WALK.format(file=listed))
            command += ["-s", str(script)]
        output = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    return _read(output)


def _read(output: str) -> Figures:
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    slow = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    lost = re.search(
        r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", output
    )
    if rate is None:
        raise RuntimeError(f"wrk said: {output}")
    failed = int(slow[1]) if slow else 0
    return Figures(
        rate=float(rate[1]),
        p50=_percentile(output, 50),
        p99=_percentile(output, 99),
        failed=failed + (sum(map(int, lost.groups())) if lost else 0),
    )


def _percentile(output: str, percent: int) -> float:
    found = re.search(rf"\s{percent}%\s+([\d.]+)(us|ms|s|m)\b", output)
    if found is None:
        raise RuntimeError(f"wrk said: {output}")
    return float(found[1]) * _UNITS[found[2]]
