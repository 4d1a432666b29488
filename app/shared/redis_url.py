"""Where Redis is, as ``REDIS_URL`` says it: one server, one behind Sentinels, or a cluster."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

from redis.connection import ConnectionPool, parse_url
from redis.exceptions import RedisError

Node = tuple[str, int]
_CREDENTIALS = ("username", "password")


class RedisKind(StrEnum):
    """Who knows where a key is."""

    SINGLE = "single"
    SENTINEL = "sentinel"
    CLUSTER = "cluster"


_KINDS = {
    "redis": RedisKind.SINGLE,
    "rediss": RedisKind.SINGLE,
    "unix": RedisKind.SINGLE,
    "redis+sentinel": RedisKind.SENTINEL,
    "rediss+sentinel": RedisKind.SENTINEL,
    "redis+cluster": RedisKind.CLUSTER,
    "rediss+cluster": RedisKind.CLUSTER,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class RedisPlace:
    """What a client has to know. Options are those of a connection of redis-py, just as its own
    URLs give them: credentials, database, TLS and what the query says."""

    kind: RedisKind
    options: dict[str, Any]
    has_tls: bool
    nodes: tuple[Node, ...] = ()  # all Sentinels, or some nodes of a cluster
    primary: str = ""  # how the Sentinels call it
    to_sentinels: dict[str, Any] = field(default_factory=dict)  # options, too


def read_redis_url(url: str) -> RedisPlace:
    """What ``url`` says. Raises ``ValueError``, whose message repeats nothing of it: a password may
    stand where none belongs."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError("has a host in brackets that is no address") from None
    kind = _KINDS.get(parts.scheme)
    if kind is RedisKind.SINGLE:
        _check_single(parts)
        return RedisPlace(kind=kind, options=_options(url), has_tls=_has_tls(parts))
    if kind is RedisKind.SENTINEL:
        return _behind_sentinels(parts)
    if kind is RedisKind.CLUSTER:
        return _cluster(parts)
    raise ValueError(
        "must start with redis://, rediss://, unix://, redis+sentinel:// or redis+cluster://"
    )


def _check_single(parts: SplitResult) -> None:
    if parts.scheme != "unix":
        _check_database(parts.path)
    elif not parts.path:
        raise ValueError("must name a socket, such as unix:///run/redis.sock")


def _behind_sentinels(parts: SplitResult) -> RedisPlace:
    name, _, database = parts.path.strip("/").partition("/")
    if not name:
        raise ValueError(
            "must name the primary after the Sentinels: redis+sentinel://one:26379,two:26379/name"
        )
    _check_database(database)
    said = dict(parse_qsl(parts.query, keep_blank_values=True))
    own = {
        each: said.pop(f"sentinel_{each}") for each in _CREDENTIALS if f"sentinel_{each}" in said
    }
    options = _options_of_nodes(parts._replace(path=database, query=urlencode(said)))
    kept_back = ("db", *_CREDENTIALS) if own else ("db",)
    shared = {key: value for key, value in options.items() if key not in kept_back}
    return RedisPlace(
        kind=RedisKind.SENTINEL,
        options=options,
        has_tls=_has_tls(parts),
        nodes=_nodes(parts),
        primary=unquote(name),
        to_sentinels={**shared, **{key: value for key, value in own.items() if value}},
    )


def _cluster(parts: SplitResult) -> RedisPlace:
    options = _options_of_nodes(parts)
    if options.pop("db", 0) != 0 or parts.path.strip("/") not in {"", "0"}:
        raise ValueError("cannot name a database: a cluster has but one")
    return RedisPlace(
        kind=RedisKind.CLUSTER, options=options, has_tls=_has_tls(parts), nodes=_nodes(parts)
    )


def _has_tls(parts: SplitResult) -> bool:
    return parts.scheme.startswith("rediss")


def _nodes(parts: SplitResult) -> tuple[Node, ...]:
    return tuple(_node(each) for each in parts.netloc.rpartition("@")[2].split(","))


def _node(text: str) -> Node:
    try:
        parts = urlsplit(f"//{text.strip()}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or not port:
        raise ValueError("must name each host with its port, such as one:6379,two:6379")
    return host, port


def _options_of_nodes(parts: SplitResult) -> dict[str, Any]:
    """What holds for each of several hosts, by redis-py's own reading of a URL of one."""
    login, at, _ = parts.netloc.rpartition("@")
    scheme = parts.scheme.partition("+")[0]
    return _options(parts._replace(scheme=scheme, netloc=f"{login}{at}host").geturl())


def _options(url: str) -> dict[str, Any]:
    try:
        options = parse_url(url)
        ConnectionPool(**options).make_connection()  # it knows what it takes; nothing connects
    except (RedisError, TypeError, ValueError):
        raise ValueError(
            "is not written as redis-py reads it: a port must be a number, a password's / @ : # "
            "and % must be percent-encoded, and a query names options of a connection"
        ) from None
    elsewhere = {"host", "port", "connection_class"}
    return {key: value for key, value in options.items() if key not in elsewhere}


def _check_database(text: str) -> None:
    if (number := text.strip("/")) and not number.isdecimal():
        raise ValueError("must name its database by a number; a / in a password is written %2F")
