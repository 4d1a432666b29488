"""Disputes at both gateways: booked, noted and told once, whatever webhooks come when."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import requests
from flask import Flask

from app.checkout.audit import Audit
from app.checkout.disputing import Disputing
from app.checkout.errors import PaymentDisputed
from app.checkout.reconciliation import Reconciler
from app.checkout.refund_rules import RefundWish
from app.checkout.refunding import Refunding
from app.db.database import Database
from app.fulfilment.cancelling import Cancelling
from app.fulfilment.models import ReturnState
from app.inventory.service import InventoryService
from app.orders.service import OrderService
from app.payments.dispute_models import Dispute, DisputeState
from app.payments.disputes import DisputeService
from app.payments.events import ALERT
from app.payments.models import Attempt, RefundState
from app.payments.service import PaymentService
from app.shared.clock import now
from app.shared.ids import OrderId, Sku
from app.shared.money import Money
from app.web.registry import service
from app.worker import Worker
from tests.support.aftersales import Staff
from tests.support.catalog import CatalogMaker
from tests.support.disputes import DisputeHooks
from tests.support.dying import die
from tests.support.gateways import Sandbox
from tests.support.payments import attempt_of
from tests.support.shopper import Shopper


class Bank:
    """A shopper's bank, and the shop that hears of it."""

    def __init__(
        self, app: Flask, database: Database, sandbox: Sandbox, hooks: DisputeHooks
    ) -> None:
        self.app, self.database, self.sandbox, self.hooks = app, database, sandbox, hooks
        self.order_id = OrderId(attempt_of(database)["order_id"])
        (payment,) = sandbox.ledger()["payments"]
        self.payment_id = str(payment["id"])

    def work(self) -> None:
        while service(Worker, self.app).round():
            pass

    def disputes(self) -> list[Dispute]:
        return service(DisputeService, self.app).of_order(self.order_id)

    def notes(self, *, public: bool = False) -> list[str]:
        events = service(OrderService, self.app).timeline(self.order_id, public_only=public)
        return [each.kind for each in events if each.kind.startswith("dispute")]

    def alerts(self) -> int:
        return self.database["outbox"].count_documents({"topic": ALERT})


@pytest.fixture(params=["stripe", "razorpay"])
def bank(
    request: pytest.FixtureRequest,
    app: Flask,
    database: Database,
    sandbox: Sandbox,
    shopper: Shopper,
    catalog: CatalogMaker,
    environment: dict[str, str],
) -> Bank:
    """That of somebody who bought two mugs for 48.90."""
    shopper.add(catalog.mug(stock=5), 2)
    shopper.pay(sandbox, request.param)
    return Bank(app, database, sandbox, DisputeHooks(app, sandbox, environment))


def test_a_dispute_is_booked_noted_and_told_once(bank: Bank) -> None:
    dispute_id = bank.sandbox.open_dispute(bank.payment_id)
    for event in ("created", "updated", "created"):
        bank.hooks.send(dispute_id, event)
    bank.work()
    bank.work()
    (dispute,) = bank.disputes()
    assert dispute.seen.amount.minor == 4890
    assert dispute.seen.state is DisputeState.OPEN
    assert dispute.seen.claims_money
    assert dispute.version == 1
    assert bank.notes() == ["dispute_opened"]
    assert bank.notes(public=True) == []
    assert bank.alerts() == 1


@pytest.mark.parametrize(
    ("outcome", "state", "alerts"), [("won", DisputeState.WON, 1), ("lost", DisputeState.LOST, 2)]
)
def test_a_verdict_is_noted_once_and_no_late_webhook_opens_it_again(
    bank: Bank, outcome: str, state: DisputeState, alerts: int
) -> None:
    dispute_id = bank.sandbox.open_dispute(bank.payment_id)
    bank.hooks.send(dispute_id, "created")
    bank.work()
    bank.sandbox.move_dispute(dispute_id, outcome)
    for event in ("closed", "created", "closed", "updated"):
        bank.hooks.send(dispute_id, event, status="needs_response")
    bank.work()
    (dispute,) = bank.disputes()
    assert dispute.seen.state is state
    assert dispute.seen.claims_money is (outcome == "lost")
    assert bank.notes() == ["dispute_opened", f"dispute_{outcome}"]
    assert bank.alerts() == alerts


def test_what_a_webhook_claims_is_not_believed(bank: Bank) -> None:
    dispute_id = bank.sandbox.open_dispute(bank.payment_id)
    bank.hooks.send(dispute_id, "lost", status="lost", amount=1)
    bank.work()
    (dispute,) = bank.disputes()
    assert (dispute.seen.state, dispute.seen.amount.minor) == (DisputeState.OPEN, 4890)


def test_the_webhook_of_the_end_may_be_the_only_one_that_comes(bank: Bank) -> None:
    dispute_id = bank.sandbox.open_dispute(bank.payment_id)
    bank.sandbox.move_dispute(dispute_id, "lost")
    bank.hooks.send(dispute_id, "closed")
    bank.work()
    assert bank.notes() == ["dispute_opened", "dispute_lost"]


def test_an_inquiry_claims_nothing_until_it_becomes_a_dispute(bank: Bank) -> None:
    asked = bank.sandbox.open_dispute(bank.payment_id, inquiry=True)
    bank.hooks.send(asked, "created")
    bank.work()
    assert not bank.disputes()[0].seen.claims_money
    bank.sandbox.move_dispute(asked, "escalated")
    bank.hooks.send(asked, "updated")
    bank.work()
    assert bank.disputes()[0].seen.claims_money
    assert bank.notes() == ["dispute_opened", "dispute_claimed"]
    assert bank.alerts() == 2


def test_an_inquiry_that_is_closed_took_nothing(bank: Bank) -> None:
    asked = bank.sandbox.open_dispute(bank.payment_id, inquiry=True)
    bank.sandbox.move_dispute(asked, "closed")
    bank.hooks.send(asked, "closed")
    bank.work()
    (dispute,) = bank.disputes()
    assert (dispute.seen.state, dispute.seen.claims_money) == (DisputeState.CLOSED, False)


def test_a_reading_that_others_overtook_is_not_written(bank: Bank) -> None:
    dispute_id = bank.sandbox.open_dispute(bank.payment_id)
    disputing, attempt = service(Disputing, bank.app), _attempt(bank)
    disputing.follow(attempt, dispute_id)
    disputes = service(DisputeService, bank.app)
    before = disputes.find(attempt.gateway, dispute_id)
    assert before
    bank.sandbox.move_dispute(dispute_id, "lost")
    disputing.follow(attempt, dispute_id)
    assert not service(Database, bank.app).in_transaction(
        lambda session: disputes.store(before, before.seen, attempt, session)
    )
    assert bank.disputes()[0].seen.state is DisputeState.LOST


def _attempt(bank: Bank) -> Attempt:
    payments = service(PaymentService, bank.app)
    (attempt,) = payments.attempts_of(bank.order_id)
    return attempt


def test_eight_workers_at_once_note_it_once(bank: Bank) -> None:
    dispute_id = bank.sandbox.open_dispute(bank.payment_id)
    disputing, attempt = service(Disputing, bank.app), _attempt(bank)
    threads = [
        threading.Thread(target=disputing.follow, args=(attempt, dispute_id)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bank.disputes()) == 1
    assert bank.notes() == ["dispute_opened"]
    assert bank.alerts() == 1


def test_a_silent_gateway_is_asked_again(bank: Bank) -> None:
    dispute_id = bank.sandbox.open_dispute(bank.payment_id)
    bank.hooks.send(dispute_id, "created")
    bank.sandbox.fault("error_500", path="disputes", count=None)
    bank.work()
    assert bank.disputes() == []
    requests.delete(f"{bank.sandbox.url}/sandbox/faults", timeout=5)
    bank.database["outbox"].update_many({"state": "pending"}, {"$set": {"available_at": now()}})
    bank.work()
    assert len(bank.disputes()) == 1


def test_a_dispute_of_a_payment_that_is_not_the_shops_is_left(bank: Bank) -> None:
    dispute_id = bank.sandbox.open_dispute(bank.payment_id)
    bank.database["authorisations"].delete_many({})
    bank.database["payment_attempts"].update_many({}, {"$set": {"session_id": "another"}})
    bank.hooks.send(dispute_id, "created", payment_intent="pi_foreign")
    bank.work()
    assert bank.disputes() == []
    assert bank.notes() == []
    assert bank.alerts() == 0


def test_a_dispute_whose_webhooks_are_lost_is_found_by_the_audit(bank: Bank) -> None:
    dispute_id = bank.sandbox.open_dispute(bank.payment_id)
    assert service(Audit, bank.app).run() == []
    assert bank.notes() == ["dispute_opened"]
    bank.sandbox.move_dispute(dispute_id, "lost")
    for _ in range(2):
        assert service(Audit, bank.app).run() == []
    assert bank.notes() == ["dispute_opened", "dispute_lost"]


def test_an_account_that_lists_no_disputes_is_audited_all_the_same(bank: Bank) -> None:
    bank.sandbox.fault("error_500", path="disputes", count=None)
    assert service(Audit, bank.app).run() == []


# --- refunds --------------------------------------------------------------------------------------


def _ask_back(bank: Bank, minor: int, key: str = "k1") -> RefundState:
    refund = service(Refunding, bank.app).request(
        bank.order_id,
        RefundWish(quantities={}, amount=Money(minor, "USD")),
        key=key,
        reason="",
        restock=False,
        by="Eve",
    )
    return refund.state


def _given_back(bank: Bank) -> list[int]:
    found = bank.sandbox.ledger()["refunds"]
    return [each["amount"] for each in found if each["status"] != "failed"]


def _disputed(bank: Bank, outcome: str = "", **more: object) -> str:
    dispute_id = bank.sandbox.open_dispute(bank.payment_id, **more)
    if outcome:
        bank.sandbox.move_dispute(dispute_id, outcome)
    bank.hooks.send(dispute_id, "created")
    bank.work()
    return dispute_id


@pytest.mark.parametrize("outcome", ["", "lost"])
def test_what_the_bank_claims_is_not_paid_back_as_well(bank: Bank, outcome: str) -> None:
    _disputed(bank, outcome)
    before = bank.database["captures"].find_one({})
    for minor in (4890, 1):
        with pytest.raises(PaymentDisputed, match="pay it twice"):
            _ask_back(bank, minor)
    with pytest.raises(PaymentDisputed):
        service(Refunding, bank.app).preview(bank.order_id, RefundWish(quantities={1: 1}))
    assert _given_back(bank) == []
    assert bank.database["captures"].find_one({}) == before
    assert bank.database["refunds"].count_documents({}) == 0


@pytest.mark.parametrize("dispute", [{"outcome": "won"}, {"inquiry": True}])
def test_a_won_dispute_and_an_inquiry_let_money_go_back(
    bank: Bank, dispute: dict[str, object]
) -> None:
    _disputed(bank, **dispute)
    assert _ask_back(bank, 4890) is RefundState.SUCCEEDED
    assert _given_back(bank) == [4890]


def test_of_a_payment_disputed_in_part_the_rest_can_go_back(bank: Bank) -> None:
    _disputed(bank, amount=3000)
    with pytest.raises(PaymentDisputed):
        _ask_back(bank, 1891)
    assert _ask_back(bank, 1890) is RefundState.SUCCEEDED
    with pytest.raises(PaymentDisputed):
        _ask_back(bank, 1, "k2")
    assert _given_back(bank) == [1890]


def test_a_refund_that_was_asked_for_and_not_sent_ends_with_the_dispute(bank: Bank) -> None:
    refunding, database = service(Refunding, bank.app), service(Database, bank.app)
    wish = RefundWish(quantities={}, amount=Money(4890, "USD"))
    stored = database.in_transaction(
        lambda session: refunding.store(
            bank.order_id, wish, key="k", reason="", restock=False, by="Eve", session=session
        )
    )
    _disputed(bank)
    assert refunding.carry_out(stored).state is RefundState.FAILED
    assert _given_back(bank) == []


def test_an_order_that_is_disputed_is_cancelled_without_paying_it_back(bank: Bank) -> None:
    _disputed(bank)
    order = service(Cancelling, bank.app).cancel(bank.order_id, by="Eve")
    assert order.withdrawn
    assert _given_back(bank) == []
    assert service(InventoryService, bank.app).on_hand([Sku("MUG")]) == {Sku("MUG"): 5}


def test_goods_of_a_disputed_order_come_back_without_being_paid_for_again(bank: Bank) -> None:
    staff = Staff(bank.app)
    staff.ship({1: 2})
    asked = staff.ask({1: 1})
    staff.returns.approve(asked.id)
    _disputed(bank)
    assert not staff.returns.worth(asked).goods
    received = staff.returns.receive(asked.id, restock=[1])
    assert received.state is ReturnState.RECEIVED
    assert _given_back(bank) == []
    assert staff.on_hand() == 4


def test_a_dispute_finds_its_order_wherever_a_worker_died_that_booked_it(
    app: Flask, shopper: Shopper, catalog: CatalogMaker, sandbox: Sandbox,
    database: Database, environment: dict[str, str],
) -> None:  # fmt: skip
    shopper.add(catalog.mug(stock=5), 2)
    shopper.approve(sandbox, shopper.check_out().location, "stripe")
    attempt = attempt_of(database)["_id"]
    die("tests.support.crash", environment, "booked half-way", "settle", attempt)
    service(Reconciler, app).run(older_than=timedelta(0))
    bank = Bank(app, database, sandbox, DisputeHooks(app, sandbox, environment))
    bank.hooks.send(sandbox.open_dispute(bank.payment_id), "created")
    bank.work()
    assert [each.seen.state for each in bank.disputes()] == [DisputeState.OPEN]
    assert bank.notes() == ["dispute_opened"]
