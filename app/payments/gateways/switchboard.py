"""Which gateways the shop has, with which keys, each behind its breaker. Keys may change while the
shop runs: whoever asks gets the gateway with those of this moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from app.payments.errors import GatewayNotOffered
from app.payments.gateways.base import Gateway
from app.payments.gateways.chain import KeyChain
from app.payments.gateways.guard import GuardedGateway
from app.payments.keyring import KeyRing
from app.payments.keys import KeySet
from app.shared.clock import now

Builder = Callable[[Mapping[str, str]], Gateway]
_STILL_SIGNED = timedelta(days=1)  # webhooks with a secret that was replaced


class Switchboard:
    """The configured gateways by name. ``builders`` make one of its keys; those made are kept."""

    def __init__(self, keys: KeyRing, builders: Mapping[str, Builder]) -> None:
        self.keyring = keys
        self._builders = dict(builders)
        self._built: dict[tuple[str, str], tuple[Gateway, GuardedGateway]] = {}

    def _of(self, keys: KeySet) -> tuple[Gateway, GuardedGateway]:
        """The gateway with these keys, bare and guarded."""
        place = (keys.gateway, keys.fingerprint)
        if place not in self._built:
            bare = self._builders[keys.gateway](keys.secrets)
            self._built.setdefault(place, (bare, GuardedGateway(bare)))
        return self._built[place]

    def offered(self, wanted: tuple[str, ...]) -> tuple[str, ...]:
        """The configured ones of a market's list, in its order.

        One that fails again and again is left out while another one works.
        """
        configured = tuple(name for name in wanted if self.keyring.of(name).current)
        well = tuple(name for name in configured if not self._in_use(name).rests)
        return well or configured

    def _in_use(self, name: str) -> GuardedGateway:
        current = self.keyring.of(name).current
        if current is None:
            raise GatewayNotOffered
        return self._of(current)[1]

    def get(self, name: str) -> Gateway:
        """The gateway, for something new. Raises ``GatewayNotOffered``."""
        return self._in_use(name)

    def keys_of(self, name: str) -> str:
        """The id of the keys in use. Raises ``GatewayNotOffered``."""
        current = self.keyring.of(name).current
        if current is None:
            raise GatewayNotOffered
        return current.id

    def reach(self, name: str, keys: str) -> Gateway:
        """The gateway, for what was begun with the keys of this id: with them, else with others
        that may be the same account's; without an id, any may be the one. Without any keys, every
        call is "unreachable"."""
        known: dict[str, KeySet] = {}
        for each in self.keyring.of(name):
            known.setdefault(each.id, each)
        own = keys in known or (not keys and len(known) == 1)
        order = sorted(known.values(), key=lambda each: each.id != keys)
        return KeyChain(name, [self._of(each)[1] for each in order], own=own)

    def knows(self, name: str, keys: str) -> bool:
        """Whether the keys of this id are still there; the id "" is of keys that never changed."""
        return any(keys in {"", each.id} for each in self.keyring.of(name))

    def bare(self, name: str, keys: str = "") -> Gateway | None:
        """The gateway itself, with the keys of this id or, for "", those in use, for what only one
        of them can do; None without them."""
        own = next((each for each in self.keyring.of(name) if keys in {"", each.id}), None)
        return self._of(own)[0] if own else None

    def listening(self, name: str) -> Iterator[Gateway]:
        """The gateway with each of the keys whose webhooks are accepted."""
        for each in self.keyring.of(name) if name in self._builders else ():
            if each.retired_at is None or now() - each.retired_at < _STILL_SIGNED:
                yield self._of(each)[0]

    def accounts(self) -> Iterator[tuple[Gateway, bool]]:
        """Every gateway with each of its keys, and whether these are in use."""
        for name in self._builders:
            keys = self.keyring.of(name)
            for each in keys:
                yield self._of(each)[0], each == keys.current

    def try_out(self, name: str, secrets: Mapping[str, str]) -> Gateway:
        """The gateway with keys that are in use nowhere yet."""
        return self._builders[name](secrets)
