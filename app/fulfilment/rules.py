"""What may be cancelled and returned: pure rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from app.fulfilment.models import ReturnReason, ReturnState
from app.orders.models import Order, OrderState
from app.shared.texts import Text

_S = ReturnState
RETURN_TRANSITIONS: Mapping[ReturnState, frozenset[ReturnState]] = {
    _S.REQUESTED: frozenset({_S.APPROVED, _S.REFUSED}),
    _S.APPROVED: frozenset({_S.RECEIVED, _S.REFUSED}),
    _S.RECEIVED: frozenset(),
    _S.REFUSED: frozenset(),
}

RETURN_LABELS: Mapping[ReturnState, str] = {
    _S.REQUESTED: Text("Asked for"),
    _S.APPROVED: Text("Approved"),
    _S.RECEIVED: Text("Received"),
    _S.REFUSED: Text("Refused"),
}

REASON_LABELS: Mapping[ReturnReason, str] = {
    ReturnReason.DAMAGED: Text("It arrived damaged"),
    ReturnReason.WRONG_ITEM: Text("It is not what I ordered"),
    ReturnReason.NOT_AS_DESCRIBED: Text("It is not as described"),
    ReturnReason.TOO_LATE: Text("It arrived too late"),
    ReturnReason.CHANGED_MIND: Text("I changed my mind"),
    ReturnReason.OTHER: Text("Something else"),
}


def sources_of(target: ReturnState) -> list[str]:
    """The states from which ``target`` can be reached, for a conditional update."""
    return [state.value for state, targets in RETURN_TRANSITIONS.items() if target in targets]


def open_units(order: Order) -> dict[int, int]:
    """What is still to be shipped, by line position."""
    return {at: each.open for at, each in enumerate(order.units, 1) if each.open}


def returnable_units(order: Order, moment: datetime, window: timedelta) -> dict[int, int]:
    """What can be sent back at ``moment``, by line position: what was shipped, is not on its way
    back, and was last handed over (dispatched, or delivered) within ``window``."""
    handed_over = order.handed_over_at
    if order.state is not OrderState.PAID or order.withdrawn or handed_over is None:
        return {}
    if moment - handed_over > window:
        return {}
    return {at: each.kept for at, each in enumerate(order.units, 1) if each.kept}


def may_cancel(order: Order, moment: datetime, window: timedelta) -> bool:
    """Whether its shopper may cancel the order: unpaid, or paid within ``window`` and nothing of
    it shipped."""
    if order.withdrawn:
        return False
    if order.state is OrderState.PENDING:
        return True
    if order.state is not OrderState.PAID or order.paid_at is None or order.shipments:
        return False
    return moment - order.paid_at <= window
