"""Who is in the shop while it breaks. Everybody remembers what they were told, and looks it up
afterwards: what the shop has said is done must be done."""

from __future__ import annotations

import random
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import requests
from bs4 import BeautifulSoup
from pymongo.errors import PyMongoError

from app.db.database import Database
from app.media.store import WIDTHS
from tests.chaos.shopper import ChaoticShopper, GaveUp
from tests.faults.watch import Watch, WatchedSession
from tests.support.forms import sent_by
from tests.support.gateways import form_fields
from tests.support.member import PASSWORD

_RENAMED = 5  # the product that is edited: its page is new again and again
_BACK = 10.0  # seconds until every server knows that another is back
_STAY = 8  # of one thing in a cart


class Person:
    """Somebody who does the same again and again, with pauses."""

    pause = 0.3  # seconds, about

    def __init__(self, base: str, watch: Watch, rng: random.Random, database: Database) -> None:
        self.base = base
        self.rng = rng
        self.database = database  # straight to the server, for looking things up
        self._watch = watch
        self._lock = threading.Lock()
        self.browser = self.new_browser()

    def new_browser(self) -> WatchedSession:
        """A browser without cookies, at an address of its own."""
        network = (
            f"10.{self.rng.randrange(256)}.{self.rng.randrange(256)}.{self.rng.randrange(256)}"
        )
        return WatchedSession(self.base, self._watch, network)

    def work(self, over: threading.Event) -> None:
        """Go on until ``over``."""
        while not over.wait(self.rng.uniform(0.5, 1.5) * self.pause):
            with self._lock:
                try:
                    self.act()
                except (requests.RequestException, GaveUp, PyMongoError):
                    continue

    def act(self) -> None:
        """One thing they do."""

    def look(self) -> Counter[str]:
        """What of all they were told is not so. Waits for what they are at."""
        with self._lock:
            return self.check()

    def check(self) -> Counter[str]:
        """The same while they do nothing."""
        return Counter()

    def get(self, path: str, **more: Any) -> requests.Response:
        """Open a page."""
        return self.browser.get(self.base + path, **more)

    def look_up(self, path: str) -> requests.Response:
        """Open a page to see what is there: again, while one of the servers still says that it
        cannot know."""
        until = time.monotonic() + _BACK
        while (answer := self.get(path)).status_code == 503 and time.monotonic() < until:
            time.sleep(0.2)
        return answer

    def post(self, path: str, data: Mapping[str, Any]) -> requests.Response:
        """Send a form; where it leads is not followed."""
        return self.browser.post(self.base + path, data=data, allow_redirects=False)

    def token(self) -> str:
        """A form token for this browser, "" if its page did not come."""
        field = page(self.get("/orders/lookup")).select_one("main input[name=csrf_token]")
        return str(field["value"]) if field else ""


def page(answer: requests.Response) -> BeautifulSoup:
    """The page as a tree."""
    return BeautifulSoup(answer.text, "html.parser")


class Looker(Person):
    """Looks around: pages that are kept, and lists that nobody asked for before."""

    pause = 0.15

    def __init__(self, *about: Any, pictures: tuple[str, ...]) -> None:
        super().__init__(*about)
        self._pictures = pictures

    def act(self) -> None:
        """One step of it."""
        number = self.rng.choice([each for each in range(24) if each != _RENAMED])
        self.get(self.rng.choice(("/", "/products", f"/products/chaos-c-{number}")))
        self.get(f"/search?q=chaos&min_price={self.rng.randrange(1, 10_000)}")
        if self.rng.random() < 0.2:
            self.get("/orders/lookup")
        name = self.rng.choice(self._pictures).removeprefix("/media/")
        self.get(f"/media/w{self.rng.choice(WIDTHS)}/{name}")


class CartKeeper(Person):
    """Puts things into a cart, and wants to find them there. Who ``stays`` keeps the first cart."""

    def __init__(self, *about: Any, stays: bool = False) -> None:
        super().__init__(*about)
        self._stays = stays
        self._least = self._most = 0

    def act(self) -> None:
        """One step of it."""
        if self._most >= 23 * _STAY:
            return
        entry = {"csrf_token": self.token(), "quantity": "1"}
        if not entry["csrf_token"]:
            return
        sku = f"C-{1 + self._most % 23}"
        self._most += 1
        answer = self.post("/cart/items", {**entry, "sku": sku})
        if answer.status_code == 303:
            self._least += 1
        elif answer.status_code < 500:
            self._most -= 1
        self.get("/cart")

    def check(self) -> Counter[str]:
        """What was lost of it."""
        fields = page(self.look_up("/cart")).select(".stepper input[name=quantity]")
        found = sum(int(str(field["value"])) for field in fields)
        lost = Counter({"units of carts lost": max(self._least - found, 0)})
        lost["units of carts too many"] = max(found - self._most, 0)
        if not self._stays:
            self.browser, self._least, self._most = self.new_browser(), 0, 0
        return lost


class Member(Person):
    """Stays logged in at one browser, and logs in at others."""

    pause = 0.8

    def __init__(self, *about: Any, email: str) -> None:
        super().__init__(*about)
        self._email = email
        self._is_in = False

    def act(self) -> None:
        """One step of it."""
        if not self._is_in:
            self._is_in = self.log_in()
            return
        self.get("/account")
        other, self.browser = self.browser, self.new_browser()
        try:
            self.log_in()
        finally:
            self.browser = other

    def log_in(self) -> bool:
        """Whether the shop said that one is in."""
        entry = {"csrf_token": self.token(), "email": self._email, "password": PASSWORD}
        return self.post("/account/login", entry).status_code == 303

    def check(self) -> Counter[str]:
        """What was lost of it."""
        is_here = urlsplit(self.look_up("/account").url).path == "/account"
        lost = Counter({"sessions lost": int(self._is_in and not is_here)})
        self._is_in = self._is_in and is_here
        return lost


class Buyer(Person):
    """Buys, as chaotically as people do."""

    pause = 1.0

    def __init__(
        self, *about: Any, skus: list[str], seen: Counter[str], cards: tuple[str, ...]
    ) -> None:
        super().__init__(*about)
        self._skus, self._seen, self._cards = skus, seen, cards
        self._placed: list[str] = []

    def act(self) -> None:
        """One step of it."""
        browser = self.new_browser()
        shopper = ChaoticShopper(
            self.base, self._skus, self.rng, self._seen, self._cards, session=browser
        )
        try:
            shopper.run()
        finally:
            self._placed += browser.placed

    def check(self) -> Counter[str]:
        """What was lost of it."""
        lost = sum(not self._is_stored(each) for each in self._placed)
        self._placed.clear()
        return Counter({"orders lost": lost})

    def _is_stored(self, location: str) -> bool:
        """Whether the attempt, or the order, is there that the shop led to."""
        path = urlsplit(location).path
        if "/c/pay/" in path:
            query: dict[str, Any] = {"session_id": path.rsplit("/", 1)[-1]}
        elif found := re.match(r"/payments/([^/]+)", path):
            query = {"_id": found[1]}
        else:
            number = path.rsplit("/", 1)[-1]
            return self.database["orders"].find_one({"number": number}) is not None
        return self.database["payment_attempts"].find_one(query) is not None


class Owner(Person):
    """Works in the panel: looks at the dashboard, renames a product, pays back."""

    pause = 0.4

    def __init__(self, *about: Any, email: str, product_id: str) -> None:
        super().__init__(*about)
        self._email = email
        self._path = f"/admin/products/{product_id}"
        self._product_id = product_id
        self._titles = {f"Chaos C-{_RENAMED}"}  # one of these it must have
        self._refunded: list[str] = []  # orders of which the panel said so
        self._is_in = False

    def act(self) -> None:
        """One step of it."""
        if not self._is_in:
            entry = {"csrf_token": self.token(), "email": self._email, "password": PASSWORD}
            self._is_in = self.post("/account/login", entry).status_code == 303
            return
        self.rng.choice((self.watch_figures, self.rename, self.rename, self.pay_back))()

    def watch_figures(self) -> None:
        """The dashboard and the list of orders."""
        self.get("/admin")
        self.get("/admin/orders")

    def rename(self) -> None:
        """Give the product another title."""
        form = page(self.get(self._path)).select_one(f'form[action="{self._path}"]')
        if form is None:
            return
        token = form_fields(form)["csrf_token"]
        title = f"Chaos C-{_RENAMED} {self.rng.randrange(10**6)}"
        before = self._titles
        self._titles = {*before, title}
        answer = self.post(self._path, {**sent_by(form), "csrf_token": token, "title": title})
        if answer.status_code == 303:
            self._titles = {title}
        elif answer.status_code < 500:
            self._titles = before

    def pay_back(self) -> None:
        """A small part of an order's money."""
        paid = list(self.database["orders"].find({"state": "paid"}, {"number": 1}).limit(50))
        if not paid:
            return
        number = self.rng.choice(paid)["number"]
        path = f"/admin/orders/{number}/refunds"
        wish: dict[str, str] = {"key": str(uuid4()), "amount": "1.00"}
        wish["csrf_token"] = self._field(self.get(f"{path}/new"), "csrf_token")
        seen = self.post(path, {**wish, "do": "preview"})
        agreed = self._field(seen, "agreed")
        if agreed:
            answer = self.post(path, {**wish, "do": "refund", "agreed": agreed})
            if answer.status_code == 303:
                self._refunded.append(number)

    def _field(self, answer: requests.Response, name: str) -> str:
        field = page(answer).select_one(f"main input[name={name}]")
        return str(field["value"]) if field else ""

    def check(self) -> Counter[str]:
        """What was lost of it."""
        stored = self.database["products"].find_one({"_id": self._product_id}, {"title": 1})
        lost = Counter({"edits lost": int(not stored or stored["title"] not in self._titles)})
        for number, told in Counter(self._refunded).items():
            order = self.database["orders"].find_one({"number": number}, {"_id": 1}) or {}
            there = self.database["refunds"].count_documents({"order_id": order.get("_id")})
            lost["refunds lost"] += max(told - there, 0)
        self._refunded.clear()
        is_here = urlsplit(self.look_up("/admin").url).path == "/admin"
        lost["sessions lost"] = int(self._is_in and not is_here)
        self._is_in = self._is_in and is_here
        return lost


@contextmanager
def at_large(people: list[Person]) -> Iterator[None]:
    """Everybody goes on with it during the block, and has left after it."""
    over = threading.Event()
    threads = [threading.Thread(target=each.work, args=(over,), daemon=True) for each in people]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(90)
