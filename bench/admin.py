"""``make bench-admin``: how long every page of the panel takes in a large shop.

100 000 orders and 10 000 products on the embedded database; writes docs/benchmarks-admin.md.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode, urljoin, urlsplit

import requests
from bs4 import BeautifulSoup
from flask import Flask
from pymongo import monitoring
from rich.console import Console
from rich.progress import Progress

from app import create_app
from app.account.demo import DEMO_LOGINS, make_demo_accounts
from app.customers.service import CustomerService
from app.db.database import Database
from app.identity.service import AccountService
from app.web.registry import service
from bench.few_orders import place
from bench.forms import MAIN, form_of
from bench.latency import Spread, spread
from bench.many_orders import multiply
from bench.report import machine
from bench.sales import time_sales
from bench.shop import Shop, shop_of
from bench.work import Questions, Work, time_jobs
from dev.stack import ROOT

_TEMPLATES = 50  # orders that are placed; the rest are copies
_DAYS = 100
_TIMES = 21  # each page
_MOST = 8  # choices of a field
_WORDS = ("shopper-00003", "product-12", "MX-", "oak")
_BUDGET = 300  # milliseconds, of the 95th percentile
_SALES = 8
_SALE_BUDGET = 3.0  # seconds
_SELDOM = ("mark customers", "mark stock", "retention")  # they run once an hour or a day


def main() -> int:
    """Measure; 1 if a page takes longer than it may."""
    parser = argparse.ArgumentParser(prog="make bench-admin", description=__doc__)
    parser.add_argument("--products", type=int, default=10_000)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--keep", type=Path, help="a folder for the shop, used again next time")
    parser.add_argument("--only", default="", help="pages whose address has this in it")
    chosen = parser.parse_args()
    with (
        Progress(console=Console(stderr=True)) as bar,
        shop_of(chosen.products, bar, chosen.keep) as shop,
    ):
        questions = Questions()
        monitoring.register(questions)
        app = create_app(shop.stack.environment)
        count = service(Database, app)["orders"].estimated_document_count()
        if not count:
            count = _fill(shop, app, chosen.orders, bar)
        with requests.Session() as owner:
            _log_in(owner, shop)
            work = [] if chosen.only else _time_work(shop, app, questions, bar)
            times = _time(shop, app, bar, owner, chosen.only)
            sale = time_sales(shop, owner, _SALES)
    if chosen.only:
        print("\n".join(_rows(times)))
        return 0
    page = ROOT / "docs" / "benchmarks-admin.md"
    page.write_text("\n".join(_report(chosen.products, count, times, sale, work)) + "\n")
    print(page.read_text())
    return int(
        sale > _SALE_BUDGET
        or any(each.p95 > _BUDGET for name, each in times.items() if not _is_file(name))
        or any(each.longest > _BUDGET for each in work if each.name not in _SELDOM)
    )


def _fill(shop: Shop, app: Flask, orders: int, bar: Progress) -> int:
    """Place orders and multiply them; how many there are."""
    few = bar.add_task("A few orders", total=None)
    make_demo_accounts(service(AccountService, app))
    shop.stack.services["worker"].stop()
    place(shop, app, _TEMPLATES)
    shop.stack.services["web"].stop()  # what nobody follows is stored sooner
    bar.remove_task(few)
    database = service(Database, app)
    task = bar.add_task(f"{orders:,} orders", total=orders)
    made = multiply(
        database, orders, _DAYS, lambda done, every: bar.update(task, completed=done, total=every)
    )
    service(CustomerService, app).note_marks()
    shop.stack.start()
    return made + _TEMPLATES


def _time_work(shop: Shop, app: Flask, questions: Questions, bar: Progress) -> list[Work]:
    """What the worker does, done here while it is away."""
    task = bar.add_task("The worker's jobs", total=None)
    shop.stack.services["worker"].stop()
    work = time_jobs(app, questions)
    # The audit found that no gateway knows of the copies.
    service(Database, app)["audit_findings"].delete_many({})
    shop.stack.start()
    bar.remove_task(task)
    return work


def _time(
    shop: Shop, app: Flask, bar: Progress, owner: requests.Session, only: str
) -> dict[str, Spread]:
    """Every page that can be asked for (whose address has ``only`` in it), many times."""
    paths = {name: path for name, path in _paths(app).items() if only in name}
    task = bar.add_task("Pages", total=None)
    times: dict[str, Spread] = {}
    while paths:
        name = next(iter(paths))
        path = paths.pop(name)
        bar.update(task, description=name)
        times[name], page = _ask(owner, shop.url + path, 1 if _is_file(name) else _TIMES)
        if "?" not in path and not _is_file(path):
            paths |= {each: each for each in _ways_to_look(path, page)}
    bar.remove_task(task)
    return times


def _ask(owner: requests.Session, url: str, times: int) -> tuple[Spread, str]:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        answer = owner.get(url, timeout=600)
        took.append(time.perf_counter() - began)
        if answer.status_code >= 400:
            raise RuntimeError(f"{url} answered {answer.status_code}")
    return spread(took), answer.text


def _is_file(name: str) -> bool:
    return name.endswith((".csv", "/export"))


def _ways_to_look(path: str, page: str) -> list[str]:
    """The same list sorted, narrowed, searched and turned over, as far as the page offers it."""
    soup = BeautifulSoup(page, "html.parser")
    links = {str(each["href"]) for each in soup.select("main a[href]")}
    own = {urljoin(path, link) for link in links if urlsplit(urljoin(path, link)).path == path}
    for field in soup.select("main form[method=get] [name]"):
        name = str(field["name"])
        if field.name == "select":
            values = [str(each.get("value", "")) for each in field.select("option")]
            own |= {f"{path}?{urlencode({name: value})}" for value in values[:_MOST] if value}
        elif name == "q":
            own |= {f"{path}?{urlencode({name: word})}" for word in _WORDS}
    return sorted(each for each in own if "?" in each and "format=csv" not in each)


def _log_in(owner: requests.Session, shop: Shop) -> None:
    page = owner.get(f"{shop.url}/account/login", timeout=30).text
    login = DEMO_LOGINS[0]
    form = {**form_of(page, MAIN), "email": login.email, "password": login.password}
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
    """The address with what is there in the places of its variables; "" if there is no such
    thing."""
    if rule.endswith("/bundle"):
        found = service(Database, app)["product_list"].find_one({"kind": "bundle"})
        return rule.replace("<product_id>", str(found["_id"])) if found else ""
    for part in re.findall(r"<[^>]+>", rule):
        before = rule.split(part, maxsplit=1)[0].rstrip("/").rsplit("/", 1)[-1]
        name = part.strip("<>").split(":")[-1]
        kind = f"{before}/{name}"
        if kind == "orders/number" and "credit-notes" in rule:
            value = _number_of_a_refunded(app)
        else:
            value = _CHOICES.get(name) or _found(app, kind)
        if not value:
            return ""
        rule = rule.replace(part, value)
    return rule


def _number_of_a_refunded(app: Flask) -> str:
    """The number of the order that the first credit note is for."""
    database = service(Database, app)
    note = database["credit_notes"].find_one()
    order = note and database["orders"].find_one({"_id": note["order_id"]})
    return str(order["number"]) if order else ""


def _found(app: Flask, kind: str) -> str:
    collection, field, query = _SOURCES[kind]
    document = service(Database, app)[collection].find_one(query)
    return str(document[field]) if document else ""


# Variables that stand for one of a few words.
_CHOICES = {"name": "products", "kind": "order_confirmation", "language": "de"}

# Which thing stands for a variable after a word: where it is, its name there, and what it is found
# by, where looking through all of them takes long.
_SOURCES: dict[str, tuple[str, str, dict[str, object]]] = {
    "audit/entry_id": ("audit_log", "_id", {}),
    "categories/slug": ("categories", "_id", {}),
    "collections/slug": ("collections", "_id", {}),
    "credit-notes/note_number": ("credit_notes", "number", {}),
    "customers/customer_id": ("customers", "_id", {"email": "shopper-00001@bench.example"}),
    "drafts/number": ("drafts", "number", {}),
    "gift-cards/credit_id": ("credit_accounts", "_id", {}),
    "groups/code": ("customer_groups", "_id", {}),
    "imports/import_id": ("catalog_imports", "_id", {}),
    "inventory/sku": ("stock_levels", "_id", {"available": 8}),
    "locations/code": ("locations", "_id", {}),
    "markets/code": ("markets", "_id", {}),
    "orders/number": ("orders", "number", {"number": "MX-10002"}),
    "products/product_id": ("products", "_id", {"slug": "product-1"}),
    "promotions/promotion_id": ("promotions", "_id", {}),
    "returns/return_id": ("returns", "_id", {}),
    "reviews/review_id": ("reviews", "_id", {}),
    "transfers/transfer_id": ("transfers", "_id", {}),
}


def _report(
    products: int, orders: int, times: dict[str, Spread], sale: float, work: list[Work]
) -> list[str]:
    return [
        "# The panel's pages in a large shop",
        "",
        f"Written by `make bench-admin`: {orders:,} orders, {products:,} products, every page asked",
        f"for {_TIMES} times in a row. {datetime.now(UTC):%d %B %Y}, {machine()}; the web server and",
        "the embedded database share the machine.",
        "",
        f"A sale is on a dashboard that is open after at most {sale:.1f} s, of {_SALES} sales.",
        "",
        "| page | p50 ms | p95 ms |",
        "|---|---:|---:|",
        *_rows({name: each for name, each in times.items() if not _is_file(name)}),
        "",
        "## Exports",
        "",
        "Files of everything, each asked for once, to its last line; they are sent as they are read.",
        "",
        "| file | ms |",
        "|---|---:|",
        *(f"| `{name}` | {each.p50:.0f} |" for name, each in times.items() if _is_file(name)),
        "",
        "## The worker's jobs",
        "",
        "A round of each in which there is nothing new to do, and the longest question that it asks",
        "the database meanwhile.",
        "",
        "| job | ms | longest question, ms | questions |",
        "|---|---:|---:|---:|",
        *(
            f"| {each.name} | {each.took:.0f} | {each.longest:.0f} | {each.questions} |"
            for each in work
        ),
    ]


def _rows(times: dict[str, Spread]) -> list[str]:
    return [f"| `{name}` | {each.p50:.0f} | {each.p95:.0f} |" for name, each in times.items()]


if __name__ == "__main__":
    sys.exit(main())
