"""What may stand in ``REDIS_URL``, and what is said of what may not."""

from __future__ import annotations

from typing import Any

import pytest
from redis.sentinel import SentinelConnectionPool

from app.config import ConfigurationError, load_settings
from app.db.redis_client import redis_client
from app.db.redis_patience import ImpatientTlsConnection
from app.db.redis_sentinel import ToPrimaryByTls
from app.shared.redis_url import RedisKind, RedisPlace, read_redis_url

_ANN = "ann:p%40ss@"
_TWO = (("one", 26379), ("two", 26380))


@pytest.mark.parametrize(
    ("url", "kind", "options"),
    [
        ("redis://127.0.0.1:6379/3", RedisKind.SINGLE, {"db": 3}),
        ("redis://cache", RedisKind.SINGLE, {}),
        (
            f"rediss://{_ANN}[::1]:6379",
            RedisKind.SINGLE,
            {"username": "ann", "password": "p@ss"},
        ),
        ("unix:///run/redis.sock?db=2", RedisKind.SINGLE, {"path": "/run/redis.sock", "db": 2}),
        ("redis+sentinel://one:26379/shop", RedisKind.SENTINEL, {}),
        (
            "redis+sentinel://:p@one:26379,two:26380/shop/4",
            RedisKind.SENTINEL,
            {"password": "p", "db": 4},
        ),
        ("redis+cluster://one:7000,two:7000", RedisKind.CLUSTER, {}),
        (
            "redis+cluster://ann:p@one:7000/0",
            RedisKind.CLUSTER,
            {"username": "ann", "password": "p"},
        ),
        (
            "rediss+cluster://one:7000?ssl_ca_certs=/ca.pem",
            RedisKind.CLUSTER,
            {"ssl_ca_certs": "/ca.pem"},
        ),
    ],
)
def test_each_kind_is_read(url: str, kind: RedisKind, options: dict[str, Any]) -> None:
    place = read_redis_url(url)
    assert (place.kind, place.options) == (kind, options)
    assert place.has_tls is url.startswith("rediss")
    assert load_settings({"REDIS_URL": url}).redis_url == url


def _behind(query: str) -> RedisPlace:
    return read_redis_url(f"redis+sentinel://{_ANN}one:26379,two:26380/the%20shop/1{query}")


def test_sentinels_are_told_apart_from_the_primary() -> None:
    place = _behind("")
    assert (place.nodes, place.primary) == (_TWO, "the shop")
    assert place.options == {"username": "ann", "password": "p@ss", "db": 1}
    assert place.to_sentinels == {"username": "ann", "password": "p@ss"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?sentinel_password=q%26", {"password": "q&"}),
        ("?sentinel_username=w&sentinel_password=q", {"username": "w", "password": "q"}),
        ("?sentinel_password=", {}),
        ("?sentinel_password=&client_name=x", {"client_name": "x"}),
    ],
)
def test_sentinels_may_have_a_password_of_their_own_or_none(
    query: str, expected: dict[str, str]
) -> None:
    place = _behind(query)
    assert place.to_sentinels == expected
    assert place.options["password"] == "p@ss"


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("cache:6379", "must start with redis://, rediss://, unix://, redis.sentinel:// or"),
        ("memcached://cache", "must start with"),
        ("redis://cache:port/0", "a port must be a number"),
        ("redis://cache:99999/0", "a port must be a number"),
        ("redis://:hunter2#x@cache/0", "a password's / @ : # and % must be percent-encoded"),
        ("redis://:hunter2/x@cache/0", "must name its database by a number"),
        ("redis://cache/first", "must name its database by a number"),
        ("redis://cache/0?tiemout=hunter2", "a query names options of a connection"),
        ("redis://[hunter2/0", "has a host in brackets"),
        ("unix://", "must name a socket"),
        ("redis+sentinel://one:26379", "must name the primary after the Sentinels"),
        ("redis+sentinel://one:26379/", "must name the primary after the Sentinels"),
        ("redis+sentinel://one:26379/shop/first", "must name its database by a number"),
        ("redis+sentinel://one,two/shop", "must name each host with its port"),
        ("redis+sentinel:///shop", "must name each host with its port"),
        ("redis+cluster://", "must name each host with its port"),
        ("redis+cluster://one:7000,", "must name each host with its port"),
        ("redis+cluster://one:7000/1", "cannot name a database"),
        ("redis+cluster://one:7000?db=1", "cannot name a database"),
        ("redis+cluster://:hunter2@one:7000?tiemout=1", "a query names options"),
    ],
)
def test_what_is_wrong_is_said_without_repeating_it(url: str, named: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^REDIS_URL: .*{named}") as raised:
        load_settings({"REDIS_URL": url})
    assert "hunter2" not in str(raised.value)


def test_tls_is_spoken_with_sentinels_and_primary() -> None:
    pool = redis_client("rediss+sentinel://one:26379/shop").connection_pool
    assert isinstance(pool, SentinelConnectionPool)
    assert pool.connection_class is ToPrimaryByTls
    (sentinel,) = pool.sentinel_manager.sentinels
    assert sentinel.connection_pool.connection_class is ImpatientTlsConnection
