"""A gateway behind a circuit breaker: while it fails again and again, it is left alone a while.
So it is while several calls have been out for long: they may not take every thread of the process,
or the whole shop would wait for a gateway.

Being left alone is "unreachable": nothing was sent, so every promise about unknown outcomes holds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pybreaker

from app.payments.dispute_models import SeenDispute
from app.payments.errors import (
    BadSignature,
    GatewayRefused,
    GatewayUnknown,
    GatewayUnreachable,
)
from app.payments.gateways.base import Gateway, OpenedSession, PaymentRequest, WebhookHint
from app.payments.models import Attempt, ListedPayment, Observation, SeenRefund, SessionState
from app.shared import tracing
from app.shared.crowd import Crowd
from app.shared.meters import GATEWAY_CALLS, GATEWAY_RESTS, GATEWAY_SECONDS, timed
from app.shared.money import Money

T = TypeVar("T")
_FAILURES = 10
_REST = 15.0  # seconds until one call may try again
_OUTCOMES = {
    GatewayRefused: "refused",
    GatewayUnreachable: "unreachable",
    GatewayUnknown: "unknown",
}
_LONG = 2.0  # seconds after which an answer is late
_MOST_LATE = 3  # calls of a process that wait for a late answer; the next is not sent


class _Breaker(pybreaker.CircuitBreaker):
    """A breaker that does not keep its lock while a call is out: pybreaker's own does, and one
    slow answer would hold up everybody else's payment in the process."""

    def call(self, func: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Call ``func`` unless the breaker is open."""
        result: T = self.state.call(func, *args, **kwargs)
        return result


class _Watch(pybreaker.CircuitBreakerListener):
    """Tells whether the gateway is being left alone."""

    def state_change(
        self,
        cb: pybreaker.CircuitBreaker,
        old_state: pybreaker.CircuitBreakerState | None,
        new_state: pybreaker.CircuitBreakerState,
    ) -> None:
        """Show it to whoever watches."""
        GATEWAY_RESTS.labels(cb.name or "").set(new_state.name == pybreaker.STATE_OPEN)


class _Memory(pybreaker.CircuitMemoryStorage):
    """Remembers when the breaker opened by a clock that nobody puts right: one that was a day ahead
    would keep the gateway from being asked for a day."""

    _at: float | None = None

    def rested_for(self, seconds: float) -> bool:
        """Whether the breaker opened at least so long ago."""
        return self._at is not None and time.monotonic() - self._at >= seconds

    @property
    def opened_at(self) -> datetime | None:
        """When that was, as the clock is now."""
        if self._at is None:
            return None
        return datetime.now(UTC) - timedelta(seconds=time.monotonic() - self._at)

    @opened_at.setter
    def opened_at(self, _: datetime) -> None:
        self._at = time.monotonic()


class GuardedGateway:
    """Passes every call on, until too many in a row came to nothing."""

    def __init__(self, gateway: Gateway) -> None:
        self.name = gateway.name
        self._gateway = gateway
        self._waiting = Crowd(late=_LONG, most=_MOST_LATE)
        self._memory = _Memory(pybreaker.STATE_CLOSED)
        self._breaker = _Breaker(
            fail_max=_FAILURES,
            reset_timeout=_REST,
            # A refusal is an answer: the gateway is well.
            exclude=[GatewayRefused, BadSignature],
            throw_new_error_on_trip=False,
            listeners=[_Watch()],
            state_storage=self._memory,
            name=gateway.name,
        )

    @property
    def rests(self) -> bool:
        """Whether the gateway is being left alone now. Once it rested the next call tries, so
        somebody has to be led to it again, or there would be none."""
        is_open = self._breaker.current_state == pybreaker.STATE_OPEN
        return is_open and not self._memory.rested_for(self._breaker.reset_timeout)

    def _call(self, name: str, work: Callable[[], T], **about: str) -> T:
        """Call the gateway; ``about`` is what a span of it tells beside its name."""

        def send() -> T:
            with timed(GATEWAY_SECONDS, self.name, name):
                return work()

        outcome = "failed"
        told = {f"mossx.{key}": value for key, value in about.items()}
        with tracing.span(f"{self.name} {name}", told, kind="client"):
            try:
                if self._waiting.is_full:
                    raise GatewayUnreachable("its answers are late; trying again soon")
                with self._waiting.join():
                    answer = self._breaker.call(send)
                outcome = "answered"
                return answer
            except pybreaker.CircuitBreakerError as error:
                outcome = "left_alone"
                raise GatewayUnreachable("it failed too often; trying again soon") from error
            except tuple(_OUTCOMES) as error:
                outcome = next(word for kind, word in _OUTCOMES.items() if isinstance(error, kind))
                raise
            finally:
                GATEWAY_CALLS.labels(self.name, name, outcome).inc()

    def minimum(self, currency: str) -> Money:
        """The least that it charges; nothing is sent."""
        return self._gateway.minimum(currency)

    def build_request(self, request: PaymentRequest) -> dict[str, Any]:
        """The body of the call that opens a session; nothing is sent."""
        return self._gateway.build_request(request)

    def open(self, attempt: Attempt) -> OpenedSession:
        """Open the session."""
        return self._call("open", lambda: self._gateway.open(attempt), attempt=attempt.id)

    def observe(self, attempt: Attempt) -> Observation:
        """Read the session and its payments."""
        return self._call("observe", lambda: self._gateway.observe(attempt), attempt=attempt.id)

    def close(self, attempt: Attempt) -> SessionState:
        """Close the session."""
        return self._call("close", lambda: self._gateway.close(attempt), attempt=attempt.id)

    def capture(self, payment_id: str, amount: Money, key: str) -> None:
        """Capture a payment."""
        self._call(
            "capture",
            lambda: self._gateway.capture(payment_id, amount, key),
            payment=payment_id,
        )

    def void(self, payment_id: str, key: str) -> bool:
        """Release an authorisation."""
        return self._call("void", lambda: self._gateway.void(payment_id, key), payment=payment_id)

    def refund(self, payment_id: str, amount: Money, key: str, reference: str = "") -> None:
        """Give money back."""
        self._call(
            "refund",
            lambda: self._gateway.refund(payment_id, amount, key, reference),
            payment=payment_id,
        )

    def refunds(self, payment_id: str) -> tuple[SeenRefund, ...]:
        """Read the refunds of a payment."""
        return self._call("refunds", lambda: self._gateway.refunds(payment_id), payment=payment_id)

    def dispute(self, dispute_id: str) -> SeenDispute:
        """Read a dispute."""
        return self._call("dispute", lambda: self._gateway.dispute(dispute_id))

    def recent_disputes(self, since: datetime) -> Iterator[SeenDispute]:
        """The gateway's own list; read as that of payments is."""
        return self._gateway.recent_disputes(since)

    def recent(self, since: datetime) -> Iterator[ListedPayment]:
        """The gateway's own list; read page by page, outside the breaker."""
        return self._gateway.recent(since)

    def read_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookHint:
        """Verify a webhook; nothing is sent."""
        return self._gateway.read_webhook(body, headers)
