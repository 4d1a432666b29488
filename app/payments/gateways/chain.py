"""One gateway through several keys: an account's payments are reached with its own keys alone.

Ids are unique over all of a gateway's accounts, so another account's keys only ever hear that there
is no such thing. What answers nothing for certain ends the search: it may have been executed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from app.payments.dispute_models import SeenDispute
from app.payments.errors import GatewayRefused, GatewayUnreachable
from app.payments.gateways.base import Gateway, OpenedSession, PaymentRequest, WebhookHint
from app.payments.models import Attempt, ListedPayment, Observation, SeenRefund, SessionState
from app.shared.money import Money

T = TypeVar("T")


class KeyChain:
    """Asks with each of the keys in turn. Only the first are an attempt's own: nothing is opened
    with others, so no attempt has sessions in two accounts.

    ``own`` says whether the first ones are.
    """

    def __init__(self, name: str, gateways: Sequence[Gateway], *, own: bool) -> None:
        self.name = name
        self._gateways = tuple(gateways)
        self._own = own

    def _first(self, work: Callable[[Gateway], T]) -> T:
        """The first answer. A refusal counts if it is the own account's, or everybody's: whoever
        cannot be reached may be the one who knows. Raises what ``Gateway`` does."""
        problems: list[GatewayRefused | GatewayUnreachable] = []
        for gateway in self._gateways:
            try:
                return work(gateway)
            except GatewayRefused as problem:
                if self._own and not problems:
                    raise
                problems.append(problem)
            except GatewayUnreachable as problem:
                problems.append(problem)
        if not problems:
            raise GatewayUnreachable("the shop has no keys of this gateway")
        silent = (each for each in problems if isinstance(each, GatewayUnreachable))
        raise next(silent, problems[0])

    def minimum(self, currency: str) -> Money:
        """The least that it charges; nothing is sent."""
        return self._first(lambda gateway: gateway.minimum(currency))

    def build_request(self, request: PaymentRequest) -> dict[str, Any]:
        """The body of the call that opens a session; nothing is sent."""
        return self._first(lambda gateway: gateway.build_request(request))

    def open(self, attempt: Attempt) -> OpenedSession:
        """Open the session with the attempt's own keys, or not at all."""
        if not (self._own and self._gateways):
            raise GatewayUnreachable("the keys of this payment were removed")
        return self._gateways[0].open(attempt)

    def observe(self, attempt: Attempt) -> Observation:
        """Read the session and its payments."""
        return self._first(lambda gateway: gateway.observe(attempt))

    def close(self, attempt: Attempt) -> SessionState:
        """Close the session."""
        return self._first(lambda gateway: gateway.close(attempt))

    def capture(self, payment_id: str, amount: Money, key: str) -> None:
        """Capture a payment."""
        self._first(lambda gateway: gateway.capture(payment_id, amount, key))

    def void(self, payment_id: str, key: str) -> bool:
        """Release an authorisation."""
        return self._first(lambda gateway: gateway.void(payment_id, key))

    def refund(self, payment_id: str, amount: Money, key: str, reference: str = "") -> None:
        """Give money back."""
        self._first(lambda gateway: gateway.refund(payment_id, amount, key, reference))

    def refunds(self, payment_id: str) -> tuple[SeenRefund, ...]:
        """Read the refunds of a payment."""
        return self._first(lambda gateway: gateway.refunds(payment_id))

    def dispute(self, dispute_id: str) -> SeenDispute:
        """Read a dispute."""
        return self._first(lambda gateway: gateway.dispute(dispute_id))

    def recent_disputes(self, since: datetime) -> Iterator[SeenDispute]:
        """The disputes of every account."""
        for gateway in self._gateways:
            yield from gateway.recent_disputes(since)

    def recent(self, since: datetime) -> Iterator[ListedPayment]:
        """The payments of every account."""
        for gateway in self._gateways:
            yield from gateway.recent(since)

    def read_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookHint:
        """Verify a webhook; nothing is sent."""
        return self._first(lambda gateway: gateway.read_webhook(body, headers))
