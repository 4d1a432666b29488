"""Servers of Redis that die, are told to step down, or come: the shop goes where its keys are."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import create_app
from app.db.cache import Cache
from app.db.database import Database
from app.db.redis_patience import PATIENCE
from app.web.fragments import Fragments
from app.web.limits import limiter
from app.web.registry import service
from tests.support.redis_servers import Cluster, RedisServer, Watched, client_of
from tests.support.shopper import Shopper
from tests.support.waiting import wait_until

_GIVEN_UP = 6.0
_LONG = 60.0  # seconds; how fast servers agree is the machine's affair
_MANY = [f"key {number}" for number in range(60)]  # wherever they fall, no primary gets none
Opens = Callable[[Watched | Cluster], Flask]


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was killed refuses at once; who lives may be as slow as this machine."""
    monkeypatch.setitem(PATIENCE, "socket_timeout", 20.0)
    monkeypatch.setitem(PATIENCE, "socket_connect_timeout", 20.0)


@pytest.fixture
def opens(environment: dict[str, str], closing: ThreadPoolExecutor) -> Iterator[Opens]:
    """A shop on these servers."""
    with ExitStack() as ends:

        def open_(servers: Watched | Cluster) -> Flask:
            app = create_app({**environment, "REDIS_URL": servers.url})
            ends.callback(lambda: closing.submit(service(Database, app).close))
            return app

        yield open_
    limiter._storage_dead = False


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    yield from _running(Watched(tmp_path))


@pytest.fixture
def doubled(tmp_path: Path) -> Iterator[Cluster]:
    yield from _running(Cluster(tmp_path, has_replica=True))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster that each test leaves as it was: its start takes seconds."""
    yield from _running(Cluster(tmp_path_factory.mktemp("cluster"), primaries=2))


def _running(servers: Watched | Cluster) -> Iterator[Any]:
    try:
        servers.start()
        yield servers
    finally:
        servers.stop()


def _look_up(app: Flask) -> int:
    sent = {"number": "MX-1", "email": "ann@example.com"}
    return Shopper(app).post("/orders/lookup", sent).status_code


def _works_without(app: Flask) -> None:
    """Pages, fragments and limited forms, while what they would ask is dead."""
    assert app.test_client().get("/products?sort=price").status_code == 200
    assert service(Fragments, app).get("a piece", lambda: "rendered") == "rendered"
    assert _look_up(app) == 422
    assert limiter._storage_dead
    assert service(Cache, app).is_away
    assert app.test_client().get("/readyz").status_code == 200


def _keeps(cache: Cache, key: str) -> bool:
    """Set it; servers that just agreed may disagree once more on a busy machine."""
    cache.set(key, b"kept", 600)
    return cache.get(key) == b"kept"


def test_behind_a_sentinel_the_replica_is_next(opens: Opens, watched: Watched) -> None:
    app = opens(watched)
    cache = service(Cache, app)
    wait_until(lambda: _keeps(cache, "before"), _LONG)
    assert _look_up(app) == 422
    copy = client_of(watched.replica.port, 1)
    wait_until(lambda: copy.exists("before"), _LONG)

    watched.primary.kill()
    _works_without(app)
    wait_until(lambda: cache.get("before") == b"kept", _LONG)
    assert watched.replica.is_primary
    cache.push("after", b"new", 60, 3)
    assert cache.take("after") == [b"new"]
    assert limiter.storage.check()
    assert service(Fragments, app).get("another", lambda: "rendered") == "rendered"
    assert copy.exists("mossx:fragment:another")
    assert not cache.is_away


def test_in_a_cluster_the_replica_is_next(opens: Opens, doubled: Cluster) -> None:
    cache = service(Cache, opens(doubled))
    for key in _MANY:
        wait_until(lambda key=key: _keeps(cache, key), _LONG)
    dies, lives = doubled.primaries[0], doubled.replicas[0]
    wait_until(lambda: lives.client.dbsize() == dies.client.dbsize() > 0, _LONG)

    dies.kill()
    wait_until(lambda: [cache.get(key) for key in _MANY] == [b"kept"] * len(_MANY), _LONG)
    assert lives.is_primary
    _hand_back(lives, dies)
    for _ in range(2):  # the first of them may find out
        wait_until(lambda: cache.ping() and not cache.is_away, _LONG)
        for key in _MANY:
            cache.push(f"list {key}", b"new", 60, 3)
    assert [cache.take(f"list {key}") for key in _MANY] == [[b"new"]] * len(_MANY)


def _hand_back(from_: RedisServer, to: RedisServer) -> None:
    """Have one that was killed come back as a replica, and then take its place again."""
    to.start()
    wait_until(lambda: to.says("replication", "master_link_status") == "up", _LONG)
    asked = 0.0

    def is_handed_back() -> bool:
        nonlocal asked
        if to.is_primary:
            return not from_.is_primary
        if time.monotonic() - asked > _GIVEN_UP:  # Redis gives such a try up without a word
            asked = time.monotonic()
            to.client.execute_command("CLUSTER FAILOVER")
        return False

    wait_until(is_handed_back, _LONG)


def test_a_cluster_that_is_killed_is_done_without(opens: Opens, small: Cluster) -> None:
    app = opens(small)
    assert service(Cache, app).ping()
    assert _look_up(app) == 422

    small.stop()
    _works_without(app)
    for node in small.nodes:
        node.start()
    wait_until(service(Cache, app).ping, _LONG)
    wait_until(limiter.storage.check, _LONG)


def test_a_node_that_falls_silent_costs_a_pipeline_one_wait(
    opens: Opens, small: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("socket_timeout", "socket_connect_timeout"):
        monkeypatch.setitem(PATIENCE, name, 0.5)
    cache = service(Cache, opens(small))
    wait_until(cache.ping, _LONG)
    pipe = cache.client.pipeline(transaction=False)
    for number in range(100):
        pipe.set(f"key {number}", b"value", ex=60)

    small.primaries[0].pause()
    try:
        began = time.monotonic()
        assert cache.attempt(pipe.execute) is None
        assert time.monotonic() - began < 15  # redis-py would have it wait fifty times
    finally:
        small.primaries[0].resume()
    wait_until(lambda: cache.ping() and not cache.is_away, _LONG)


def test_a_key_may_move_to_a_node_that_just_came(opens: Opens, small: Cluster) -> None:
    cache = service(Cache, opens(small))
    wait_until(lambda: _keeps(cache, "key"), _LONG)
    old, new = small.holder("key"), small.join()
    names = [node.client.execute_command("CLUSTER MYID") for node in (old, new)]
    slot = old.client.execute_command("CLUSTER KEYSLOT", "key")
    new.client.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", names[0])
    old.client.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", names[1])
    old.give("key", new)

    assert cache.get("key") is None  # it is sent on to a node that nobody named before
    assert cache.is_away
    for node in (new, old):
        node.client.execute_command("CLUSTER SETSLOT", slot, "NODE", names[1])
    wait_until(lambda: cache.get("key") == b"kept", _LONG)
