"""What the order's page, and mails, say of money that came, went back, or did not arrive."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests
from flask import Flask

from app.checkout.refund_rules import RefundWish
from app.checkout.settlement import Settlement
from app.db.database import Database
from app.inventory.service import InventoryService
from app.orders.models import OrderState
from app.payments.models import RefundState
from app.shared.clock import now
from app.shared.ids import AttemptId, Sku
from app.web.registry import service
from tests.support.aftersales import Staff
from tests.support.catalog import CatalogMaker
from tests.support.disputes import DisputeHooks
from tests.support.gateways import Sandbox
from tests.support.member import Mailbox
from tests.support.payments import GATEWAYS, attempt_of
from tests.support.shopper import Shopper, soup

SENT_BACK = "The money was sent back to you"
ON_ITS_WAY = "on their way back to you"
NOT_CHARGED = "Nothing was charged"
GIVEN_BACK = "It was charged, and the money was sent back to you."
EVERYTHING = RefundWish(quantities={1: 2}, shipping=True)


@pytest.fixture
def ready(shopper: Shopper, catalog: CatalogMaker) -> Shopper:
    """A shopper with two mugs (40.00, tax 2.90, shipping 6.00) in the cart."""
    shopper.add(catalog.mug(stock=5), 2)
    return shopper


@pytest.fixture
def buy(app: Flask, ready: Shopper, sandbox: Sandbox) -> Callable[[str], Staff]:
    """Pay for them through a gateway."""

    def work(gateway: str) -> Staff:
        ready.pay(sandbox, gateway)
        return Staff(app)

    return work


@pytest.fixture
def by_hand(sandbox: Sandbox, environment: dict[str, str]) -> Callable[..., None]:
    """Somebody captures the one payment at its gateway, or a part of it, and may refund it."""

    def work(*, amount: int = 4890, refund: bool = False) -> None:
        (payment,) = sandbox.ledger()["payments"]
        one: dict[str, object]
        if payment["gateway"] == "stripe":
            path, kind = f"/v1/payment_intents/{payment['id']}/capture", "data"
            one, back = {"amount_to_capture": amount}, "/v1/refunds"
            two: dict[str, object] = {"payment_intent": payment["id"]}
            auth = (environment["STRIPE_SECRET_KEY"], "")
        else:
            path, kind = f"/v1/payments/{payment['id']}/capture", "json"
            one, back = (
                {"amount": amount, "currency": "USD"},
                f"/v1/payments/{payment['id']}/refund",
            )
            two = {"amount": amount}
            auth = (environment["RAZORPAY_KEY_ID"], environment["RAZORPAY_KEY_SECRET"])
        for url, body in ((path, one), (back, two))[: 2 if refund else 1]:
            more: dict[str, object] = {kind: body}
            requests.post(sandbox.url + url, auth=auth, timeout=5, **more).raise_for_status()

    return work


def shown(shopper: Shopper, staff: Staff) -> str:
    """What the order's page says, beside its timeline."""
    page = soup(shopper.get(staff.url))
    head = page.select(".lede, .alert")
    return " ".join(" ".join(each.get_text() for each in head).split())


def refund(staff: Staff, key: str, wish: RefundWish = EVERYTHING) -> RefundState:
    made = staff.refunding.request(
        staff.order.id, wish, key=key, reason="", restock=False, by="Eve"
    )
    staff.work()
    return made.state


def bank_returns(staff: Staff, sandbox: Sandbox) -> None:
    """The refund that succeeded last comes back, twice as far as the shop is told."""
    standing = [each for each in sandbox.ledger()["refunds"] if each["status"] != "failed"]
    sandbox.end_refund(standing[-1]["id"], "failure")
    for _ in range(2):
        staff.refunding.follow(staff.order.id)
        staff.work()


@GATEWAYS
def test_a_refund_that_the_bank_returned_is_not_said_to_have_arrived(
    ready: Shopper, sandbox: Sandbox, mailbox: Mailbox, buy: Callable[[str], Staff], gateway: str
) -> None:
    staff = buy(gateway)
    refund(staff, "k1")
    assert SENT_BACK in shown(ready, staff)
    bank_returns(staff, sandbox)
    said = shown(ready, staff)
    assert SENT_BACK not in said
    assert "Your bank returned our refund of $48.90" in said
    assert "we are dealing with it" in said
    timeline = soup(ready.get(staff.url)).select_one(".timeline")
    assert timeline is not None
    assert "refund of $48.90 did not arrive: your bank returned it" in timeline.get_text()
    subject = f"Your refund for order {staff.order.number} did not arrive"
    assert mailbox.subjects("ann@example.com").count(subject) == 1

    assert refund(staff, "k2") is RefundState.SUCCEEDED
    said = shown(ready, staff)
    assert SENT_BACK in said
    assert "returned our refund" not in said
    bank_returns(staff, sandbox)
    assert "Your bank returned our refund of $48.90" in shown(ready, staff)
    assert mailbox.subjects("ann@example.com").count(subject) == 2  # one for each


def test_what_is_given_back_another_way_is_not_missing_any_more(
    ready: Shopper, sandbox: Sandbox, buy: Callable[[str], Staff]
) -> None:
    staff = buy("stripe")
    refund(staff, "k1", RefundWish(quantities={1: 1}))
    bank_returns(staff, sandbox)
    assert "Your bank returned our refund of $21.45" in shown(ready, staff)
    requests.post(f"{sandbox.url}/sandbox/slow-refunds", timeout=5)
    assert refund(staff, "k2", RefundWish(quantities={1: 1})) is RefundState.PENDING
    said = shown(ready, staff)
    assert "returned our refund" not in said
    assert "$21.45 are on their way back to you" in said
    (slow,) = [each for each in sandbox.ledger()["refunds"] if each["status"] == "pending"]
    sandbox.end_refund(slow["id"], "success")
    staff.refunding.follow(staff.order.id)
    said = shown(ready, staff)
    assert "returned our refund" not in said
    assert ON_ITS_WAY not in said
    assert staff.order.refunded.minor == 2145


@GATEWAYS
def test_the_refund_of_a_cancelled_order_that_the_bank_returned_is_not_on_its_way(
    ready: Shopper, sandbox: Sandbox, buy: Callable[[str], Staff], gateway: str
) -> None:
    staff = buy(gateway)
    staff.cancelling.cancel(staff.order.id)
    staff.work()
    assert SENT_BACK in shown(ready, staff)
    bank_returns(staff, sandbox)
    said = shown(ready, staff)
    assert ON_ITS_WAY not in said
    assert "Your bank returned our refund of $48.90" in said


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("", "Your bank is deciding about $48.90"),
        ("lost", "Your bank has given you $48.90 back"),
        ("won", "$48.90 has not been sent back to you yet"),
    ],
)
@GATEWAYS
def test_a_cancelled_order_whose_payment_is_disputed_sends_nothing_back(
    app: Flask, ready: Shopper, sandbox: Sandbox, mailbox: Mailbox, environment: dict[str, str],
    buy: Callable[[str], Staff], gateway: str, outcome: str, words: str,
) -> None:  # fmt: skip
    staff, hooks = buy(gateway), DisputeHooks(app, sandbox, environment)
    (payment,) = sandbox.ledger()["payments"]
    dispute = sandbox.open_dispute(payment["id"])
    hooks.send(dispute, "created")
    staff.work()
    staff.cancelling.cancel(staff.order.id, by="Eve")
    if outcome:
        sandbox.move_dispute(dispute, outcome)
        hooks.send(dispute, "closed")
    staff.work()
    assert staff.order.withdrawn
    assert sandbox.ledger()["refunds"] == []
    said = shown(ready, staff)
    assert ON_ITS_WAY not in said
    assert words in said


def test_of_a_payment_that_is_disputed_in_part_the_rest_is_sent_back(
    app: Flask, ready: Shopper, sandbox: Sandbox, environment: dict[str, str],
    buy: Callable[[str], Staff],
) -> None:  # fmt: skip
    staff, hooks = buy("stripe"), DisputeHooks(app, sandbox, environment)
    (payment,) = sandbox.ledger()["payments"]
    hooks.send(sandbox.open_dispute(payment["id"], amount=1000), "created")
    staff.work()
    requests.post(f"{sandbox.url}/sandbox/slow-refunds", timeout=5)
    staff.cancelling.cancel(staff.order.id, by="Eve")
    said = shown(ready, staff)
    assert "Your bank is deciding about $10.00" in said
    assert "Your $38.90 are on their way back to you" in said


@GATEWAYS
def test_a_payment_that_came_too_late_and_went_back_was_charged(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database,
    by_hand: Callable[..., None], gateway: str,
) -> None:  # fmt: skip
    location = ready.check_out(gateway=gateway).location
    staff, attempt = Staff(app), attempt_of(database)
    page = ready.get(location).text if gateway == "razorpay" else ""
    stock = service(InventoryService, app)
    database.in_transaction(lambda session: stock.release(attempt["order_id"], session))
    stock.set_on_hand({Sku("MUG"): 0}, "theft")
    if gateway == "stripe":
        sandbox.pay_stripe(location)
    else:
        sandbox.pay_razorpay(page)
    by_hand()
    sandbox.fault("drop_before", method="POST", path="refund", count=None)
    service(Settlement, app).settle(AttemptId(attempt["_id"]))
    assert staff.order.state is OrderState.CANCELLED
    assert NOT_CHARGED not in shown(ready, staff)
    assert "on its way back to you" in shown(ready, staff)
    requests.delete(f"{sandbox.url}/sandbox/faults", timeout=5)
    service(Settlement, app).settle(AttemptId(attempt["_id"]))
    assert sandbox.captures() == []
    said = shown(ready, staff)
    assert NOT_CHARGED not in said
    assert GIVEN_BACK in said


@GATEWAYS
def test_a_payment_that_was_sent_back_before_it_was_booked_was_charged(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database,
    by_hand: Callable[..., None], gateway: str,
) -> None:  # fmt: skip
    page = ready.check_out(gateway=gateway).location
    sandbox.fault("drop_before", gateway=gateway, path="capture", count=None)
    ready.come_back(sandbox, page, gateway)
    requests.delete(f"{sandbox.url}/sandbox/faults", timeout=5)
    database["captures"].update_many({}, {"$set": {"lease_until": now()}})
    attempt = attempt_of(database)
    by_hand(refund=True)
    service(Settlement, app).settle(AttemptId(attempt["_id"]))
    staff = Staff(app)
    assert staff.order.state is OrderState.CANCELLED
    said = shown(ready, staff)
    assert NOT_CHARGED not in said
    assert GIVEN_BACK in said
    assert "nothing was charged" not in ready.get(f"/payments/{attempt['_id']}").text


def test_a_part_that_was_captured_by_hand_and_given_back_was_charged(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, mailbox: Mailbox,
    by_hand: Callable[..., None],
) -> None:  # fmt: skip
    ready.approve(sandbox, ready.check_out().location, "stripe")
    by_hand(amount=1000)
    service(Settlement, app).settle(AttemptId(attempt_of(database)["_id"]))
    assert sandbox.captures() == []
    staff = Staff(app)
    assert staff.order.state is OrderState.PENDING
    page = ready.get(staff.url).text
    assert NOT_CHARGED not in page
    assert GIVEN_BACK in page
    staff.cancelling.cancel(staff.order.id)
    page = ready.get(staff.url).text
    assert NOT_CHARGED not in page
    assert GIVEN_BACK in page
    mails = mailbox.read("ann@example.com")
    (mail,) = [each for each in mails if str(each["Subject"]).startswith("Cancelled")]
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        assert part is not None
        text = " ".join(part.get_content().split())
        assert NOT_CHARGED not in text
        assert GIVEN_BACK in text


def test_the_mail_about_a_cancelled_order_promises_nothing_that_the_bank_holds(
    app: Flask, ready: Shopper, sandbox: Sandbox, mailbox: Mailbox, environment: dict[str, str],
    buy: Callable[[str], Staff],
) -> None:  # fmt: skip
    staff, hooks = buy("stripe"), DisputeHooks(app, sandbox, environment)
    (payment,) = sandbox.ledger()["payments"]
    hooks.send(sandbox.open_dispute(payment["id"]), "created")
    staff.work()
    staff.cancelling.cancel(staff.order.id, by="Eve")
    mails = mailbox.read("ann@example.com")
    (mail,) = [each for each in mails if str(each["Subject"]).startswith("Cancelled")]
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        assert part is not None
        text = " ".join(part.get_content().split())
        assert "go back the way you paid" not in text
        assert "Your bank is deciding about $48.90" in text
