"""What one order adds to the counters. Pure: the same facts, the same numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.analytics.models import ALL, Cell, Kind, Prevented, day_of, hour_of
from app.orders.models import Order, OrderState
from app.payments.models import (
    Attempt,
    AttemptState,
    Authorisation,
    AuthorisationState,
    Capture,
    CaptureState,
    Refund,
    RefundState,
)

Cells = Counter[Cell]
_ENDS = {
    AttemptState.CAPTURED: "succeeded",
    AttemptState.FAILED: "failed",
    AttemptState.EXPIRED: "expired",
    AttemptState.LOST: "lost",
}
_GIVEN_BACK = {
    AuthorisationState.VOIDED: Prevented.VOIDED,
    AuthorisationState.LEFT_TO_EXPIRE: Prevented.VOIDED,
    AuthorisationState.REFUNDED: Prevented.SENT_BACK,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """An order with all that the books say of its money."""

    order: Order
    attempts: Sequence[Attempt]  # oldest first
    capture: Capture | None
    refunds: Sequence[Refund]
    authorisations: Sequence[Authorisation]


def cells_of(facts: Facts) -> Cells:
    """All that the order counts for, each thing in the hour in which it happened. Refunds are of
    when they were asked for, a cancelled order of when it was placed."""
    cells: Cells = Counter()
    order = facts.order
    _sales(cells, order, order.placed_at, placed=1)
    if order.state is OrderState.CANCELLED:
        _sales(cells, order, order.placed_at, cancelled=1)
    if order.paid_at is not None:
        _sold(cells, order, order.paid_at)
    _attempts(cells, facts)
    _captured(cells, facts)
    for refund in facts.refunds:
        if refund.given:
            _refunded(cells, order, refund)
    return Counter({cell: number for cell, number in cells.items() if number})


def prevented(kind: Prevented, market: str, at: datetime) -> Cells:
    """One duplicate that was prevented."""
    return Counter({Cell(Kind.PREVENTED, day_of(at), market, "", kind.value, "times"): 1})


def _sales(cells: Cells, order: Order, at: datetime, **figures: int) -> None:
    for kind, period in ((Kind.SALES, day_of(at)), (Kind.HOURS, hour_of(at))):
        for figure, number in figures.items():
            cells[Cell(kind, period, order.market, order.currency, ALL, figure)] += number


def _named(cells: Cells, kind: Kind, name: str, order: Order, at: datetime, **figures: int) -> None:
    for figure, number in figures.items():
        cells[Cell(kind, day_of(at), order.market, order.currency, name, figure)] += number


def _sold(cells: Cells, order: Order, at: datetime) -> None:
    _sales(
        cells,
        order,
        at,
        paid=1,
        units=sum(line.quantity for line in order.lines),
        revenue=order.totals.total.minor,
        discount=sum(each.amount.minor for each in order.reductions),
        shipping=order.totals.shipping.minor,
        tax=order.totals.tax.minor,
        by_credit=(order.totals.total - order.due).minor,
    )
    for line in order.lines:
        of_line = {"units": line.quantity, "revenue": line.net.minor, "orders": 1}
        _named(cells, Kind.PRODUCTS, line.product_id, order, at, **of_line)
    for each in order.reductions:
        name = f"{each.promotion_id}:{each.code}"
        _named(cells, Kind.COUPONS, name, order, at, uses=1, discount=each.amount.minor)


def _attempts(cells: Cells, facts: Facts) -> None:
    for place, attempt in enumerate(facts.attempts):
        figures = {"attempts": 1}
        if end := _ENDS.get(attempt.state):
            figures[end] = 1
        at, order = attempt.created_at, facts.order
        _named(cells, Kind.GATEWAYS, attempt.gateway, order, at, **figures)
        if _was_left(attempt, facts.attempts[place + 1 :]):
            cells += prevented(Prevented.SECOND_GATEWAY, order.market, at)


def _was_left(attempt: Attempt, later: Iterable[Attempt]) -> bool:
    """Whether its page was closed because the shopper went on with another gateway."""
    closed = attempt.state in {AttemptState.EXPIRED, AttemptState.LOST}
    return closed and any(each.gateway != attempt.gateway for each in later)


def _captured(cells: Cells, facts: Facts) -> None:
    capture, order = facts.capture, facts.order
    if capture is None or capture.state is not CaptureState.CAPTURED:
        return
    at, amount = capture.updated_at, capture.amount.minor
    _sales(cells, order, at, captured=amount)
    _named(cells, Kind.GATEWAYS, capture.gateway, order, at, captures=1, captured=amount)
    for each in facts.authorisations:
        kind = _GIVEN_BACK.get(each.state)
        if kind and (each.gateway, each.payment_id) != (capture.gateway, capture.payment_id):
            cells += prevented(kind, order.market, each.created_at)


def _refunded(cells: Cells, order: Order, refund: Refund) -> None:
    returned = refund.state is not RefundState.SUCCEEDED  # by the bank; credit accounts keep theirs
    at, by_gateway = refund.created_at, 0 if returned else refund.by_gateway.minor
    _sales(cells, order, at, refunds=1, refunded=refund.given.minor, sent_back=by_gateway)
    if by_gateway:
        _named(cells, Kind.GATEWAYS, refund.gateway, order, at, refunds=1, sent_back=by_gateway)
    if returned:
        return
    for each in refund.parts.lines:
        product = order.lines[each.position - 1].product_id
        _named(cells, Kind.PRODUCTS, product, order, at, refunded=each.amount.minor)
