"""How a gateway call can end badly."""

from __future__ import annotations

from app.shared.errors import Invalid, Unavailable
from app.shared.money import Money
from app.shared.texts import Text


class GatewayRefused(Exception):
    """Final: the gateway understood and said no. Nothing was executed; the same call never will."""


class GatewayUnreachable(Exception):
    """The request never reached the gateway (no connection): nothing was executed."""


class GatewayKeyRefused(GatewayUnreachable):
    """The gateway does not know the shop's keys (any more): nothing was executed."""


class GatewayUnknown(Exception):
    """The outcome is unknown until a read says otherwise: the answer was lost or made no sense."""


class GatewayFaulted(GatewayUnknown):
    """The gateway answered this very request with an error of its own. It is over, so nothing is
    in flight, but whether it was executed must be read; its idempotency key may be burnt."""


class BadSignature(Exception):
    """A webhook or callback was not signed by the gateway, or is not what it should be."""


class GatewayNotOffered(Invalid):
    """The shopper asked for a gateway that this shop or market does not offer."""

    def __init__(self) -> None:
        message = Text("Please choose one of the payment methods.")
        super().__init__(message, {"gateway": message})


class AmountTooSmall(Invalid):
    """The gateway takes no payment as small as this; ``least`` is what it takes."""

    def __init__(self, least: Money) -> None:
        message = Text(
            "This payment method takes no less than %(amount)s %(currency)s. Please choose "
            "another one, or add something to your cart.",
            amount=least.to_major(),
            currency=least.currency,
        )
        super().__init__(message, {"gateway": message})
        self.least = least


class PaymentInProgress(Unavailable):
    """A payment of this order may be under way, so another must not be started."""

    def __init__(self, attempt_id: str) -> None:
        super().__init__(Text("We are checking a payment of this order. Please do not pay again."))
        self.attempt_id = attempt_id
