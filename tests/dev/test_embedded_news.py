"""Who follows a collection hears of all that becomes of it, at once, and of nothing else."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from app.db.database import Database

PATIENCE = 60_000  # milliseconds: who was not told of something waits for so long


class _Heard(CommandListener):
    """How often a cursor was asked for more."""

    def __init__(self) -> None:
        self.asked = 0

    def started(self, event: CommandStartedEvent) -> None:
        self.asked += event.command_name == "getMore"

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Of no interest."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Of no interest."""


@pytest.fixture
def heard() -> _Heard:
    return _Heard()


@pytest.fixture
def followed(database: Database, heard: _Heard) -> Iterator[Collection[dict[str, Any]]]:
    """A collection through a client that counts, beside that of ``database``."""
    hosts = [f"{host}:{port}" for host, port in database.client.nodes]
    monitored: MongoClient[Any] = MongoClient(host=hosts, event_listeners=[heard])
    database["things_of_this_test"].insert_one({"_id": "first"})
    database["others_of_this_test"].insert_one({"_id": "first"})
    yield monitored[database.name]["things_of_this_test"]
    monitored.close()
    database["things_of_this_test"].drop()
    database["others_of_this_test"].drop()


def test_who_follows_a_collection_hears_of_it_and_of_no_other(
    database: Database, followed: Collection[dict[str, Any]], heard: _Heard
) -> None:
    """One question is answered by the first news, however much is written elsewhere before."""

    def write() -> None:
        for number in range(20):
            database["others_of_this_test"].insert_one({"_id": number})
            time.sleep(0.01)
        database[followed.name].insert_one({"_id": "news"})

    with ThreadPoolExecutor(1) as pool, followed.watch(max_await_time_ms=PATIENCE) as watched:
        writing = pool.submit(write)
        change = watched.try_next()
        writing.result()
    assert change is not None
    assert change["documentKey"] == {"_id": "news"}
    assert heard.asked == 1
    with followed.watch(max_await_time_ms=50) as quiet:
        assert quiet.try_next() is None  # its time is over


def test_nothing_is_missed_whatever_is_written_beside_it(
    database: Database, followed: Collection[dict[str, Any]]
) -> None:
    """The log is read up to the oldest transaction that is not in it yet: news of one collection
    may have to wait until one that wrote of another is."""
    things, others = database[followed.name], database["others_of_this_test"]

    def write(seed: int) -> set[str]:
        luck, meant = random.Random(seed), set[str]()
        for number in range(40):
            name, is_meant = f"{seed}-{number}", luck.random() < 0.7
            with database.client.start_session() as session, session.start_transaction():
                others.insert_one({"_id": name}, session=session)
                if luck.random() < 0.5:
                    things.insert_one({"_id": name}, session=session)
                    if is_meant:
                        meant.add(name)
                if not is_meant:
                    session.abort_transaction()
            things.insert_one({"_id": f"{name} alone"})
            meant.add(f"{name} alone")
        return meant

    def write_all() -> set[str]:
        with ThreadPoolExecutor(4) as pool:
            meant = set[str]().union(*pool.map(write, range(4)))
        things.insert_one({"_id": "end"})
        return meant

    found = list[str]()
    with ThreadPoolExecutor(1) as pool, followed.watch(max_await_time_ms=PATIENCE) as watched:
        writing = pool.submit(write_all)
        while "end" not in found:
            change = watched.try_next()
            assert change is not None  # nobody waits for its whole patience
            found.append(change["documentKey"]["_id"])
    assert sorted(found) == sorted(writing.result() | {"end"})


def test_who_follows_a_collection_hears_that_it_is_gone(
    database: Database, followed: Collection[dict[str, Any]]
) -> None:
    def end() -> None:
        time.sleep(0.1)
        database[followed.name].drop()

    with ThreadPoolExecutor(1) as pool, followed.watch(max_await_time_ms=PATIENCE) as watched:
        ending = pool.submit(end)
        assert [each["operationType"] for each in watched] == ["drop", "invalidate"]
        ending.result()
