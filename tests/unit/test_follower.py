"""What a process holds of a collection, where no thread follows it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from pymongo.errors import ConnectionFailure

from app.db.follower import Follower
from app.db.streams import DocumentStream


class Shelf:
    """Gives out what it holds; a try that finds it closed takes three seconds."""

    def __init__(self) -> None:
        self.clock = 1_000.0
        self.held = "first"
        self.closed = False
        self.tries = 0

    def read(self) -> str:
        self.tries += 1
        if self.closed:
            self.clock += 3
            raise ConnectionFailure
        return self.held


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    shelf = Shelf()
    clock = SimpleNamespace(monotonic=lambda: shelf.clock)
    monkeypatch.setattr("app.db.follower.time", clock)
    return shelf


def _never() -> DocumentStream:
    raise AssertionError("no thread follows")


@pytest.fixture
def follower(shelf: Shelf) -> Follower[str]:
    return Follower("shelf", load=shelf.read, watch=_never, fallback="nothing")


def test_a_page_that_asks_many_times_waits_once_for_a_database_that_is_away(
    shelf: Shelf, follower: Follower[str]
) -> None:
    assert follower.snapshot() == "first"
    shelf.closed, shelf.clock = True, shelf.clock + 1
    assert {follower.snapshot() for _ in range(20)} == {"first"}
    assert shelf.tries == 2


def test_what_is_written_after_it_is_back_is_seen(shelf: Shelf, follower: Follower[str]) -> None:
    follower.snapshot()
    shelf.closed, shelf.clock = True, shelf.clock + 1
    follower.snapshot()
    shelf.closed, shelf.held = False, "second"
    shelf.clock += 5.1
    assert follower.snapshot() == "second"
    shelf.held, shelf.clock = "third", shelf.clock + 0.3
    assert follower.snapshot() == "third"


def test_a_collection_that_could_never_be_read_has_a_stand_in(
    shelf: Shelf, follower: Follower[str]
) -> None:
    shelf.closed = True
    assert {follower.snapshot() for _ in range(20)} == {"nothing"}
    assert shelf.tries == 1
