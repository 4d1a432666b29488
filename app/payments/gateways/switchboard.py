"""Which gateways the shop has, each behind its breaker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.payments.errors import GatewayNotOffered
from app.payments.gateways.base import Gateway
from app.payments.gateways.guard import GuardedGateway


class Switchboard:
    """The configured gateways by name."""

    def __init__(self, gateways: Mapping[str, Gateway]) -> None:
        self._bare = dict(gateways)
        self._guarded = {name: GuardedGateway(each) for name, each in gateways.items()}

    def offered(self, wanted: tuple[str, ...]) -> tuple[str, ...]:
        """The configured ones of a market's list, in its order.

        One that fails again and again is left out while another one works.
        """
        configured = tuple(name for name in wanted if name in self._guarded)
        well = tuple(name for name in configured if not self._guarded[name].rests)
        return well or configured

    def get(self, name: str) -> Gateway:
        """The gateway, for every call that goes out. Raises ``GatewayNotOffered``."""
        if name not in self._guarded:
            raise GatewayNotOffered
        return self._guarded[name]

    def bare(self, name: str) -> Gateway | None:
        """The gateway itself, for what only one of them can do."""
        return self._bare.get(name)

    def __iter__(self) -> Iterator[Gateway]:
        return iter(self._bare.values())
