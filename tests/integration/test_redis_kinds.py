"""Everything that the shop does with Redis, behind a Sentinel and in a cluster as with one server."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from flask import Flask

from app import create_app
from app.analytics.folding import VisitFolding
from app.analytics.visits import Visits
from app.db.cache import Cache
from app.db.database import Database
from app.db.redis_patience import PATIENCE
from app.db.turn import Rank, Turn
from app.web.fragments import Fragments
from app.web.limits import limiter
from app.web.registry import service
from dev.stack import Stack
from tests.support.redis_servers import Cluster, Watched, client_of
from tests.support.shopper import Shopper

FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
_MANY = [f"key {number}" for number in range(60)]  # wherever they fall, no primary gets none


@pytest.fixture(scope="module", params=["sentinel", "cluster"])
def servers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Watched | Cluster]:
    folder = tmp_path_factory.mktemp("redis")
    servers = Watched(folder) if request.param == "sentinel" else Cluster(folder)
    try:
        servers.start()
        yield servers
    finally:
        servers.stop()


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow this machine is."""
    monkeypatch.setitem(PATIENCE, "socket_timeout", 20.0)
    monkeypatch.setitem(PATIENCE, "socket_connect_timeout", 20.0)


@pytest.fixture
def environment(stack: Stack, tmp_path: str, servers: Watched | Cluster) -> dict[str, str]:
    return {**stack.environment, "MOSSX_DATA_DIR": str(tmp_path), "REDIS_URL": servers.url}


@pytest.fixture
def cache(app: Flask) -> Cache:
    return service(Cache, app)


@pytest.fixture
def other(app: Flask, environment: dict[str, str], closing: ThreadPoolExecutor) -> Iterator[Flask]:
    """Another process of the shop, as far as Redis can tell."""
    other = create_app(environment)
    yield other
    closing.submit(service(Database, other).close)


def _keys(servers: Watched | Cluster) -> list[int]:
    """How many keys each primary holds."""
    if isinstance(servers, Cluster):
        return [int(node.client.dbsize()) for node in servers.primaries]
    return [int(client_of(servers.primary.port, 1).dbsize())]


def test_what_is_kept_is_found_and_forgotten(cache: Cache, servers: Watched | Cluster) -> None:
    assert cache.ping()
    for key in _MANY:
        cache.set(key, key.encode(), 60)
        cache.set(key, b"another", 60, only_new=True)
    assert [cache.get(key) for key in _MANY] == [key.encode() for key in _MANY]
    assert all(_keys(servers))
    assert cache.clear()
    assert not any(_keys(servers))
    assert cache.get(_MANY[0]) is None
    assert not cache.is_away


def test_lists_are_pushed_read_and_taken(cache: Cache) -> None:
    for key in _MANY[:10]:
        for value in (b"a", b"b", b"c", b"a", b"d"):
            cache.push(key, value, 60, 3)
        assert cache.items(key) == [b"d", b"a", b"c"]
        assert 0 < int(cache.client.ttl(key)) <= 60
        assert cache.take(key) == [b"d", b"a", b"c"]
        assert cache.items(key) == cache.take(key) == []


def test_a_fragment_is_rendered_once_for_all_processes(app: Flask, other: Flask) -> None:
    mine, theirs = service(Fragments, app), service(Fragments, other)
    keys = [mine.key(name) for name in _MANY]
    asked: list[list[int]] = []

    def render(missing: list[int]) -> list[str]:
        asked.append(missing)
        return [f"grün {place}" for place in missing]

    assert mine.get(keys[7], lambda: "seven") == "seven"
    expected = ["seven" if place == 7 else f"grün {place}" for place in range(len(keys))]
    assert mine.get_many(keys, render) == theirs.get_many(keys, render) == expected
    assert asked == [[place for place in range(len(keys)) if place != 7]]
    assert [theirs.get(key, lambda: "again") for key in keys] == expected
    assert mine.get_recent(keys[0], lambda: "new", 60) == "new"
    assert theirs.get_recent(keys[0], lambda: "newer", 60) == "new"


def test_fragments_are_dropped_wherever_they_are(app: Flask, cache: Cache) -> None:
    fragments = service(Fragments, app)
    keys = [fragments.key(name) for name in _MANY]
    cache.set("something else", b"stays", 60)

    def keep() -> None:
        fragments.get_many(keys, lambda missing: ["kept"] * len(missing))
        assert fragments._cache.get_many(*keys) == ["kept"] * len(keys)

    keep()
    assert sorted(fragments._cache.delete_many(*keys[:50])) == sorted(keys[:50])
    assert fragments._cache.get_many(*keys) == [None] * 50 + ["kept"] * 10
    keep()
    assert fragments._cache.clear()
    assert fragments._cache.get_many(*keys) == [None] * len(keys)
    assert cache.get("something else") == b"stays"


def test_processes_take_turns(cache: Cache, other: Flask) -> None:
    mine, theirs = Turn(cache), Turn(service(Cache, other))
    entered: list[str] = []

    def enter() -> None:
        with theirs.taken(Rank.MONEY, lambda: False):
            entered.append("theirs")

    for each in (mine, theirs):
        each.meet()
    with ThreadPoolExecutor(1) as pool:
        with mine.taken(Rank.OTHER, lambda: False):
            entering = pool.submit(enter)
            assert not wait([entering], 0.3).done
            entered.append("mine")
        entering.result(20)
    assert entered == ["mine", "theirs"]
    assert not cache.client.exists("mossx:turn")
    assert not cache.is_away


def _look_up(app: Flask, times: int) -> list[int]:
    sent = {"number": "MX-1", "email": "ann@example.com"}
    return [Shopper(app).post("/orders/lookup", sent).status_code for _ in range(times)]


def test_limits_count_for_all_processes(app: Flask, request: pytest.FixtureRequest) -> None:
    assert _look_up(app, 15) == [422] * 15
    other = request.getfixturevalue("other")  # with it the limiter of this process begins anew
    assert _look_up(other, 16) == [422] * 15 + [429]
    assert limiter.storage.check()
    assert not limiter._storage_dead
    limiter.reset()
    assert _look_up(other, 1) == [422]


def test_visitors_are_counted_and_folded(app: Flask, database: Database, cache: Cache) -> None:
    visits, folding = service(Visits, app), VisitFolding(database, cache)

    def come(numbers: range) -> None:
        for number in numbers:
            whence = {"REMOTE_ADDR": f"10.0.0.{number}"}
            app.test_client().get("/products", headers=FIREFOX, environ_overrides=whence)
        visits.tell()

    come(range(5))
    assert visits.lately()["US"] == 5
    assert folding.run() == 1
    assert cache.clear()
    come(range(4, 8))
    assert visits.lately()["US"] == 4
    folding.run()
    (kept,) = database["analytics_visits"].find({})
    assert kept["steps"]["visit"] == 8
    assert folding.run() == 0


def test_pages_and_readiness_see_it(app: Flask) -> None:
    assert app.test_client().get("/readyz").get_json()["checks"]["redis"] == "ok"
    assert "mossx_redis_up 1" in app.test_client().get("/metrics").text
    assert app.test_client().get("/products").status_code == 200
