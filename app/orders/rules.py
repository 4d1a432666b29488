"""How an order may move."""

from __future__ import annotations

from collections.abc import Iterable

from app.orders.models import FulfilmentState, LineUnits, OrderState
from app.shared.texts import Text

TRANSITIONS: dict[OrderState, frozenset[OrderState]] = {
    OrderState.PENDING: frozenset({OrderState.PAID, OrderState.CANCELLED}),
    OrderState.PAID: frozenset({OrderState.REFUNDED}),
    # A payment that arrives late may revive an order if its stock can be held again.
    OrderState.CANCELLED: frozenset({OrderState.PENDING}),
    # A bank may return a refund that had succeeded.
    OrderState.REFUNDED: frozenset({OrderState.PAID}),
}

STATE_LABELS: dict[OrderState, str] = {
    OrderState.PENDING: Text("Awaiting payment"),
    OrderState.PAID: Text("Paid"),
    OrderState.CANCELLED: Text("Cancelled"),
    OrderState.REFUNDED: Text("Refunded"),
}

FULFILMENT_LABELS: dict[FulfilmentState, str] = {
    FulfilmentState.UNFULFILLED: Text("Being packed"),
    FulfilmentState.PARTIAL: Text("Partly shipped"),
    FulfilmentState.FULFILLED: Text("Shipped"),
    FulfilmentState.DELIVERED: Text("Delivered"),
}


def sources_of(target: OrderState) -> list[str]:
    """The states from which ``target`` can be reached, for a conditional update."""
    return [state.value for state, targets in TRANSITIONS.items() if target in targets]


def fulfilment_of(units: Iterable[LineUnits], shipments: int, delivered: int) -> FulfilmentState:
    """How far the goods are, by where their units are and how many shipments arrived."""
    known = tuple(units)
    if not any(each.shipped for each in known):
        return FulfilmentState.UNFULFILLED
    if any(each.open for each in known):
        return FulfilmentState.PARTIAL
    return FulfilmentState.DELIVERED if delivered >= shipments else FulfilmentState.FULFILLED
