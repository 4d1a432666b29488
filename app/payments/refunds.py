"""Refunds: the intent stored first, sent under one key, booked by what the gateway shows.

A refund, unlike a capture, may be one of several, so nothing at the gateway stops a second one of
the same amount. It is sent again only with the key it was sent with before, or, once the gateway
has answered that very key with an error of its own, after a read shows that nothing came of it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta

import structlog

from app.db.database import Database, Session, after_commit
from app.payments.disputes import DisputeService
from app.payments.errors import (
    GatewayFaulted,
    GatewayRefused,
    GatewayUnknown,
    GatewayUnreachable,
)
from app.payments.gateways.base import Gateway
from app.payments.gateways.switchboard import Switchboard
from app.payments.models import (
    Attempt,
    Capture,
    CreditPart,
    Refund,
    RefundParts,
    RefundState,
    SeenRefund,
)
from app.payments.refund_repository import RefundRepository
from app.payments.repository import PaymentRepository
from app.shared.clock import now
from app.shared.errors import NotFound
from app.shared.ids import AttemptId, OrderId
from app.shared.meters import REFUNDS
from app.shared.money import Money, total

ADOPTED = "gateway"  # the purpose of a refund that was made at the gateway itself
WITHOUT_GATEWAY = "credit"  # where a refund of an order without a capture goes
NO_CREDIT = CreditPart()
_SEND_LEASE = timedelta(seconds=30)
_PATIENCE, _LOOK = 2.0, 0.05  # seconds to wait for another who sends it, and between two looks
_log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """The gateway's word on a refund."""

    state: RefundState
    gateway_refund_id: str = ""
    failure: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Where books and gateway differ: refunds only the gateway has, and only the books have."""

    strangers: tuple[SeenRefund, ...]
    missing: tuple[Refund, ...]


class RefundService:
    """The refunds of the shop's captures. Never calls a gateway inside a transaction."""

    def __init__(self, database: Database, gateways: Switchboard, disputes: DisputeService) -> None:
        self._gateways = gateways
        self._disputes = disputes
        self._refunds = RefundRepository(database)
        self._payments = PaymentRepository(database)

    def get(self, refund_id: str, session: Session | None = None) -> Refund:
        """The refund. Raises ``NotFound``."""
        refund = self._refunds.find(refund_id, session)
        if refund is None:
            raise NotFound("This refund does not exist.")
        return refund

    def find_requested(
        self, order_id: OrderId, key: str, session: Session | None = None
    ) -> Refund | None:
        """The refund that this request asked for before, or None."""
        return self._refunds.find_requested(order_id, key, session)

    def of_order(self, order_id: OrderId, session: Session | None = None) -> list[Refund]:
        """Every refund of an order, oldest first."""
        return self._refunds.of_order(order_id, session)

    def unfinished(self, older_than: timedelta, limit: int = 50) -> list[Refund]:
        """Refunds that nobody looked at for this long and that are not at their end."""
        return self._refunds.unfinished(older_than, limit)

    def store(
        self,
        order_id: OrderId,
        capture: Capture | None,
        parts: RefundParts,
        *,
        purpose: str,
        request_key: str,
        reason: str,
        restock: bool,
        session: Session,
        credit: CreditPart = NO_CREDIT,
    ) -> Refund | None:
        """Store the intent and take what was captured of its amount out of what is refundable, in
        this transaction. What was paid by ``credit`` the caller has taken already.

        An order that was paid by credit alone has no ``capture``. None if the capture moved on
        since it was read, or has not that much left.
        """
        sequence = self._take(capture, parts, credit, session)
        if not sequence:
            return None
        moment = now()
        refund = Refund(
            id=f"{order_id}:{purpose}:{sequence}",
            order_id=order_id,
            attempt_id=capture.attempt_id if capture else AttemptId(""),
            gateway=capture.gateway if capture else WITHOUT_GATEWAY,
            payment_id=capture.payment_id if capture else "",
            purpose=purpose,
            request_key=request_key,
            parts=parts,
            reason=reason,
            restock=restock,
            state=RefundState.REQUESTED,
            fence=0,
            key_round=0,
            failure="",
            created_at=moment,
            updated_at=moment,
            credit=credit.to,
            credit_taken=credit.taken,
            voided=credit.voided,
        )
        self._refunds.insert(refund, session)
        return refund

    def _take(
        self, capture: Capture | None, parts: RefundParts, credit: CreditPart, session: Session
    ) -> int:
        """Take what was captured out of the capture; the refund's sequence number, 0 if there is
        not so much."""
        currency = parts.amount.currency
        captured = parts.amount - total((each.amount for each in credit.taken), currency)
        if capture is None:
            return 0 if captured else credit.times
        by_gateway = parts.amount - total((each.amount for each in credit.to), currency)
        return self._payments.take_from(capture, captured, session, to_credit=captured - by_gateway)

    def carry_out(self, refund: Refund) -> Word | None:
        """Bring the refund as far as the gateway's word allows; None while it is silent, odd, or
        another worker is sending. Repeating it refunds nothing twice.

        One of credit alone asks no gateway.
        """
        if not refund.by_gateway:
            return Word(state=RefundState.SUCCEEDED)
        self._refunds.touch(refund)
        try:
            gateway = self._reach(refund)
            seen = _find(gateway, refund)
            if seen is None and refund.state in {RefundState.REQUESTED, RefundState.SENDING}:
                return self._send(gateway, refund)
        except (GatewayUnknown, GatewayUnreachable, GatewayRefused) as problem:
            _log.warning("refund_unconfirmed", refund=refund.id, reason=str(problem))
            return None
        return _word(seen) if seen else None

    def sent_with(self, gateway: str, keys: str) -> list[Attempt]:
        """Attempts with these keys of which a refund is not at its end."""
        refunds = [each for each in self.unfinished(timedelta(0)) if each.gateway == gateway]
        attempts = [self._payments.find_attempt(each.attempt_id) for each in refunds]
        return [each for each in attempts if each is not None and each.keys == keys]

    def _reach(self, paid: Refund | Capture) -> Gateway:
        """The gateway, with the keys that the payment was begun with."""
        attempt = self._payments.find_attempt(paid.attempt_id)
        return self._gateways.reach(paid.gateway, attempt.keys if attempt else "")

    def _send(self, gateway: Gateway, refund: Refund) -> Word | None:
        fenced = self._refunds.take_fence(refund, _SEND_LEASE)
        if fenced is None:
            self._wait_for_other(refund)
            return None
        if fenced.fence == 1 and self._is_disputed(fenced):  # nothing of it was ever sent
            return Word(state=RefundState.FAILED, failure="The payment is disputed by now")
        key = f"{fenced.id}:{fenced.key_round}"
        refusal = ""
        try:
            gateway.refund(fenced.payment_id, fenced.by_gateway, key, fenced.id)
        except GatewayRefused as refused:
            refusal = str(refused)
        except GatewayFaulted:
            self._refunds.burn_key(fenced)
            raise
        seen = _find(gateway, fenced)
        if seen is not None:
            return _word(seen)
        return Word(state=RefundState.FAILED, failure=refusal) if refusal else None

    def _wait_for_other(self, refund: Refund) -> None:
        """Let whoever is sending it come to an end, mostly a matter of moments: a webhook may make
        the worker the first, and who asked for the refund is told how it ended."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            current = self._refunds.find(refund.id)
            if current is None or current.state is not RefundState.SENDING:
                return
            time.sleep(_LOOK)

    def _is_disputed(self, refund: Refund) -> bool:
        """Whether money of the refund was claimed by the shopper's bank since it was asked for."""
        capture = self._payments.find_capture(refund.order_id)
        return capture is not None and capture.refundable < self._disputes.claimed_of(capture)

    def conclude(self, refund: Refund, word: Word, session: Session) -> bool:
        """Book the gateway's word; False if it was booked before. What a failed refund had of the
        capture becomes refundable again."""
        moved = self._refunds.move(
            refund.id,
            word.state,
            session,
            failure=word.failure[:300],
            gateway_refund_id=word.gateway_refund_id or None,
            credit_given=refund.credit_given or word.state is RefundState.SUCCEEDED,
        )
        if moved:
            after_commit(REFUNDS.labels(refund.gateway, word.state.value).inc)
        if moved and word.state is RefundState.FAILED:
            self._payments.put_back(refund.order_id, refund.by_gateway, session)
        return moved

    def compare(self, capture: Capture) -> Comparison:
        """The books against the gateway, failed refunds aside. Raises as ``Gateway`` does."""
        booked = [
            refund
            for refund in self._refunds.of_order(capture.order_id)
            if refund.state is not RefundState.FAILED
        ]
        seen = [
            each
            for each in self._reach(capture).refunds(capture.payment_id)
            if each.state is not RefundState.FAILED
        ]
        return Comparison(
            strangers=tuple(
                each for each in seen if not any(_is(each, refund) for refund in booked)
            ),
            missing=tuple(
                refund
                for refund in booked
                if refund.state is RefundState.SUCCEEDED
                and refund.by_gateway
                and not any(_is(each, refund) for each in seen)
            ),
        )

    def adopt(self, capture: Capture, seen: SeenRefund, session: Session) -> Refund | None:
        """Store a refund that was made at the gateway itself; None if the books leave no room."""
        zero = Money.zero(seen.amount.currency)
        parts = RefundParts(lines=(), shipping=zero, adjustment=seen.amount)
        return self.store(
            capture.order_id,
            capture,
            parts,
            purpose=ADOPTED,
            request_key=seen.id,
            reason="Made at the gateway",
            restock=False,
            session=session,
        )


def _find(gateway: Gateway, refund: Refund) -> SeenRefund | None:
    seen = gateway.refunds(refund.payment_id)
    return next((each for each in seen if _is(each, refund)), None)


def _is(seen: SeenRefund, refund: Refund) -> bool:
    if refund.purpose == ADOPTED:
        return seen.id == refund.request_key
    # After a restore another refund may have had this place before.
    return seen.reference == refund.id and seen.amount == refund.by_gateway


def _word(seen: SeenRefund) -> Word:
    failure = "The gateway could not carry it out" if seen.state is RefundState.FAILED else ""
    return Word(state=seen.state, gateway_refund_id=seen.id, failure=failure)
