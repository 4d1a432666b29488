"""A shopper without JavaScript: reads pages, fills forms, posts them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from bs4 import BeautifulSoup
from flask import Flask
from werkzeug.test import TestResponse

from tests.support.gateways import Sandbox, form_fields

ADDRESS = {
    "email": "ann@example.com",
    "name": "Ann Shopper",
    "phone": "+1 555 010 2030",
    "line1": "1 Main Street",
    "line2": "",
    "city": "Sacramento",
    "state": "CA",
    "postal_code": "94203",
    "country": "US",
    "shipping_method": "standard",
    "gateway": "stripe",
}
HTMX = {"HX-Request": "true"}
# Most tests ask for one before every form, and a tree of the page takes longer than the page.
_TOKEN = re.compile(r'<main.*?name="csrf_token" value="([^"]+)"', re.DOTALL)


def soup(response: TestResponse) -> BeautifulSoup:
    """The page as a tree."""
    return BeautifulSoup(response.text, "html.parser")


class Shopper:
    """One browser with its cookies."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()

    def get(self, path: str, **more: Any) -> TestResponse:
        """Open a page."""
        return self.client.get(path, **more)

    def token(self) -> str:
        """A form token for this browser."""
        field = _TOKEN.search(self.get("/orders/lookup").text)
        assert field is not None
        return field[1]

    def post(self, path: str, data: dict[str, Any], *, htmx: bool = False) -> TestResponse:
        """Post a form with a valid token."""
        headers = HTMX if htmx else None
        return self.client.post(path, data={"csrf_token": self.token(), **data}, headers=headers)

    def add(self, sku: str, quantity: object = 1, *, htmx: bool = False) -> TestResponse:
        """Put something into the cart."""
        return self.post("/cart/items", {"sku": sku, "quantity": str(quantity)}, htmx=htmx)

    def cart_lines(self) -> dict[str, int]:
        """Line ids with their quantities, as the cart page shows them."""
        fields = soup(self.get("/cart")).select(".stepper input[name=quantity]")
        return {str(field["id"]): int(str(field["value"])) for field in fields}

    def checkout_form(self, **changes: str) -> dict[str, str]:
        """The checkout form as read from its page, filled in."""
        form = soup(self.get("/checkout")).select_one("main form")
        assert form is not None, "no checkout form: is the cart empty?"
        return {**form_fields(form), **ADDRESS, **changes}

    def check_out(self, **changes: str) -> TestResponse:
        """Press the checkout button once."""
        return self.client.post("/checkout", data=self.checkout_form(**changes))

    def pay(self, sandbox: Sandbox, gateway: str = "stripe") -> TestResponse:
        """Check out, approve at the gateway, come back; the order's page."""
        answer = self.check_out(gateway=gateway)
        assert answer.status_code == 303, answer.text
        back = self.come_back(sandbox, answer.location, gateway)
        assert back.status_code == 303, back.text
        return self.get(back.location)

    def pay_in(self, sandbox: Sandbox, gateway: str, address: dict[str, str]) -> TestResponse:
        """The same to another address."""
        answer = self.check_out(gateway=gateway, **address)
        assert answer.status_code == 303, answer.text
        back = self.come_back(sandbox, answer.location, gateway)
        assert back.status_code == 303, back.text
        return self.get(back.location)

    def approve(self, sandbox: Sandbox, location: str, gateway: str) -> None:
        """Pay at the gateway and vanish."""
        if gateway == "stripe":
            sandbox.pay_stripe(location)
        else:
            sandbox.pay_razorpay(self.get(location).text)

    def come_back(self, sandbox: Sandbox, location: str, gateway: str) -> TestResponse:
        """Approve at the gateway and follow its way back to the shop."""
        if gateway == "stripe":
            url = urlsplit(sandbox.pay_stripe(location).headers["Location"])
            return self.get(f"{url.path}?{url.query}")
        fields = sandbox.pay_razorpay(self.get(location).text)
        return self.client.post("/payments/razorpay/callback", data=fields)
