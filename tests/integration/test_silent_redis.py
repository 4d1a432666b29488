"""Redis that takes connections and never answers: one asks it for all, and only now and then."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis.exceptions import TimeoutError as RedisSilent

from app import create_app
from app.db.cache import Cache
from app.web.fragments import Fragments
from app.web.registry import service
from tests.support.silence import Silence


@pytest.fixture
def silence() -> Iterator[Silence]:
    silence = Silence()
    yield silence
    silence.close()


def test_a_page_waits_for_it_once(environment: dict[str, str], silence: Silence) -> None:
    app = create_app({**environment, "REDIS_URL": f"redis://127.0.0.1:{silence.port}/0"})
    cache, fragments = service(Cache, app), service(Fragments, app)
    cache._ask_again_at = float("inf")  # however slow this machine is
    assert cache.get("anything") is None
    asked = silence.taken
    cache._ask_again_at = float("inf")
    assert fragments.get("name", lambda: "rendered") == "rendered"
    assert fragments.get_many(["name"], lambda places: ["rendered"]) == ["rendered"]
    assert fragments.get_recent("name", lambda: "rendered", 5) == "rendered"
    assert cache.items("messages") == []
    assert silence.taken == asked == 1


def test_of_many_one_finds_out_whether_it_is_back(silence: Silence) -> None:
    cache = Cache(f"redis://127.0.0.1:{silence.port}/0")
    calls: list[int] = []

    def silent() -> None:
        calls.append(1)
        raise RedisSilent

    cache.attempt(silent)
    cache._ask_again_at = 0.0
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: cache.attempt(silent), range(8)))
    assert len(calls) == 2


def test_it_is_asked_by_all_once_it_answers_again(silence: Silence) -> None:
    cache = Cache(f"redis://127.0.0.1:{silence.port}/0")
    cache.get("anything")
    assert cache.is_away
    cache._ask_again_at = 0.0
    assert cache.attempt(lambda: "found") == "found"
    assert not cache.is_away
    assert [cache.attempt(lambda: "found") for _ in range(3)] == ["found"] * 3
