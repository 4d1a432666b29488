"""What banks claim, to the cent, and which reading of a dispute takes the place of which."""

from __future__ import annotations

from dataclasses import replace

from flask import Flask

from app.checkout.disputing import Disputing
from app.checkout.refund_rules import RefundWish
from app.db.database import Database
from app.payments.dispute_models import Dispute, DisputeState, SeenDispute
from app.payments.dispute_repository import DisputeRepository
from app.payments.disputes import DisputeService
from app.payments.models import Capture, CaptureState
from app.payments.rules import DISPUTE_TRANSITIONS
from app.payments.service import PaymentService
from app.shared.clock import now
from app.shared.ids import AttemptId, OrderId
from app.shared.money import Money
from app.web.registry import service
from tests.support.aftersales import Staff
from tests.support.credit import Bank, enter_card
from tests.support.gateways import Sandbox
from tests.support.shopper import Shopper

ORDER = OrderId("ord_1")
SEEN = SeenDispute(
    id="dp_1", payment_id="pi_1", amount=Money(300, "USD"), reason="general",
    state=DisputeState.OPEN, inquiry=False, respond_by=None,
)  # fmt: skip


def write(database: Database, seen: SeenDispute) -> Dispute:
    """Into the books."""
    dispute = Dispute(
        gateway="stripe", order_id=ORDER, order_number="MX-1", seen=seen, opened_at=now(),
        updated_at=now(), version=1,
    )  # fmt: skip
    database.in_transaction(lambda session: DisputeRepository(database).insert(dispute, session))
    return dispute


def test_banks_claim_of_a_capture_what_they_take_of_its_own_payment_and_no_more_than_it_has(
    app: Flask, database: Database
) -> None:
    capture = Capture(
        order_id=ORDER, attempt_id=AttemptId("pay_1"), gateway="stripe", payment_id="pi_1",
        amount=Money(1000, "USD"), fence=1, state=CaptureState.CAPTURED, updated_at=now(),
        refundable=Money(1000, "USD"), refund_count=0, credited=Money(0, "USD"),
    )  # fmt: skip

    def claimed(*seen: SeenDispute) -> int:
        database["disputes"].delete_many({})
        for number, each in enumerate(seen):
            write(database, replace(each, id=f"dp_{number}"))
        return service(DisputeService, app).claimed_of(capture).minor

    lost, won = (replace(SEEN, state=state) for state in (DisputeState.LOST, DisputeState.WON))
    assert claimed() == 0
    assert claimed(SEEN, lost) == 600
    assert claimed(won, replace(SEEN, inquiry=True), replace(SEEN, payment_id="pi_2")) == 0
    assert claimed(replace(SEEN, amount=Money(280, "EUR"))) == 1000
    assert claimed(replace(SEEN, amount=Money(900, "USD")), SEEN) == 1000


def test_a_dispute_moves_along_its_table_alone_and_over_what_was_read(
    app: Flask, database: Database
) -> None:
    disputes = DisputeRepository(database)
    known = write(database, SEEN)

    def store(before: Dispute, state: DisputeState) -> bool:
        seen = replace(SEEN, state=state)
        return database.in_transaction(lambda session: disputes.replace(before, seen, session))

    for source, targets in DISPUTE_TRANSITIONS.items():
        for target in DisputeState:
            database["disputes"].update_one({}, {"$set": {"state": source.value, "version": 1}})
            assert store(known, target) is (target in targets)
    database["disputes"].update_one({}, {"$set": {"state": "open", "version": 1}})
    assert store(known, DisputeState.OPEN)
    assert not store(known, DisputeState.LOST)


def test_a_gateway_that_says_less_than_the_books_changes_nothing(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    ready.pay(sandbox)
    (attempt,) = service(PaymentService, app).attempts_of(Staff(app).order.id)
    (payment,) = sandbox.ledger()["payments"]
    dispute_id, disputing = sandbox.open_dispute(payment["id"]), service(Disputing, app)
    disputing.follow(attempt, dispute_id)
    database["disputes"].update_one({}, {"$set": {"state": "won"}})
    disputing.follow(attempt, dispute_id)
    (known,) = service(DisputeService, app).of_order(attempt.order_id)
    assert (known.seen.state, known.version) == (DisputeState.WON, 1)


def test_a_dispute_of_more_than_is_left_of_a_payment_takes_nothing_from_its_gift_card(
    app: Flask, ready: Shopper, sandbox: Sandbox
) -> None:
    enter_card(ready, Bank(app).card(3500)[1])
    ready.pay(sandbox)  # 13.90 of it
    staff = Staff(app)
    wish = RefundWish(quantities={}, amount=Money(1000, "USD"))
    staff.refunding.request(staff.order.id, wish, key="k", reason="", restock=False, by="Eve")
    (payment,) = sandbox.ledger()["payments"]
    (attempt,) = service(PaymentService, app).attempts_of(staff.order.id)
    service(Disputing, app).follow(attempt, sandbox.open_dispute(payment["id"], amount=1390))
    assert staff.refunding.balance(staff.order).refundable == Money(3500, "USD")
