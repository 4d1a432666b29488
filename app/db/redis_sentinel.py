"""Redis behind Sentinels: they say which server is the primary, and name another if it dies."""

from __future__ import annotations

from copy import copy

import redis
from redis.connection import ConnectionPool
from redis.sentinel import (
    MasterNotFoundError,
    Sentinel,
    SentinelManagedConnection,
    SentinelManagedSSLConnection,
)

from app.db.redis_patience import (
    PATIENCE,
    ImpatientConnection,
    ImpatientTlsConnection,
    one_wait,
)
from app.shared.redis_url import RedisPlace

_HEALTH = {"health_check_interval": 30}  # seconds


class ToPrimary(ImpatientConnection, SentinelManagedConnection):
    """Asks for the primary whenever it connects."""

    def connect(self) -> None:
        """Connect to whichever is the primary now."""
        with one_wait():
            super().connect()


class ToPrimaryByTls(ToPrimary, SentinelManagedSSLConnection):
    """The same over TLS."""


class _Sentinels(Sentinel):
    """All Sentinels, asked one after another."""

    def discover_master(self, service_name: str) -> tuple[str, int]:
        """Where the primary is. Raises ``MasterNotFoundError``."""
        mine = copy(self)
        mine.sentinels = list(self.sentinels)  # who answered comes first; threads would mix it up
        try:
            found: tuple[str, int] = super(_Sentinels, mine).discover_master(service_name)
        except MasterNotFoundError:
            # The first one may be silent, and then the others were not asked.
            mine.sentinels.append(mine.sentinels.pop(0))
            raise
        finally:
            self.sentinels = mine.sentinels
        return found


def behind_sentinels(place: RedisPlace) -> redis.Redis:
    """A client of the primary, whichever it is. Nothing connects before it is used."""
    to_primary = ToPrimaryByTls if place.has_tls else ToPrimary
    to_sentinel = ImpatientTlsConnection if place.has_tls else ImpatientConnection
    options = _HEALTH | PATIENCE | place.options
    sentinels = _Sentinels([], connection_class=to_primary, **options)
    sentinels.sentinels = [
        redis.Redis(
            connection_pool=ConnectionPool(
                connection_class=to_sentinel,
                host=host,
                port=port,
                **PATIENCE | place.to_sentinels,
            )
        )
        for host, port in place.nodes
    ]
    client: redis.Redis = sentinels.master_for(place.primary)
    return client
