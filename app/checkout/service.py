"""The checkout button: from a form to the address of the gateway's page, exactly once."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from app.cart.models import PricedCart
from app.checkout.errors import AlreadyOrdered
from app.checkout.events import DUPLICATE_PREVENTED, Duplicate
from app.checkout.placing import Placing
from app.checkout.purchase import Purchase
from app.db.idempotency import Claimed, IdempotencyKeys, Replay, key_id
from app.db.outbox import Outbox
from app.orders.models import Order, OrderState
from app.orders.service import OrderService
from app.payments.errors import (
    GatewayRefused,
    GatewayUnknown,
    GatewayUnreachable,
    PaymentInProgress,
)
from app.payments.models import Attempt, AttemptState
from app.payments.service import PaymentService
from app.shared import tracing
from app.shared.errors import Invalid, ShopError
from app.shared.ids import AttemptId, OrderId
from app.shared.meters import DUPLICATES
from app.shared.texts import Text

_ROUTE = "POST /checkout"
_log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """Where the shopper goes next; ``replayed`` if this request had been answered before."""

    location: str
    replayed: bool = False


class PaymentRefused(Invalid):
    """The gateway would not open a payment page; the shopper may choose another."""

    def __init__(self) -> None:
        message = Text("This payment method cannot be used right now. Please choose another one.")
        super().__init__(message, {"gateway": message})


class CheckoutService:
    """Carries out checkout requests under their idempotency keys."""

    def __init__(
        self,
        keys: IdempotencyKeys,
        placing: Placing,
        orders: OrderService,
        payments: PaymentService,
        outbox: Outbox,
    ) -> None:
        self._keys = keys
        self._placing = placing
        self._orders = orders
        self._payments = payments
        self._outbox = outbox

    def begin(self, visitor: str, key: str, fingerprint: str, market: str) -> Claimed | Replay:
        """Claim the request's key. Raises ``KeyReused`` and ``RequestInFlight``."""
        begun = self._keys.begin(key_id(visitor, _ROUTE, key), fingerprint)
        if isinstance(begun, Replay):
            kind = Duplicate.DOUBLE_CLICK if begun.at_once else Duplicate.REPLAYED_KEY
            self._note(kind, market)
        return begun

    def _note(self, kind: Duplicate, market: str) -> None:
        DUPLICATES.labels(kind.value).inc()
        self._outbox.publish(DUPLICATE_PREVENTED, {"kind": kind.value, "market": market})

    def why_empty(self, cart: PricedCart) -> Text:
        """Why there is nothing to order: it may be bought by now, in another tab."""
        last = self._orders.get(cart.holders[-1]) if cart.holders else None
        if (
            last is None
            or last.state is not OrderState.PAID
            or cart.version > last.cart_version + 1
        ):
            return Text("Your cart is empty.")
        return Text(
            "What was in your cart is ordered and paid (order %(number)s).", number=last.number
        )

    def release(self, claimed: Claimed) -> None:
        """Let a refused request's key be used again: nothing was done under it."""
        self._keys.release(claimed.id)

    @tracing.step("place order")
    def place(self, claimed: Claimed, purchase: Purchase) -> Answer:
        """Place the order and open its payment page, or go to the order if nothing is due.

        A rule's refusal frees the key again; a crash leaves it at its recovery point.
        Raises what ``Placing.place`` raises, and ``PaymentRefused``.
        """
        try:
            placed = self._placing.place(purchase, claimed.id)
        except AlreadyOrdered as known:
            self._note(Duplicate.SECOND_TAB, purchase.market.code)
            return self._finish(claimed, order_path(known.order.number, known.order.access_token))
        except PaymentInProgress as waiting:
            self._note(Duplicate.SECOND_TAB, purchase.market.code)
            return self._finish(claimed, f"/payments/{waiting.attempt_id}")
        except ShopError:
            self._keys.release(claimed.id)
            raise
        if isinstance(placed, Order):
            return self._finish(claimed, order_path(placed.number, placed.access_token))
        if placed.state is not AttemptState.CREATED:  # it has its page already
            self._note(Duplicate.SECOND_TAB, purchase.market.code)
        return self.open_page(claimed, placed)

    @tracing.step("resume checkout")
    def resume(self, claimed: Claimed) -> Answer:
        """Go on with a request that was cut off after its order was placed."""
        if "order_id" in claimed.progress:
            order = self._orders.get(OrderId(str(claimed.progress["order_id"])))
            return self._finish(claimed, order_path(order.number, order.access_token))
        attempt = self._payments.get(AttemptId(str(claimed.progress["attempt_id"])))
        return self.open_page(claimed, attempt)

    def open_page(self, claimed: Claimed, attempt: Attempt) -> Answer:
        """Open the gateway's page and store the answer under the key.

        If the gateway's answer is lost, the shopper waits on the status page.
        """
        try:
            with tracing.span("open payment page", {tracing.ATTEMPT: attempt.id}):
                attempt = self._payments.open(attempt)
        except (GatewayUnknown, GatewayUnreachable) as problem:
            _log.warning("session_unconfirmed", attempt=attempt.id, reason=str(problem))
        except GatewayRefused as refusal:
            self._keys.finish(claimed.id, {"location": f"/payments/{attempt.id}"})
            raise PaymentRefused from refusal
        return self._finish(claimed, payment_path(attempt))

    def _finish(self, claimed: Claimed, location: str) -> Answer:
        self._keys.finish(claimed.id, {"location": location})
        return Answer(location=location)


def replayed(replay: Replay) -> Answer:
    """The stored answer of a finished request."""
    return Answer(location=str(replay.response["location"]), replayed=True)


def order_path(number: str, access_token: str) -> str:
    """The secret link of an order."""
    return f"/orders/{number}?token={access_token}"


def payment_path(attempt: Attempt) -> str:
    """Where an attempt is paid: the gateway's page, or our form to it, or the status page."""
    if attempt.state is not AttemptState.OPEN:
        return f"/payments/{attempt.id}"
    return attempt.session_url or f"/payments/{attempt.id}/razorpay"
