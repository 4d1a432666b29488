"""The keys of all gateways: the environment's, and those that the owner entered.

Entered ones are kept encrypted under the shop's own key, so that a copy of the database is not
enough. Replaced ones are kept too: payments that were begun with them are finished, and paid back,
with them. Every process sees a change as soon as it is stored.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import structlog

from app.payments.keys import FIELDS, GatewayKeys, KeySet, KeySource, key_problems
from app.shared.clock import now
from app.shared.errors import Conflict, Invalid, NotFound
from app.shared.ids import new_id
from app.shared.shop_keys import SealCount, ShopKeys
from app.shared.texts import Text
from app.shop.models import Stored
from app.shop.service import StoredSettings

PURPOSE = "gateway-keys"
MOST_RETIRED = 5
_log = structlog.get_logger()


class KeyRing:
    """Gives out keys from this process's memory, and stores others. ``environment`` are those that
    win, ``shop_keys`` seal the rest."""

    def __init__(
        self, settings: StoredSettings, shop_keys: ShopKeys, environment: Iterable[KeySet] = ()
    ) -> None:
        self._settings = settings
        self._environment = {each.gateway: each for each in environment}
        self._box = shop_keys.box(PURPOSE)
        self._opened: dict[str, GatewayKeys] = {}

    def of(self, gateway: str) -> GatewayKeys:
        """The gateway's keys, as this process knows them."""
        stored = self._settings.find(_name(gateway))
        known = self._opened.get(gateway)
        version = stored.version if stored else 0
        if known is None or known.version != version:
            known = self._opened[gateway] = self._open(gateway, stored)
        return known

    def read(self, gateway: str) -> GatewayKeys:
        """The same as the database has it now. Raises ``NotFound`` for no gateway of ours."""
        if gateway not in FIELDS:
            raise NotFound(Text("There is no such gateway."))
        return self._open(gateway, self._settings.read(_name(gateway)))

    # --- changing -------------------------------------------------------------------------------

    def enter(self, gateway: str, secrets: Mapping[str, str], version: int) -> GatewayKeys:
        """Use these keys from now on; those before them are retired. Entering what is in use
        already changes nothing.

        Raises ``Invalid`` by field, and ``Conflict`` if the keys changed since ``version``, or
        more are retired than are kept.
        """
        given = {name: secrets.get(name, "") for name in FIELDS[gateway]}
        if problems := key_problems(gateway, given):
            raise Invalid(Text("Please check the keys."), problems)
        known = self.read(gateway)
        if known.stored and known.stored.secrets == given:
            return known
        stored = self._settings.read(_name(gateway))
        sealed = self._box.seal(json.dumps(given))
        current = {"entry": new_id("key"), "sealed": sealed, "since": now().isoformat()}
        return self._store(gateway, current, _retired(stored), version)

    def remove(self, gateway: str, version: int) -> GatewayKeys:
        """Begin no payment with the stored keys any more. Raises ``Conflict`` as ``enter``."""
        stored = self._settings.read(_name(gateway))
        if not stored.values.get("current"):
            return self.read(gateway)
        return self._store(gateway, None, _retired(stored), version)

    def use_again(self, gateway: str, entry: str, version: int) -> GatewayKeys:
        """Use retired keys from now on; those before them are retired. Raises ``Conflict`` as
        ``enter``."""
        stored = self._settings.read(_name(gateway))
        wanted = next((x for x in stored.values.get("retired", ()) if x["entry"] == entry), None)
        if wanted is None:
            return self.read(gateway)
        retired = [each for each in _retired(stored) if each["entry"] != entry]
        current = {name: value for name, value in wanted.items() if name != "retired_at"}
        return self._store(gateway, current, retired, version)

    def forget(self, gateway: str, entry: str, version: int) -> GatewayKeys:
        """Keep retired keys no longer; whether payments still need them the caller has looked.
        Raises ``Conflict`` as ``enter``."""
        stored = self._settings.read(_name(gateway))
        retired = list(stored.values.get("retired", ()))
        left = [each for each in retired if each["entry"] != entry]
        if left == retired:
            return self.read(gateway)
        return self._store(gateway, stored.values.get("current"), left, version)

    def _store(
        self, gateway: str, current: Mapping[str, Any] | None, retired: list[Any], version: int
    ) -> GatewayKeys:
        if len(retired) > MOST_RETIRED:
            raise Conflict(Text("Please forget some of the earlier keys first: no more are kept."))
        values = {"current": current, "retired": retired}
        return self._open(gateway, self._settings.store(_name(gateway), values, version))

    # --- the shop's keys ------------------------------------------------------------------------

    def count_seals(self) -> SealCount:
        """Which of the shop's keys the gateways' keys are sealed with."""
        sealed = [each for name in FIELDS for each in _entries(self._settings.read(_name(name)))]
        counts = (SealCount.of(self._box.position(each["sealed"])) for each in sealed)
        return sum(counts, SealCount())

    def reseal(self) -> None:
        """Seal with the newest of the shop's keys whatever an older one sealed; repeating it
        changes nothing. Raises ``Conflict`` if keys are entered at this moment."""
        for gateway in FIELDS:
            stored = self._settings.read(_name(gateway))
            if any(self._box.position(each["sealed"]) for each in _entries(stored)):
                current = stored.values.get("current")
                values = {
                    "current": self._renewed(current) if current else None,
                    "retired": [self._renewed(each) for each in stored.values.get("retired", ())],
                }
                self._settings.store(_name(gateway), values, stored.version)

    def _renewed(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        if self._box.position(entry["sealed"]) is None:
            return dict(entry)
        return {**entry, "sealed": self._box.renew(entry["sealed"])}

    # --- opening --------------------------------------------------------------------------------

    def _open(self, gateway: str, stored: Stored | None) -> GatewayKeys:
        current = stored.values.get("current") if stored else None
        entries = _entries(stored) if stored else []
        opened = {each["entry"]: self._unseal(gateway, each) for each in entries}
        readable = {entry: keys for entry, keys in opened.items() if keys is not None}
        return GatewayKeys(
            gateway=gateway,
            environment=self._environment.get(gateway),
            stored=readable.pop(current["entry"], None) if current else None,
            retired=tuple(readable.values()),
            locked=sum(keys is None for keys in opened.values()),
            version=stored.version if stored else 0,
        )

    def _unseal(self, gateway: str, entry: Mapping[str, Any]) -> KeySet | None:
        """The keys, or None if the shop's own keys are others by now."""
        opened = self._box.open(entry["sealed"])
        if opened is None:
            _log.error("gateway_keys_locked", gateway=gateway)
            return None
        return KeySet(
            gateway=gateway,
            secrets=json.loads(opened),
            source=KeySource.STORED,
            entry=entry["entry"],
            since=_moment(entry["since"]),
            retired_at=_moment(entry.get("retired_at")),
        )


def _name(gateway: str) -> str:
    return f"gateway:{gateway}"


def _entries(stored: Stored) -> list[dict[str, Any]]:
    """All that is sealed: the keys in use, then the retired ones."""
    current = stored.values.get("current")
    return [*([current] if current else []), *stored.values.get("retired", ())]


def _retired(stored: Stored) -> list[dict[str, Any]]:
    """The retired entries once the current one is retired too, the last one first."""
    retired = list(stored.values.get("retired", ()))
    current = stored.values.get("current")
    return [{**current, "retired_at": now().isoformat()}, *retired] if current else retired


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None
