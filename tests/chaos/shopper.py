"""A shopper who double-clicks, opens tabs, changes gateways, walks away, and retries when cut off."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from urllib.parse import urljoin

import requests
from bs4 import BeautifulSoup, Tag

from tests.support.gateways import form_fields
from tests.support.shopper import ADDRESS

_TIMEOUT = 30
_BUNDLE = "BUNDLE"  # of C-1 or C-2, perhaps with a C-0
_TRIES = 12
_PATIENCE = 120.0  # seconds; how fast the shop comes back is the machine's affair
COUPON = "CHAOS"
_COUPON_SHARE = 0.4
_CARD_SHARE = 0.3
_PAUSE = 1.2  # seconds before trying again: servers need a few to start


class GaveUp(Exception):
    """The shop could not be reached again and again; the shopper went home."""


class ChaoticShopper:
    """One purchase, with everything that people do."""

    def __init__(
        self,
        base: str,
        skus: list[str],
        rng: random.Random,
        seen: Counter[str],
        cards: tuple[str, ...] = (),
        session: requests.Session | None = None,
    ) -> None:
        self._base = base
        self._skus = skus
        self._cards = cards
        self._rng = rng
        self._seen = seen
        self._session = session or requests.Session()

    def _chance(self, share: float) -> bool:
        return self._rng.random() < share

    def _send(self, method: str, url: str, **more: object) -> requests.Response:
        """Send, and send again when the line or the shop breaks: what browsers and people do."""
        patient_until = time.monotonic() + _PATIENCE
        while time.monotonic() < patient_until:
            try:
                answer = self._session.request(
                    method,
                    urljoin(self._base, url),
                    timeout=_TIMEOUT,
                    **more,
                )
            except requests.RequestException:
                self._seen["cut off"] += 1
                time.sleep(_PAUSE)
            else:
                if answer.status_code < 500:
                    return answer
                self._seen[f"answer {answer.status_code}"] += 1
            threading.Event().wait(self._rng.uniform(0.2, 0.8))
        raise GaveUp

    def _form(self, answer: requests.Response, selector: str) -> Tag | None:
        return BeautifulSoup(answer.text, "html.parser").select_one(selector)

    def run(self) -> None:
        """Fill a cart, check out one way or another, pay or not, come back or not."""
        lookup = self._form(self._send("GET", "/orders/lookup"), "main form")
        if lookup is None:
            raise GaveUp
        token = form_fields(lookup)["csrf_token"]
        for sku in self._choose_skus():
            entry = {"csrf_token": token, "sku": sku, "quantity": str(self._rng.choice((1, 1, 2)))}
            if sku == _BUNDLE:
                self._seen["bundle"] += 1
                entry |= {
                    "part.1": self._rng.choice(("C-1", "C-2")),
                    "part.2": self._rng.choice(("C-0", "")),
                }
            self._send("POST", "/cart/items", data=entry, allow_redirects=False)
        if self._chance(_COUPON_SHARE):
            self._enter_coupon(token)
        if self._cards and self._chance(_CARD_SHARE):
            self._enter_card(token)
        location = self._check_out()
        if location and self._chance(0.15):
            self._seen["second tab or switch"] += 1
            location = self._check_out() or location
        if location:
            self._pay(location)

    def _enter_coupon(self, token: str) -> None:
        """Enter the code that everybody has heard of; there are not enough uses for all."""
        entry = {"csrf_token": token, "code": COUPON}
        answer = self._send("POST", "/cart/coupons", data=entry, allow_redirects=False)
        self._seen[f"coupon {answer.status_code}"] += 1

    def _enter_card(self, token: str) -> None:
        """Enter the code of a gift card that others have as well."""
        entry = {"csrf_token": token, "code": self._rng.choice(self._cards)}
        answer = self._send("POST", "/cart/gift-cards", data=entry, allow_redirects=False)
        self._seen[f"gift card {answer.status_code}"] += 1

    def _choose_skus(self) -> list[str]:
        """One or two things, now and then beside a bundle of the same stock."""
        found = self._rng.sample(self._skus, self._rng.choice((1, 1, 2)))
        return [*found, _BUNDLE] if self._chance(0.15) else found

    def _check_out(self) -> str:
        """Press the button, sometimes twice at once; where it leads."""
        page = self._form(self._send("GET", "/checkout"), "main form[action='/checkout']")
        if page is None:
            return ""
        gateway = self._rng.choice(("stripe", "razorpay"))
        fields = {**form_fields(page), **ADDRESS, "gateway": gateway}
        fields["email"] = f"{self._rng.randrange(10**9)}@example.com"
        if self._chance(0.3):
            self._seen["double click"] += 1
            twin = threading.Thread(target=self._press_quietly, args=(dict(fields),))
            twin.start()
            answer = self._press(fields)
            twin.join()
        else:
            answer = self._press(fields)
        self._seen[f"checkout {answer.status_code}"] += 1
        return answer.headers.get("Location", "") if answer.status_code == 303 else ""

    def _press(self, fields: dict[str, str]) -> requests.Response:
        answer = self._send("POST", "/checkout", data=fields, allow_redirects=False)
        for _ in range(_TRIES):
            if answer.status_code != 409:
                break
            threading.Event().wait(1.0)
            answer = self._send("POST", "/checkout", data=fields, allow_redirects=False)
        return answer

    def _press_quietly(self, fields: dict[str, str]) -> None:
        try:
            self._press(fields)
        except GaveUp:
            pass

    def _pay(self, location: str) -> None:
        if "/c/pay/" in location:
            self._pay_stripe(location)
        elif location.endswith("/razorpay"):
            self._pay_razorpay(location)
        else:
            self._seen["status page"] += 1
            self._send("GET", location)

    def _pay_stripe(self, url: str) -> None:
        if self._chance(0.1):
            self._seen["walked away"] += 1
            return
        if self._chance(0.15):
            self._send("POST", url, data={"action": "decline"}, allow_redirects=False)
        answer = self._send("POST", url, data={"action": "approve"}, allow_redirects=False)
        back = answer.headers.get("Location", "")
        if back:
            self._come_back("GET", back)

    def _pay_razorpay(self, path: str) -> None:
        form = self._form(self._send("GET", path), "main form")
        if form is None or "checkout/embedded" not in str(form["action"]):
            return
        for _ in range(2 if self._chance(0.1) else 1):  # sometimes paid in two tabs
            hosted = self._send("POST", str(form["action"]), data=form_fields(form))
            choice = self._form(hosted, "form")
            if hosted.status_code != 200 or choice is None:
                return
            outcome = self._rng.choices(
                ("approve", "decline", "late", "cancel"), (0.75, 0.1, 0.08, 0.07)
            )[0]
            url = urljoin(hosted.url, str(choice["action"]))
            answer = self._send(
                "POST", url, data={"outcome": outcome, "seconds": "2"}, allow_redirects=False
            )
            back = self._form(answer, "form#back")
            if back is not None:
                self._come_back("POST", "/payments/razorpay/callback", form_fields(back))

    def _come_back(self, method: str, url: str, data: dict[str, str] | None = None) -> None:
        """Follow the way back: not at all, once, or twice."""
        times = self._rng.choices((0, 1, 2), (0.25, 0.6, 0.15))[0]
        if not times:
            self._seen["redirect lost"] += 1
        for _ in range(times):
            self._send(method, url, data=data)
