"""What is really there: the forms of all pages, and what stands in the variables of addresses."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterable
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from app.db.database import Database
from app.web.registry import service
from tests.fuzz.forms import Form, read_page
from tests.fuzz.people import Person

_MOST_PAGES = 400
_SKIPPED = re.compile(r"^/(static|media)/|logout|\.(pdf|csv)$")
_IDS = {
    "product_id": ("products", "_id"),
    "promotion_id": ("promotions", "_id"),
    "customer_id": ("customers", "_id"),
    "account_id": ("accounts", "_id"),
    "review_id": ("reviews", "_id"),
    "return_id": ("returns", "_id"),
    "transfer_id": ("transfers", "_id"),
    "import_id": ("catalog_imports", "_id"),
    "credit_id": ("credit_accounts", "_id"),
    "invitation_id": ("staff_invitations", "_id"),
    "finding_id": ("audit_findings", "_id"),
    "entry_id": ("audit_log", "_id"),
    "attempt_id": ("payment_attempts", "_id"),
    "receipt_id": ("cart_merges", "_id"),
    "number": ("orders", "number"),
    "slug": ("products", "slug"),
    "code": ("markets", "_id"),
    "sku": ("stock_levels", "_id"),
}


class Harvest:
    """Grows while people look around."""

    def __init__(self, app: Flask) -> None:
        self._urls = app.url_map.bind("localhost")
        self.forms: dict[str, list[Form]] = defaultdict(list)
        self.args: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self.queries: dict[str, list[str]] = defaultdict(list)
        self.pool: dict[str, list[str]] = defaultdict(list)
        database = service(Database, app)
        for name, (collection, field) in _IDS.items():
            for document in database[collection].find({}, {field: 1}).limit(8):
                self._keep(self.pool[name], str(document[field]))

    def crawl(self, person: Person, starts: Iterable[str], looks: int) -> int:
        """Read every shape of page that a person can reach, each so often; how many there were."""
        waiting, seen = deque(starts), defaultdict[str, int](int)
        pages = 0
        while waiting and pages < _MOST_PAGES:
            url = waiting.popleft()
            endpoint = self.note(url, "GET")
            parts = urlsplit(url)
            shape = endpoint + "?" + ",".join(sorted(re.findall(r"([^=&]+)=", parts.query)))
            if not endpoint or seen[shape] >= looks or _SKIPPED.search(parts.path):
                continue
            seen[shape] += 1
            answer = person.get(url)
            pages += 1
            if answer.mimetype == "text/html":
                waiting.extend(self.read(answer.text, url))
            elif answer.status_code == 303:
                waiting.append(answer.location)
        return pages

    def read(self, text: str, url: str) -> list[str]:
        """Keep the forms of a page; its links."""
        page = read_page(text, url)
        for form in page.forms:
            endpoint = self.note(form.action, form.method.upper())
            if form.method == "post" and endpoint and len(self.forms[endpoint]) < 12:
                self.forms[endpoint].append(form)
        return page.links

    def note(self, url: str, method: str) -> str:
        """Remember what stands in an address; the endpoint, "" where there is none."""
        parts = urlsplit(url)
        if parts.netloc:
            return ""
        try:
            endpoint, args = self._urls.match(parts.path, method)
        except (HTTPException, RequestRedirect):
            return ""
        for name, value in args.items():
            self._keep(self.args[endpoint][name], str(value))
            self._keep(self.pool[name], str(value))
        if parts.query:
            self._keep(self.queries[endpoint], parts.query)
        return str(endpoint)

    def _keep(self, held: list[str], value: str) -> None:
        if value not in held and len(held) < 40:
            held.append(value)
