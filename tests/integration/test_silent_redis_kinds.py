"""Sentinels and clusters that are dead, or take connections and never answer: waited for once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app import create_app
from app.db.cache import Cache
from app.web.limits import limiter
from tests.support.shopper import Shopper
from tests.support.silence import Silence


@pytest.fixture
def silent() -> Iterator[list[Silence]]:
    silent = [Silence() for _ in range(3)]
    yield silent
    for each in silent:
        each.close()


def _named(silent: list[Silence]) -> str:
    return ",".join(f"127.0.0.1:{each.port}" for each in silent)


def _taken(silent: list[Silence]) -> list[int]:
    return sorted(each.taken for each in silent)


def test_of_a_silent_cluster_one_node_is_waited_for(silent: list[Silence]) -> None:
    cache = Cache(f"redis+cluster://{_named(silent)}")
    cache.set("key", b"value", 60)
    assert cache.is_away
    assert _taken(silent) == [0, 0, 1]
    cache._ask_again_at = 0.0
    cache.push("key", b"value", 60, 3)
    assert sum(_taken(silent)) == 2


def test_of_silent_sentinels_another_is_asked_each_time(silent: list[Silence]) -> None:
    cache = Cache(f"redis+sentinel://{_named(silent)}/shop")
    for tries in ([0, 0, 1], [0, 1, 1], [1, 1, 1]):
        cache._ask_again_at = 0.0
        assert cache.get("key") is None
        assert _taken(silent) == tries


@pytest.mark.parametrize(
    "url",
    ["redis+sentinel://127.0.0.1:1,127.0.0.1:2/shop", "redis+cluster://127.0.0.1:1,127.0.0.1:2"],
)
def test_the_shop_starts_without_it(url: str, environment: dict[str, str]) -> None:
    app = create_app({**environment, "REDIS_URL": url})
    shopper = Shopper(app)
    sent = {"number": "MX-1", "email": "ann@example.com"}
    try:
        assert shopper.get("/products").status_code == 200
        assert shopper.get("/readyz").get_json()["checks"]["redis"] == "unreachable"
        tries = [shopper.post("/orders/lookup", sent).status_code for _ in range(31)]
        assert tries == [422] * 30 + [429]
    finally:
        limiter._storage_dead = False
