"""Lighthouse on the main pages of the running shop, as a phone sees them: ``make lighthouse``.

Needs a running shop (``make run``), Node.js and Chromium. ``npx`` fetches Lighthouse into npm's own
cache. Reports go to ``var/lighthouse``; the exit code is 1 if a page misses its target. A busy
machine makes performance worse, never better, so the best of several runs counts (``RUNS=3``).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests
from bs4 import BeautifulSoup

from dev.attach import data_folder
from dev.browsers import find_chromium
from dev.lock import DataLock

PAGES = {
    "home": "/",
    "listing": "/products",
    "category": "/categories/tableware",
    "product": "/products/dune-mug",
    "cart": "/cart",
}
TARGETS = {"performance": 95, "accessibility": 100, "best-practices": 100, "seo": 100}
ATTEMPTS = 5
CHROME = "--headless=new --no-sandbox --disable-gpu"
# A cart is nobody's to index: robots.txt and its own noindex are meant.
NOT_INDEXED = {"cart": ["--skip-audits=is-crawlable"]}


def _cart_cookie(base: str) -> str:
    """The cookies of somebody with something in the cart."""
    browser = requests.Session()
    page = BeautifulSoup(browser.get(f"{base}/products/dune-mug", timeout=30).text, "html.parser")
    form = page.select_one("form.buy")
    if form is None:
        sys.exit("The demo product cannot be bought: is the demo store loaded?")
    fields = {str(each["name"]): str(each.get("value", "")) for each in form.select("[name]")}
    browser.post(f"{base}/cart/items", data=fields, timeout=30).raise_for_status()
    return "; ".join(f"{each.name}={each.value}" for each in browser.cookies)


def _measure(url: str, report: Path, more: list[str]) -> dict[str, Any]:
    """One run; made again when the browser recorded nothing (its trace lacks the navigation)."""
    command = ["npx", "--yes", "lighthouse@^12", url, "--quiet", "--output=json"]
    command += [f"--output-path={report}", f"--chrome-flags={CHROME}", *more]
    for _ in range(ATTEMPTS):
        report.unlink(missing_ok=True)
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
        if report.exists():
            result: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
            if "runtimeError" not in result:
                return result
            print(f"          again: {result['runtimeError']['message']}", flush=True)
    sys.exit(f"Lighthouse could not measure {url}, {ATTEMPTS} times.")


def _scores(result: dict[str, Any]) -> dict[str, int]:
    return {name: round((each["score"] or 0) * 100) for name, each in result["categories"].items()}


def _complaints(result: dict[str, Any]) -> list[str]:
    """What is not perfect, with what it says of the parts of the page."""
    lines = []
    for category in result["categories"].values():
        for reference in category["auditRefs"]:
            audit = result["audits"][reference["id"]]
            if reference["weight"] and audit["score"] is not None and audit["score"] < 0.9:
                lines.append(
                    f"{category['title']}: {audit['title']} {audit.get('displayValue', '')}"
                )
    return lines


def _page(name: str, url: str, folder: Path, runs: int, more: list[str]) -> bool:
    best: dict[str, int] = {}
    for run in range(runs):
        result = _measure(url, folder / f"{name}-{run + 1}.json", more)
        scores = _scores(result)
        best = {each: max(score, best.get(each, 0)) for each, score in scores.items()}
        audits = result["audits"]
        shown = {key: audits[key]["displayValue"] for key in ("largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift")}  # fmt: skip
        print(f"{name:9}", *(f"{each} {scores[each]:3}" for each in TARGETS), shown, flush=True)
        for line in _complaints(result):
            print(f"          {line}", flush=True)
    return all(best[each] >= target for each, target in TARGETS.items())


def main() -> None:
    """Measure every page, or those named on the command line."""
    base = DataLock(data_folder()).read().get("BASE_URL")
    program = find_chromium(whole=True)
    if not base or not program or not shutil.which("npx"):
        sys.exit("This needs Node.js, Chromium and a running shop: make run")
    os.environ.setdefault("CHROME_PATH", program)
    folder = data_folder() / "lighthouse"
    folder.mkdir(parents=True, exist_ok=True)
    runs = int(os.environ.get("RUNS") or 3)
    passed = []
    for name in sys.argv[1:] or PAGES:
        more = list(NOT_INDEXED.get(name, []))
        if name == "cart":
            more.append(f"--extra-headers={json.dumps({'Cookie': _cart_cookie(base)})}")
        passed.append(_page(name, base + PAGES[name], folder, runs, more))
    print(f"reports in {folder}")
    sys.exit(0 if all(passed) else 1)


if __name__ == "__main__":
    main()
