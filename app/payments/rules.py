"""How payments may move: forward only. Repositories change a state through these tables alone."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from app.payments.dispute_models import DisputeState
from app.payments.models import AttemptState, AuthorisationState, CaptureState, RefundState

State = TypeVar("State", bound=StrEnum)

_A = AttemptState
ATTEMPT_TRANSITIONS: dict[AttemptState, frozenset[AttemptState]] = {
    _A.CREATED: frozenset({_A.OPEN, _A.FAILED, _A.EXPIRED, _A.AUTHORISED, _A.LOST}),
    _A.OPEN: frozenset({_A.AUTHORISED, _A.CAPTURED, _A.EXPIRED, _A.LOST}),
    _A.AUTHORISED: frozenset({_A.CAPTURED, _A.EXPIRED, _A.LOST}),
    # A closed attempt can still bring a payment, or another one: Razorpay authorises late, and its
    # pages cannot be closed.
    _A.FAILED: frozenset({_A.AUTHORISED, _A.LOST}),
    _A.EXPIRED: frozenset({_A.AUTHORISED, _A.LOST}),
    _A.CAPTURED: frozenset(),
    _A.LOST: frozenset({_A.AUTHORISED}),
}

_P = AuthorisationState
AUTHORISATION_TRANSITIONS: dict[AuthorisationState, frozenset[AuthorisationState]] = {
    _P.RETURNING: frozenset({_P.VOIDED, _P.LEFT_TO_EXPIRE, _P.REFUNDED}),
    # Somebody captured by hand what was to lapse.
    _P.LEFT_TO_EXPIRE: frozenset({_P.RETURNING, _P.CAPTURED}),
    _P.CAPTURED: frozenset(),
    _P.VOIDED: frozenset(),
    # The bank may return what was sent back.
    _P.REFUNDED: frozenset({_P.RETURNING}),
}

_C = CaptureState
CAPTURE_TRANSITIONS: dict[CaptureState, frozenset[CaptureState]] = {
    # Captured from claimed: the gateway shows a capture that somebody else made.
    _C.CLAIMED: frozenset({_C.SENDING, _C.CAPTURED, _C.VOID}),
    # Void only once the gateway shows the claimed payment as over (``SeenPayment.is_over``), never
    # for want of an answer: a request to capture that is still on its way can then do nothing.
    _C.SENDING: frozenset({_C.SENDING, _C.CAPTURED, _C.VOID}),
    _C.CAPTURED: frozenset(),
    _C.VOID: frozenset(),
}

_R = RefundState
REFUND_TRANSITIONS: dict[RefundState, frozenset[RefundState]] = {
    _R.REQUESTED: frozenset({_R.SENDING, _R.PENDING, _R.SUCCEEDED, _R.FAILED}),
    _R.SENDING: frozenset({_R.SENDING, _R.PENDING, _R.SUCCEEDED, _R.FAILED}),
    _R.PENDING: frozenset({_R.SUCCEEDED, _R.FAILED}),
    # Stripe: a bank may return a refund that had succeeded.
    _R.SUCCEEDED: frozenset({_R.FAILED}),
    _R.FAILED: frozenset(),
}

_D = DisputeState
DISPUTE_TRANSITIONS: dict[DisputeState, frozenset[DisputeState]] = {
    _D.OPEN: frozenset({_D.OPEN, _D.WON, _D.LOST, _D.CLOSED}),
    # A verdict may turn; what was closed is never opened again.
    _D.WON: frozenset({_D.LOST}),
    _D.LOST: frozenset({_D.WON}),
    _D.CLOSED: frozenset({_D.WON, _D.LOST}),
}

# States in which an order may not get another attempt.
OPEN_STATES = frozenset({_A.CREATED, _A.OPEN, _A.AUTHORISED})


def sources_of(table: Mapping[State, frozenset[State]], target: State) -> list[str]:
    """The states from which ``target`` can be reached, for a conditional update."""
    return [state.value for state, targets in table.items() if target in targets]
