"""How an order may move."""

from __future__ import annotations

from app.orders.models import OrderState

TRANSITIONS: dict[OrderState, frozenset[OrderState]] = {
    OrderState.PENDING: frozenset({OrderState.PAID, OrderState.CANCELLED}),
    OrderState.PAID: frozenset({OrderState.REFUNDED}),
    # A payment that arrives late may revive an order if its stock can be held again.
    OrderState.CANCELLED: frozenset({OrderState.PENDING}),
    # A bank may return a refund that had succeeded.
    OrderState.REFUNDED: frozenset({OrderState.PAID}),
}

STATE_LABELS: dict[OrderState, str] = {
    OrderState.PENDING: "Awaiting payment",
    OrderState.PAID: "Paid",
    OrderState.CANCELLED: "Cancelled",
    OrderState.REFUNDED: "Refunded",
}


def sources_of(target: OrderState) -> list[str]:
    """The states from which ``target`` can be reached, for a conditional update."""
    return [state.value for state, targets in TRANSITIONS.items() if target in targets]
