"""How payments may move: forward only."""

from __future__ import annotations

from app.payments.models import AttemptState, CaptureState

_S = AttemptState

ATTEMPT_TRANSITIONS: dict[AttemptState, frozenset[AttemptState]] = {
    _S.CREATED: frozenset({_S.OPEN, _S.FAILED, _S.EXPIRED, _S.AUTHORISED, _S.LOST}),
    _S.OPEN: frozenset({_S.AUTHORISED, _S.CAPTURED, _S.EXPIRED, _S.LOST}),
    _S.AUTHORISED: frozenset({_S.CAPTURED, _S.EXPIRED, _S.LOST}),
    # A closed attempt can still bring a payment: Razorpay authorises late.
    _S.FAILED: frozenset({_S.AUTHORISED, _S.LOST}),
    _S.EXPIRED: frozenset({_S.AUTHORISED, _S.LOST}),
    _S.CAPTURED: frozenset(),
    _S.LOST: frozenset(),
}

CAPTURE_TRANSITIONS: dict[CaptureState, frozenset[CaptureState]] = {
    CaptureState.CLAIMED: frozenset({CaptureState.SENDING}),
    CaptureState.SENDING: frozenset({CaptureState.SENDING, CaptureState.CAPTURED}),
    CaptureState.CAPTURED: frozenset(),
}

# States in which an order may not get another attempt.
OPEN_STATES = frozenset({_S.CREATED, _S.OPEN, _S.AUTHORISED})


def sources_of(target: AttemptState) -> list[str]:
    """The states from which ``target`` can be reached, for a conditional update."""
    return [state.value for state, targets in ATTEMPT_TRANSITIONS.items() if target in targets]
