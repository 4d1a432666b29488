"""The shopper's side of the gateways' pages, and the judge's view of their ledger."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

import requests
from bs4 import BeautifulSoup

_TIMEOUT = 20


def form_fields(form: Any) -> dict[str, str]:
    """What a browser would send of a form as it stands."""
    return {
        field["name"]: field.get("value", "")
        for field in form.select("input[name]")
        if field.get("type") not in {"radio", "checkbox"} or field.has_attr("checked")
    }


class Sandbox:
    """The running sandbox."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ledger(self) -> dict[str, Any]:
        """What the gateways know."""
        answer: dict[str, Any] = requests.get(f"{self.url}/sandbox/ledger", timeout=_TIMEOUT).json()
        return answer

    def captures(self) -> list[tuple[str, int]]:
        """(order number, amount) of all money taken and kept."""
        return [
            (each["order_number"], each["captured"] - each["refunded"])
            for each in self.ledger()["payments"]
            if each["captured"] > each["refunded"]
        ]

    def fault(self, kind: str, **more: Any) -> None:
        """Misbehave, once unless told otherwise."""
        answer = requests.post(
            f"{self.url}/sandbox/faults", json=[{"kind": kind, **more}], timeout=_TIMEOUT
        )
        answer.raise_for_status()

    def lapse(self) -> None:
        """The one authorisation there is ends without a capture."""
        (payment,) = self.ledger()["payments"]
        url = f"{self.url}/sandbox/lapse/{payment['id']}"
        requests.post(url, timeout=_TIMEOUT).raise_for_status()

    def end_refund(self, refund_id: str, outcome: str) -> None:
        """The bank says its last word on a refund: ``success`` or ``failure``."""
        url = f"{self.url}/sandbox/refunds/{refund_id}/{outcome}"
        requests.post(url, timeout=_TIMEOUT).raise_for_status()

    def open_dispute(self, payment_id: str, **more: Any) -> str:
        """A shopper's bank disputes a payment; the dispute's id."""
        body = {"payment": payment_id, **more}
        answer = requests.post(f"{self.url}/sandbox/disputes", json=body, timeout=_TIMEOUT)
        answer.raise_for_status()
        return str(answer.json()["id"])

    def move_dispute(self, dispute_id: str, outcome: str) -> None:
        """It goes on: ``escalated``, ``won``, ``lost`` or ``closed``."""
        url = f"{self.url}/sandbox/disputes/{dispute_id}/{outcome}"
        requests.post(url, timeout=_TIMEOUT).raise_for_status()

    def pay_stripe(self, url: str, action: str = "approve") -> requests.Response:
        """Press a button of Stripe's page; does not follow the way back."""
        return requests.post(url, data={"action": action}, allow_redirects=False, timeout=_TIMEOUT)

    def start_razorpay(self, page_html: str) -> requests.Response:
        """Post the shop's form: the hosted page."""
        form = BeautifulSoup(page_html, "html.parser").select_one("main form")
        assert form is not None
        hosted = requests.post(str(form["action"]), data=form_fields(form), timeout=_TIMEOUT)
        assert hosted.status_code == 200, hosted.text
        return hosted

    def ask_razorpay(self, page_html: str) -> None:
        """Choose a method at Razorpay, and leave while it waits for the one-time password."""
        hosted = self.start_razorpay(page_html)
        choice = BeautifulSoup(hosted.text, "html.parser").select_one("form")
        assert choice is not None
        url = urljoin(hosted.url, str(choice["action"]))
        asked = requests.post(url, data={"outcome": "otp"}, timeout=_TIMEOUT)
        assert asked.status_code == 200, asked.text

    def pay_razorpay(self, page_html: str, outcome: str = "approve") -> dict[str, str]:
        """Post the shop's form, press a button; the fields that come back."""
        hosted = self.start_razorpay(page_html)
        choice = BeautifulSoup(hosted.text, "html.parser").select_one("form")
        assert choice is not None
        back = requests.post(
            urljoin(hosted.url, str(choice["action"])), data={"outcome": outcome}, timeout=_TIMEOUT
        )
        answer = BeautifulSoup(back.text, "html.parser").select_one("form#back")
        assert answer is not None, back.text
        return form_fields(answer)
