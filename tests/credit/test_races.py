"""One card, many spenders: processes at once never spend a cent twice."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from datetime import timedelta

import pytest
import requests
from flask import Flask

from app import create_app
from app.checkout.purchase import Purchase
from app.checkout.service import CheckoutService
from app.checkout.settlement import Settlement
from app.credit.errors import CreditChanged
from app.credit.holds import CreditHolds
from app.db.database import Database
from app.shared.clock import now
from app.shared.credit import CreditKind, CreditUse
from app.shared.ids import CreditId, OrderId
from app.shared.money import Money
from app.web.registry import service
from tests.support.credit import Bank, enter_card
from tests.support.gateways import Sandbox
from tests.support.payments import attempt_of, kept
from tests.support.processes import CONTEXT
from tests.support.shopper import Shopper

_PROCESSES = 4
Results = multiprocessing.Queue  # of words


def _take_many(uri: str, card: str, numbers: range, results: Results[str]) -> None:
    database = Database(uri)
    holds = CreditHolds(database)
    use = CreditUse(
        credit_id=CreditId(card), kind=CreditKind.GIFT_CARD, last4="", amount=Money(2000, "USD")
    )
    for number in numbers:
        try:
            database.in_transaction(
                lambda session, n=number: holds.take(
                    OrderId(f"order-{n}"), [use], now() + timedelta(hours=1), session
                )
            )
        except CreditChanged:
            results.put("refused")
        else:
            results.put("held")
    database.close()


@pytest.mark.timeout(300)
def test_a_card_of_fifty_is_held_by_two_of_two_hundred_orders_of_twenty(
    environment: dict[str, str], bank: Bank, database: Database
) -> None:
    card, _ = bank.card(5000)
    results: Results[str] = CONTEXT.Queue()
    share = 200 // _PROCESSES
    crowd = [
        CONTEXT.Process(
            target=_take_many,
            args=(environment["MONGODB_URI"], card, range(n * share, (n + 1) * share), results),
        )
        for n in range(_PROCESSES)
    ]
    for each in crowd:
        each.start()
    outcomes = Counter(results.get(timeout=200) for _ in range(200))
    for each in crowd:
        each.join(30)
    assert outcomes == {"held": 2, "refused": 198}
    assert bank.figures(card) == (5000, 4000, 1000)
    assert database["credit_holds"].count_documents({"state": "held"}) == 2
    assert bank.is_sound()


def _press(
    environment: dict[str, str], code: str, start: Results[str], results: Results[str]
) -> None:
    app = create_app(environment)
    app.testing = True
    shoppers = [Shopper(app) for _ in range(4)]
    forms = []
    for shopper in shoppers:
        shopper.add("MUG", 2)
        enter_card(shopper, code)
        forms.append(shopper.checkout_form())
    results.put("ready")
    start.get(timeout=100)
    for shopper, form in zip(shoppers, forms, strict=True):
        results.put(str(shopper.client.post("/checkout", data=form).status_code))


@pytest.mark.timeout(300)
def test_browsers_with_one_card_at_once_spend_it_once(
    environment: dict[str, str], ready: Shopper, bank: Bank, database: Database
) -> None:
    card, code = bank.card(10_000)  # two orders of 48.90
    start: Results[str] = CONTEXT.Queue()
    results: Results[str] = CONTEXT.Queue()
    crowd = [
        CONTEXT.Process(target=_press, args=(environment, code, start, results))
        for _ in range(_PROCESSES)
    ]
    for each in crowd:
        each.start()
    for _ in crowd:
        assert results.get(timeout=100) == "ready"
    for _ in crowd:
        start.put("go")
    outcomes = Counter(results.get(timeout=100) for _ in range(4 * _PROCESSES))
    for each in crowd:
        each.join(30)
    paid = list(database["orders"].find({"state": "paid"}))
    assert 1 <= len(paid) <= 2
    assert outcomes == {"303": len(paid), "422": 16 - len(paid)}
    assert bank.figures(card)[0] == 10_000 - 4890 * len(paid)
    assert bank.account(card).held.minor == 0
    assert bank.is_sound()


def test_a_withdrawn_order_that_a_late_payment_brings_back_keeps_its_card(
    app: Flask, ready: Shopper, bank: Bank, sandbox: Sandbox, database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    card, code = bank.card(2500)
    enter_card(ready, code)
    page = ready.get(ready.check_out(gateway="razorpay").location).text
    sandbox.pay_razorpay(page, "decline")
    attempt = attempt_of(database)["_id"]
    settlement, placing = service(Settlement, app), service(CheckoutService, app)._placing
    refuse_twin = placing._refuse_twin

    def overtaken(purchase: Purchase) -> None:
        """The first order is withdrawn, the second is not placed: now the bank allows the payment,
        and whoever claims it gets no answer to the capture."""
        monkeypatch.undo()
        (failed,) = sandbox.ledger()["payments"]
        requests.post(f"{sandbox.url}/sandbox/late-authorise/{failed['id']}", timeout=5)
        sandbox.fault("drop_before", gateway="razorpay", path="capture")
        settlement.settle(attempt)
        refuse_twin(purchase)

    monkeypatch.setattr(placing, "_refuse_twin", overtaken)
    answer = ready.check_out(gateway="razorpay", email="b@example.com")
    assert answer.location == f"/payments/{attempt}"
    assert bank.figures(card) == (2500, 2500, 0)
    database["captures"].update_many({}, {"$set": {"lease_until": now()}})
    settlement.settle(attempt)
    assert [order["state"] for order in database["orders"].find({})] == ["paid"]
    assert kept(sandbox) == [2390]
    assert bank.figures(card) == (0, 0, 0)
