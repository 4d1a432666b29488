"""Each condition of the updates that guard money holds by itself, whatever is asked before it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from enum import StrEnum

import pytest

from app.db.database import Database
from app.payments.models import (
    Attempt,
    AttemptState,
    AuthorisationState,
    Capture,
    CaptureState,
    PaymentState,
    Refund,
    RefundParts,
    RefundState,
    SeenPayment,
)
from app.payments.refund_repository import RefundRepository
from app.payments.repository import PaymentRepository
from app.payments.rules import (
    ATTEMPT_TRANSITIONS,
    AUTHORISATION_TRANSITIONS,
    CAPTURE_TRANSITIONS,
    REFUND_TRANSITIONS,
)
from app.shared.clock import now
from app.shared.ids import AttemptId, OrderId
from app.shared.money import Money

ORDER, LEASE = OrderId("ord_1"), timedelta(seconds=30)
ZERO = Money(0, "USD")


@pytest.fixture
def payments(database: Database) -> PaymentRepository:
    """With an attempt at 10.00, whose payment is claimed."""
    payments = PaymentRepository(database)
    attempt = Attempt(
        id=AttemptId("pay_1"), order_id=ORDER, order_number="MX-1", access_token="token",
        gateway="stripe", state=AttemptState.OPEN, amount=Money(1000, "USD"), cart_version=1,
        receipt="pay_1", idempotency_key="key", request={}, session_id="", session_url="",
        created_at=now(), updated_at=now(),
    )  # fmt: skip

    def work(session: object) -> None:
        payments.insert_attempt(attempt, session)
        payments.claim(attempt, "pi_1", session)

    database.in_transaction(work)
    return payments


def claim_of(payments: PaymentRepository) -> Capture:
    """The claim as it is now."""
    found = payments.find_capture(ORDER)
    assert found
    return found


def set_state(database: Database, name: str, state: StrEnum) -> None:
    """As if it had come there; no lease runs any more."""
    change = {"state": state.value, "lease_until": now() - LEASE}
    if name in {"payment_attempts", "authorisations"}:
        del change["lease_until"]
    database[name].update_many({}, {"$set": change})


def test_an_attempt_moves_along_its_table_alone(
    database: Database, payments: PaymentRepository
) -> None:
    for source, targets in ATTEMPT_TRANSITIONS.items():
        for target in AttemptState:
            set_state(database, "payment_attempts", source)
            assert payments.move_attempt(AttemptId("pay_1"), target) is (target in targets)
    for state in (AttemptState.OPEN, AttemptState.CREATED):
        set_state(database, "payment_attempts", state)
        moved = payments.move_attempt(
            AttemptId("pay_1"), AttemptState.EXPIRED, only_from=AttemptState.CREATED
        )
        assert moved is (state is AttemptState.CREATED)


def test_what_is_known_of_a_payment_moves_along_its_table_alone(
    database: Database, payments: PaymentRepository
) -> None:
    attempt = payments.find_attempt(AttemptId("pay_1"))
    assert attempt
    seen = SeenPayment(
        id="pi_1", state=PaymentState.AUTHORISED, amount=attempt.amount, captured=ZERO,
        refunded=ZERO,
    )  # fmt: skip
    payments.record_authorisation(attempt, seen, AuthorisationState.RETURNING)
    for source, targets in AUTHORISATION_TRANSITIONS.items():
        for target in AuthorisationState:
            set_state(database, "authorisations", source)
            payments.record_authorisation(attempt, seen, target)
            known = payments.authorisation_state("stripe", "pi_1")
            assert known is (target if target in targets else source)


def test_a_claim_ends_once_and_by_its_own_payment(
    database: Database, payments: PaymentRepository
) -> None:
    def end(payment_id: str, target: CaptureState) -> bool:
        return database.in_transaction(
            lambda session: payments.end_claim(ORDER, payment_id, target, session)
        )

    for target in (CaptureState.CAPTURED, CaptureState.VOID):
        for source, targets in CAPTURE_TRANSITIONS.items():
            set_state(database, "captures", source)
            assert not end("pi_2", target)
            assert end("pi_1", target) is (target in targets)


def test_only_the_claimed_payment_captured_in_full_fulfils_a_claim(
    payments: PaymentRepository,
) -> None:
    def seen(payment_id: str, minor: int, state: PaymentState = PaymentState.CAPTURED) -> bool:
        captured = Money(minor, "USD")
        return SeenPayment(
            id=payment_id, state=state, amount=Money(1000, "USD"), captured=captured, refunded=ZERO
        ).fulfils(claim_of(payments))

    assert seen("pi_1", 1000)
    assert not seen("pi_2", 1000)
    assert not seen("pi_1", 999)
    assert not seen("pi_1", 1000, PaymentState.REFUNDED)


def test_a_payment_that_was_voided_after_a_part_was_captured_is_not_over() -> None:
    part = SeenPayment(
        id="pi_1", state=PaymentState.VOIDED, amount=Money(1000, "USD"),
        captured=Money(1, "USD"), refunded=ZERO,
    )  # fmt: skip
    assert not part.is_over
    assert replace(part, captured=ZERO).is_over


def test_one_worker_at_a_time_sends_a_capture(
    database: Database, payments: PaymentRepository
) -> None:
    read = claim_of(payments)
    taken = payments.take_fence(read, LEASE)
    assert taken
    assert taken.fence == read.fence + 1
    assert not payments.take_fence(taken, LEASE)  # its lease runs
    set_state(database, "captures", CaptureState.SENDING)
    assert not payments.take_fence(read, LEASE)
    assert not payments.take_fence(replace(taken, payment_id="pi_2"), LEASE)
    for over in (CaptureState.CAPTURED, CaptureState.VOID):
        set_state(database, "captures", over)
        assert not payments.take_fence(taken, LEASE)
    set_state(database, "captures", CaptureState.SENDING)
    assert payments.take_fence(taken, LEASE)


def test_refunds_take_from_a_capture_what_it_has_as_it_was_read(
    database: Database, payments: PaymentRepository
) -> None:
    def take(read: Capture, minor: int, currency: str = "USD") -> int:
        amount = Money(minor, currency)
        return database.in_transaction(
            lambda session: payments.take_from(read, amount, session, to_credit=amount * 0)
        )

    for state in (CaptureState.CLAIMED, CaptureState.SENDING, CaptureState.VOID):
        set_state(database, "captures", state)
        assert not take(claim_of(payments), 1)
    set_state(database, "captures", CaptureState.CAPTURED)
    read = claim_of(payments)
    assert not take(read, 1, "EUR")
    assert not take(read, 1001)
    assert take(read, 600) == 1
    assert not take(read, 100)  # another refund came first
    assert not take(claim_of(payments), 401)
    assert take(claim_of(payments), 400) == 2
    assert claim_of(payments).refundable == ZERO


@pytest.fixture
def refunds(database: Database) -> RefundRepository:
    """With a refund of 10.00, not sent yet."""
    refunds = RefundRepository(database)
    refund = Refund(
        id="ord_1:order:1", order_id=ORDER, attempt_id=AttemptId("pay_1"), gateway="stripe",
        payment_id="pi_1", purpose="order", request_key="k",
        parts=RefundParts(lines=(), shipping=ZERO, adjustment=Money(1000, "USD")), reason="",
        restock=False, state=RefundState.REQUESTED, fence=0, key_round=0, failure="",
        created_at=now(), updated_at=now(),
    )  # fmt: skip
    database.in_transaction(lambda session: refunds.insert(refund, session))
    return refunds


def refund_of(refunds: RefundRepository) -> Refund:
    """The refund as it is now."""
    found = refunds.find("ord_1:order:1")
    assert found
    return found


def test_a_refund_moves_along_its_table_alone(
    database: Database, refunds: RefundRepository
) -> None:
    for source, targets in REFUND_TRANSITIONS.items():
        for target in (RefundState.PENDING, RefundState.SUCCEEDED, RefundState.FAILED):
            set_state(database, "refunds", source)
            moved = database.in_transaction(
                lambda session, to=target: refunds.move("ord_1:order:1", to, session)
            )
            assert moved is (target in targets)


def test_one_worker_at_a_time_sends_a_refund(database: Database, refunds: RefundRepository) -> None:
    read = refund_of(refunds)
    taken = refunds.take_fence(read, LEASE)
    assert taken
    assert taken.fence == read.fence + 1
    assert not refunds.take_fence(taken, LEASE)  # its lease runs
    set_state(database, "refunds", RefundState.SENDING)
    assert not refunds.take_fence(read, LEASE)
    for sent in (RefundState.PENDING, RefundState.SUCCEEDED, RefundState.FAILED):
        set_state(database, "refunds", sent)
        assert not refunds.take_fence(taken, LEASE)
    set_state(database, "refunds", RefundState.SENDING)
    assert refunds.take_fence(taken, LEASE)


def test_a_key_is_burnt_once_and_by_who_sent_with_it_last(
    database: Database, refunds: RefundRepository
) -> None:
    early = refunds.take_fence(refund_of(refunds), LEASE)
    set_state(database, "refunds", RefundState.SENDING)
    late = refunds.take_fence(refund_of(refunds), LEASE)
    assert early
    assert late
    refunds.burn_key(early)
    assert refund_of(refunds).key_round == 0
    for _ in range(2):
        refunds.burn_key(late)
    assert refund_of(refunds).key_round == 1
