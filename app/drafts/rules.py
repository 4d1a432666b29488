"""How a draft order may move."""

from __future__ import annotations

from collections.abc import Mapping

from app.drafts.models import DraftState
from app.shared.texts import Text

_S = DraftState
TRANSITIONS: Mapping[DraftState, frozenset[DraftState]] = {
    _S.OPEN: frozenset({_S.ORDERED, _S.CANCELLED, _S.PAID}),
    # Its order was cancelled or not paid in time; another order takes its place.
    _S.ORDERED: frozenset({_S.OPEN, _S.ORDERED, _S.PAID, _S.CANCELLED}),
    _S.PAID: frozenset(),
    # A payment that came late for an order from before.
    _S.CANCELLED: frozenset({_S.PAID}),
}

LABELS: Mapping[DraftState, str] = {
    _S.OPEN: Text("Open"),
    _S.ORDERED: Text("Ordered, not paid"),
    _S.PAID: Text("Paid"),
    _S.CANCELLED: Text("Cancelled"),
    _S.EXPIRED: Text("Expired"),
}


def sources_of(target: DraftState) -> list[str]:
    """The states from which ``target`` can be reached, for a conditional update."""
    return [state.value for state, targets in TRANSITIONS.items() if target in targets]
