"""``make bench-admin``: how long every page of the panel takes in a large shop.

100 000 orders and 10 000 products on the embedded database; writes docs/benchmarks-admin.md.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from datetime import UTC, datetime

import requests
from flask import Flask
from rich.console import Console
from rich.progress import Progress

from app import create_app
from app.account.demo import DEMO_LOGINS, make_demo_accounts
from app.db.database import Database
from app.db.migrations import all_migrations
from app.identity.service import AccountService
from app.web.registry import service
from bench.few_orders import place
from bench.latency import Spread, form_of, spread
from bench.many_orders import multiply
from bench.report import machine
from bench.shop import Shop, shop_of
from dev.stack import ROOT

_TEMPLATES = 50  # orders that are placed; the rest are copies
_DAYS = 100
_TIMES = 20  # each page
_BUDGET = 300  # milliseconds, of the 95th percentile


def main() -> int:
    """Measure; 1 if a page takes longer than it may."""
    parser = argparse.ArgumentParser(prog="make bench-admin", description=__doc__)
    parser.add_argument("--products", type=int, default=10_000)
    parser.add_argument("--orders", type=int, default=100_000)
    chosen = parser.parse_args()
    with Progress(console=Console(stderr=True)) as bar, shop_of(chosen.products, bar) as shop:
        app = create_app(shop.stack.environment)
        count = _fill(shop, app, chosen.orders, bar)
        times = _time(shop, app, bar)
    page = ROOT / "docs" / "benchmarks-admin.md"
    page.write_text("\n".join(_report(chosen.products, count, times)) + "\n")
    print(page.read_text())
    return int(any(each.p95 > _BUDGET for each in times.values()))


def _fill(shop: Shop, app: Flask, orders: int, bar: Progress) -> int:
    """Place orders and multiply them, and have what is counted of orders counted anew."""
    bar.add_task("A few orders", total=None)
    make_demo_accounts(service(AccountService, app))
    place(shop, app, _TEMPLATES)
    database = service(Database, app)
    task = bar.add_task(f"{orders:,} orders", total=orders)
    copies = max(1, round(orders / _TEMPLATES / _DAYS))
    made = multiply(
        database, copies, _DAYS, lambda done, every: bar.update(task, completed=done, total=every)
    )
    for migration in all_migrations():  # what they fill in for older orders
        migration.upgrade(database)
    return made + _TEMPLATES


def _time(shop: Shop, app: Flask, bar: Progress) -> dict[str, Spread]:
    """Every page that can be asked for, many times, by the owner."""
    paths = _paths(app)
    task = bar.add_task("Pages", total=len(paths) * _TIMES)
    times: dict[str, Spread] = {}
    with requests.Session() as owner:
        _log_in(owner, shop)
        for name, path in paths.items():
            took = []
            for _ in range(_TIMES):
                began = time.perf_counter()
                answer = owner.get(shop.url + path, timeout=60)
                took.append(time.perf_counter() - began)
                bar.advance(task)
                if answer.status_code >= 400:
                    raise RuntimeError(f"{path} answered {answer.status_code}")
            times[name] = spread(took)
    return times


def _log_in(owner: requests.Session, shop: Shop) -> None:
    page = owner.get(f"{shop.url}/account/login", timeout=30).text
    login = DEMO_LOGINS[0]
    form = {**form_of(page, "main form"), "email": login.email, "password": login.password}
    owner.post(f"{shop.url}/account/login", data=form, timeout=30).raise_for_status()


def _paths(app: Flask) -> dict[str, str]:
    """Addresses of the panel's pages, with something real in the place of each variable."""
    found: dict[str, str] = {}
    for rule in sorted(app.url_map.iter_rules(), key=lambda each: each.rule):
        inside = rule.rule == "/admin" or rule.rule.startswith("/admin/")
        if inside and "GET" in (rule.methods or set()):
            path = _filled(app, rule.rule)
            if path:
                found[rule.rule] = path
    return found


def _filled(app: Flask, rule: str) -> str:
    """The address with ids of things that are there; "" if there is no such thing."""
    database = service(Database, app)
    for part in re.findall(r"<[^>]+>", rule):
        kind = (
            rule.split(part, maxsplit=1)[0].rstrip("/").rsplit("/", 1)[-1],
            part.strip("<>").split(":")[-1],
        )
        source = _SOURCES.get(kind[1]) or _SOURCES.get(kind[0])
        document = database[source[0]].find_one() if source else None
        if document is None:
            return ""
        rule = rule.replace(part, str(document[source[1]]))
    return rule


_SOURCES: dict[str, tuple[str, str]] = {
    "entry_id": ("audit_log", "_id"),
    "number": ("orders", "number"),
    "product_id": ("products", "_id"),
    "sku": ("stock_levels", "_id"),
    "customer_id": ("customers", "_id"),
    "promotion_id": ("promotions", "_id"),
    "collection": ("collections", "_id"),
    "category": ("categories", "_id"),
    "code": ("markets", "_id"),
}


def _report(products: int, orders: int, times: dict[str, Spread]) -> list[str]:
    return [
        "# The panel's pages in a large shop",
        "",
        f"Written by `make bench-admin`: {orders:,} orders, {products:,} products, every page asked",
        f"for {_TIMES} times in a row. {datetime.now(UTC):%d %B %Y}, {machine()}; the web server and",
        "the embedded database share the machine.",
        "",
        "| page | p50 ms | p95 ms |",
        "|---|---:|---:|",
        *(f"| `{name}` | {each.p50:.0f} | {each.p95:.0f} |" for name, each in times.items()),
    ]


if __name__ == "__main__":
    sys.exit(main())
