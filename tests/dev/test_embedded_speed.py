"""The quicker ways through the embedded database lead to the same places."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from bson import encode
from pymongo import MongoClient
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from app.db.database import Database
from dev import embedded_speed

KEYS: list[tuple[str, tuple[Any, ...]]] = [
    ("S", ("",)),
    ("SS", ("mossx", "orders")),
    ("SSS", ("mossx", "größe", "")),
    ("SSu", ("mossx", "orders", b"\x00")),
    ("SSSu", ("mossx", "orders", "number_1", b"\x00\x01\x00\xff")),
    ("SSSu", ("mossx", "orders", "number_1", b"")),
    ("SSSu", ("mossx", "cut\x00off", "number_1", b"1")),
    ("u", (b"",)),
    ("u", (encode({"a": 1}),)),
    ("i", (-4,)),
    *(("q", (sign * 2**power,)) for sign in (1, -1) for power in range(0, 62, 7)),
    *(("SSq", ("mossx", "orders", random.Random(n).getrandbits(40))) for n in range(5)),
]


@pytest.mark.parametrize(("form", "values"), KEYS)
def test_keys_are_what_the_storage_engine_makes_of_them(form: str, values: tuple[Any, ...]) -> None:
    packed = embedded_speed._pack(form, *values)
    assert embedded_speed.pack(form, *values) == packed
    assert embedded_speed.unpack(form, packed) == embedded_speed._unpack(form, packed)


def test_who_follows_a_collection_hears_of_it_and_of_no_other(database: Database) -> None:
    """One question is answered by the first news, however much is written elsewhere before."""
    things, others = database["things_of_this_test"], database["others_of_this_test"]
    heard = _Heard()
    monitored: MongoClient[Any] = MongoClient(
        host=[f"{host}:{port}" for host, port in database.client.nodes], event_listeners=[heard]
    )
    others.insert_one({"_id": "first"})
    try:
        watched = monitored[database.name][things.name].watch(max_await_time_ms=20_000)

        def write() -> None:
            for number in range(20):
                others.insert_one({"_id": number})
                time.sleep(0.01)
            things.insert_one({"_id": "news"})

        with ThreadPoolExecutor(1) as pool, watched:
            writing = pool.submit(write)
            change = watched.try_next()
            writing.result()
        assert change is not None
        assert change["documentKey"] == {"_id": "news"}
        assert heard.asked == 1
        quiet = monitored[database.name][things.name].watch(max_await_time_ms=50)
        with quiet:
            assert quiet.try_next() is None  # its time is over
    finally:
        monitored.close()
        things.drop()
        others.drop()


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
