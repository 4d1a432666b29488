"""Which WSGI server: the same bare application and Flask route behind each of them.

``make bench``. Uses wrk (Debian: ``apt-get install wrk``).
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import requests
from flask import Flask
from rich.console import Console
from rich.progress import track
from rich.table import Table

from dev.ports import find_free

_BODY = b"x" * 30_000
_SECONDS, _CONNECTIONS = 6, 32
_BIN = Path(sys.executable).parent


def bare(_: dict, start_response) -> list[bytes]:
    """The least an application can do."""
    start_response("200 OK", [("Content-Type", "text/html"), ("Content-Length", str(len(_BODY)))])
    return [_BODY]


flask = Flask(__name__)


@flask.get("/")
def constant() -> bytes:
    """The least a Flask route can do."""
    return _BODY


def _commands(app: str, port: int) -> dict[str, list[str]]:
    target = f"bench.servers:{app}"
    where = f"127.0.0.1:{port}"
    return {
        "granian": [f"{_BIN}/granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "2", "--blocking-threads", "8", "--no-ws", target],
        "gunicorn gthread": [f"{_BIN}/gunicorn", "--bind", where, "--workers", "2", "--threads", "8", "--worker-class", "gthread", target],
        "gunicorn sync": [f"{_BIN}/gunicorn", "--bind", where, "--workers", "2", target],
        "waitress": [f"{_BIN}/waitress-serve", f"--listen={where}", "--threads=8", target],
    }  # fmt: skip


def _wait(url: str) -> None:
    for _ in range(100):
        try:
            requests.get(url, timeout=1)
            return
        except requests.RequestException:
            time.sleep(0.1)
    raise SystemExit(f"{url} does not answer")


def _measure(wrk: str, url: str) -> tuple[float, str]:
    """Requests per second, and the 99th percentile as wrk prints it."""
    command = [wrk, "-t2", f"-c{_CONNECTIONS}", f"-d{_SECONDS}s", "--latency", url]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    slow = re.search(r"\s99%\s+([\d.]+\w+)", output)
    if not rate or not slow:
        raise SystemExit(output)
    return float(rate[1]), slow[1]


def main() -> None:
    """Measure every server with both applications and print the table."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise SystemExit("This needs wrk: apt-get install wrk")
    rows = []
    jobs = [(app, name) for app in ("bare", "flask") for name in _commands(app, 0)]
    for app, name in track(jobs, description="Measuring"):
        port = find_free()
        server = subprocess.Popen(
            _commands(app, port)[name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            _wait(f"http://127.0.0.1:{port}/")
            rows.append((app, name, *_measure(wrk, f"http://127.0.0.1:{port}/")))
        finally:
            server.terminate()
            server.wait()
    best = max(rate for app, _, rate, _ in rows if app == "bare")
    table = Table("application", "server", "requests/s", "p99", "of the fastest")
    for app, name, rate, slow in rows:
        table.add_row(app, name, f"{rate:,.0f}", slow, f"{rate / best:.0%}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
