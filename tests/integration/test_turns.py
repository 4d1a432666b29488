"""Transactions that write the same take turns, in a process and among those that share a Redis."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue

import pytest
from flask import Flask

from app.db import turn as turn_module
from app.db.cache import Cache
from app.db.database import Database, Session
from app.db.turn import Rank, Turn
from app.web.registry import service
from tests.support.waiting import wait_until

_SOON = 20.0  # seconds
_NOWHERE = "redis://127.0.0.1:1/0"


def _never() -> bool:
    return False


def _is_long(turn: Turn, length: int) -> bool:
    return len(turn._here._waiting) == length


@pytest.fixture
def others(environment: dict[str, str]) -> Iterator[list[Database]]:
    """The database as three other processes of the shop have it."""
    redis = environment["REDIS_URL"]
    found = [Database(environment["MONGODB_URI"], Cache(redis)) for _ in range(3)]
    yield found
    for each in found:
        each.close()


def test_processes_that_met_conflict_no_more(database: Database, others: list[Database]) -> None:
    counters, tries = database["counters"], []
    counters.insert_one({"_id": "crowd", "value": 0})
    for each in others:
        each._turn.meet()

    def count(process: Database) -> None:
        def work(session: Session) -> None:
            tries.append(process)
            known = process["counters"].find_one({"_id": "crowd"}, session=session)
            assert known is not None
            time.sleep(0.01)
            more = {"$set": {"value": known["value"] + 1}}
            process["counters"].update_one({"_id": "crowd"}, more, session=session)

        process.in_transaction(work, in_turn=True)

    with ThreadPoolExecutor(9) as pool:
        list(pool.map(count, [*others] * 9))
    assert counters.find_one({"_id": "crowd"}) == {"_id": "crowd", "value": 27}
    assert len(tries) == 27  # nothing was done twice


def test_processes_that_met_nobody_ask_redis_for_nothing(database: Database, app: Flask) -> None:
    client = service(Cache, app).client
    asked = client.info("stats")["total_commands_processed"]
    assert database.in_transaction(lambda _: 1, in_turn=True) == 1
    assert client.info("stats")["total_commands_processed"] == asked + 1  # the question itself


def test_a_conflict_makes_a_process_ask_for_its_turn(database: Database, app: Flask) -> None:
    notes, tries, held = database["notes"], [], []
    notes.insert_one({"_id": "note"})

    def work(session: Session) -> None:
        tries.append(1)
        notes.find_one({"_id": "note"}, session=session)
        if len(tries) == 1:
            notes.update_one({"_id": "note"}, {"$set": {"by": "another"}})
        held.append(service(Cache, app).client.exists("mossx:turn"))
        notes.update_one({"_id": "note"}, {"$set": {"by": "work"}}, session=session)

    database.in_transaction(work)
    assert held == [0, 1]
    assert service(Cache, app).client.exists("mossx:turn") == 0  # it is given back


def test_without_redis_it_is_done_all_the_same(environment: dict[str, str]) -> None:
    lonely = Database(environment["MONGODB_URI"], Cache(_NOWHERE))
    lonely._turn.meet()
    began = time.monotonic()
    assert lonely.in_transaction(lambda _: 1, in_turn=True) == 1
    assert time.monotonic() - began < turn_module._PATIENCE / 2
    lonely.close()


def test_a_process_that_dies_in_its_turn_holds_nobody_up_for_long(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn_module, "_LIFE", 0.3)
    cache = service(Cache, app)
    dead, living = Turn(cache), Turn(cache)
    for each in (dead, living):
        each.meet()
    dying = dead.taken(Rank.OTHER, _never)
    dying.__enter__()
    with living.taken(Rank.OTHER, _never):
        assert living._everywhere is not None
        assert living._everywhere.is_mine
        dying.__exit__(None, None, None)  # it was not dead, and gives back what it has no more
        assert cache.client.exists("mossx:turn")
    assert not cache.client.exists("mossx:turn")
    assert not cache.is_away


def test_who_has_to_do_with_money_goes_first_and_the_others_as_they_came() -> None:
    turn, order = Turn(None), SimpleQueue[str]()

    def come(name: str, rank: Rank) -> None:
        with turn.taken(rank, _never):
            order.put(name)

    ranks = {"a": Rank.OTHER, "b": Rank.OTHER, "c": Rank.MONEY, "d": Rank.OTHER, "e": Rank.MONEY}
    with ThreadPoolExecutor(5) as pool:
        with turn.taken(Rank.OTHER, _never):
            for at, (name, rank) in enumerate(ranks.items(), start=1):
                pool.submit(come, name, rank)
                wait_until(partial(_is_long, turn, at))
        assert [order.get(timeout=_SOON) for _ in ranks] == ["c", "e", "a", "b", "d"]


def test_who_waited_in_vain_stands_in_nobodys_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn_module, "_GLANCE", 0.01)
    turn, gone = Turn(None), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        with turn.taken(Rank.OTHER, _never):

            def come() -> None:
                with turn.taken(Rank.MONEY, lambda: True):
                    gone.set()

            pool.submit(come)
            assert gone.wait(_SOON)  # without its turn
            assert turn._here._waiting == []
        with turn.taken(Rank.OTHER, _never), turn.taken(Rank.MONEY, _never):
            assert turn._here._depth == 2
    assert turn._here._holder is None
