"""Reading pages and mails in a language of brackets: what is outside of them, and no data, was
forgotten."""

from __future__ import annotations

import re
from collections import deque
from urllib.parse import urlsplit

from babel import Locale
from bs4 import BeautifulSoup
from werkzeug.test import TestResponse

from app.markets.countries import Region, country
from app.orders.models import Order
from app.orders.service import OrderService
from app.shared.ids import OrderId
from app.web.registry import service
from tests.support.aftersales import Staff
from tests.support.gateways import Sandbox
from tests.support.member import Mailbox
from tests.support.pseudo import LANGUAGE, Reader
from tests.support.shopper import ADDRESS, Shopper


def _regions(code: str) -> tuple[Region, ...]:
    found = country(code)
    return found.regions if found else ()


_MONTHS = " ".join(Locale(LANGUAGE).months["format"]["wide"].values())
READER = Reader(
    "MossX Stripe Razorpay PDF UTC SKU USD INR EUR GST English Deutsch हिन्दी Standard Express",
    "Dune Mug Lamp Halden Material clay Colour Sand Moss Tea Set things Good Holds tea And warmth",
    "Ten off Thanks Very Ann Shopper Bob MX IN R CN INV TENOFF SHIPFREE NOPE UPS AA Werkzeug",
    "Sat Sun Firefox Linux xx mug zzz qqq lamps standard express www Seller Street Town",
    "XXXX Voucher Worth Vase Bowl Cup Morning",
    *(value for value in ADDRESS.values()),
    _MONTHS,
    *(Locale(LANGUAGE).territories[code] for code in ("US", "IN", "DE")),
    *(region.name for code in ("US", "IN") for region in _regions(code)),
)
_SKIPPED = re.compile(r"\.(pdf|xml|txt|json)|^/(media|static|account/data|account/logout)")
_MOST_PAGES = 90


found: dict[str, list[str]] = {}  # of the test that runs: what was left, by page


READS = "reader@example.com"  # the address of who reads the brackets; others get mail in English


class Counter(Staff):
    """Staff, with the order that was placed last."""

    @property
    def order(self) -> Order:
        """That order, as it is now."""
        (document,) = self.database["orders"].find({}, {"_id": 1}).sort("placed_at", -1).limit(1)
        return service(OrderService, self.app).get(OrderId(document["_id"]))


def reads(shopper: Shopper) -> Shopper:
    """The same shopper, who reads the bracketed language from now on."""
    shopper.client.set_cookie("mossx_language", LANGUAGE)
    return shopper


def note(page: str, left: list[str]) -> None:
    """Remember what is left on a page and was on none before."""
    known = {each for lefts in found.values() for each in lefts}
    new = [each for each in dict.fromkeys(left) if each not in known]
    if new:
        found.setdefault(page, []).extend(new)


def check(answer: TestResponse, *statuses: int, where: str = "") -> TestResponse:
    """The page has nothing left in English."""
    if statuses:
        assert answer.status_code in statuses, answer.text[:800]
    if answer.mimetype == "text/html" and answer.status_code not in {301, 302, 303, 307}:
        note(
            f"{where or answer.request.path} ({answer.status_code})", READER.leftovers(answer.text)
        )
        if "<html" in answer.text:
            assert f'<html lang="{LANGUAGE}">' in answer.text
    return answer


def crawl(shopper: Shopper, *starts: str) -> set[str]:
    """Follow every link from ``starts`` on; the paths that were read."""
    waiting, seen = deque(starts), set[str]()
    while waiting and len(seen) < _MOST_PAGES:
        url = waiting.popleft()
        parts = urlsplit(url)
        shape = parts.path + "?" + ",".join(sorted(re.findall(r"([^=&]+)=", parts.query)))
        if shape in seen or _SKIPPED.search(parts.path) or parts.netloc:
            continue
        seen.add(shape)
        answer = check(shopper.get(url, follow_redirects=True), where=url)
        assert answer.status_code in {200, 403}, f"{url}: {answer.status_code}"
        if answer.mimetype == "text/html":
            for tag in BeautifulSoup(answer.text, "html.parser").select("a[href], [hx-get]"):
                link = str(tag.get("href") or tag.get("hx-get"))
                if link.startswith("/"):
                    waiting.append(link)
    return seen


def pay(reader: Shopper, sandbox: Sandbox) -> None:
    """Order what is in the cart, and pay for it."""
    answer = reader.check_out(email=READS)
    assert reader.come_back(sandbox, answer.location, "stripe").status_code == 303


def read_mails(mailbox: Mailbox, to: str, at_least: int) -> None:
    """Read all mails to an address, both as text and as a page."""
    mails = mailbox.read(to)
    assert len(mails) >= at_least
    for mail in mails:
        subject = str(mail["Subject"])
        note(f"subject {subject}", READER.foreign_words(subject))
        for kind in ("plain", "html"):
            body = mail.get_body((kind,))
            assert body is not None
            text = body.get_content()
            left = READER.leftovers(text) if kind == "html" else READER.foreign_words(text)
            note(f"{subject} ({kind})", left)
