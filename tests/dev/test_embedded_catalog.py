"""Collections and indexes that come, go and change are seen as they are, though they are kept."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError, OperationFailure

from app.db.database import Database
from app.db.schema import NAME, document, ensure_collection

FIELDS = ("red", "green", "blue")
Documents = Collection[dict[str, Any]]


@pytest.fixture
def things(database: Database) -> Iterator[Documents]:
    collection = database["kept_things"]
    collection.drop()
    yield collection
    collection.drop()


def test_a_new_index_holds_for_all_who_write(database: Database, things: Documents) -> None:
    things.insert_one({"_id": 1, "sku": "mug"})
    things.insert_one({"_id": 2, "sku": "cup"})
    with ThreadPoolExecutor(1) as others:  # with a connection of their own
        others.submit(things.find_one, {"sku": "mug"}).result()
        name = things.create_index("sku", unique=True)
        with pytest.raises(DuplicateKeyError):
            others.submit(things.insert_one, {"_id": 3, "sku": "mug"}).result()
        things.drop_index(name)
        others.submit(things.insert_one, {"_id": 3, "sku": "mug"}).result()
    assert things.count_documents({"sku": "mug"}) == 2


def test_a_collection_that_is_made_anew_has_nothing_of_the_old_one(things: Documents) -> None:
    things.create_index("sku", unique=True)
    things.insert_one({"_id": 1, "sku": "mug"})
    things.drop()
    things.insert_many([{"_id": 1, "sku": "mug"}, {"_id": 2, "sku": "mug"}])
    assert list(things.index_information()) == ["_id_"]
    assert things.count_documents({"sku": "mug"}) == 2


def test_what_a_collection_accepts_changes_at_once(database: Database, things: Documents) -> None:
    ensure_collection(database, things.name, document({"name": NAME}))
    things.insert_one({"name": "a"})
    with pytest.raises(Exception, match="failed validation"):
        things.insert_one({"title": "b"})
    ensure_collection(database, things.name, document({"title": NAME}))
    things.insert_one({"title": "b"})
    things.create_index("title", unique=True, partialFilterExpression={"title": {"$gt": ""}})
    with pytest.raises(Exception, match="E11000"):
        things.insert_one({"title": "b"})
    things.drop_index("title_1")
    things.insert_one({"title": "b"})


def test_a_transaction_that_ends_in_nothing_leaves_nothing_known(
    database: Database, things: Documents
) -> None:
    """That a field holds lists is noted with its index, inside the transaction that first writes
    one; queries by that index are then answered in another way."""
    things.create_index("tags")
    things.insert_one({"_id": 1, "tags": "new"})
    with database.client.start_session() as session, session.start_transaction():
        things.insert_one({"_id": 2, "tags": ["new", "old"]}, session=session)
        found = things.find({"tags": "new"}, session=session)
        assert {each["_id"] for each in found} == {1, 2}
        assert things.count_documents({"tags": "new"}) == 1
        session.abort_transaction()
    assert things.count_documents({"tags": "new"}) == 1
    things.insert_one({"_id": 3, "tags": ["new"]})
    assert things.count_documents({"tags": "new"}) == 2


def test_a_transaction_reads_by_the_indexes_of_its_own_time(
    database: Database, things: Documents
) -> None:
    things.insert_many([{"_id": n, "sku": "mug"} for n in range(5)])
    with database.client.start_session() as session, session.start_transaction():
        assert things.count_documents({"sku": "mug"}, session=session) == 5
        things.create_index("sku")
        assert things.count_documents({"sku": "mug"}) == 5
        assert len(list(things.find({"sku": "mug"}, session=session))) == 5


def _write(database: Database, one: dict[str, Any], *, is_meant: bool) -> None:
    """Store it, or begin to: an index that is made meanwhile has nothing of an open transaction."""
    things = database["kept_things"]
    if is_meant:
        things.insert_one(one)
        return
    with (
        suppress(OperationFailure),  # an index came or went
        database.client.start_session() as session,
        session.start_transaction(),
    ):
        things.insert_one(one, session=session)
        session.abort_transaction()


def _wrong(things: Documents, field: str, value: int) -> list[str]:
    """What is found by a field though it says something else."""
    found = {each["_id"] for each in things.find({field: value})}
    looked_up = things.find({"_id": {"$in": list(found)}})
    return [each["_id"] for each in looked_up if each["same"][field] != value]


def _write_all(database: Database, seed: int) -> list[str]:
    """Write documents, some of them with lists, some in vain; what was found wrong meanwhile."""
    luck, problems = random.Random(seed), list[str]()
    for number in range(60):
        colours: dict[str, Any] = {name: luck.randrange(4) for name in FIELDS}
        one = {"_id": f"{seed}-{number}", **colours, "same": dict(colours)}
        if luck.random() < 0.3:
            field = luck.choice(FIELDS)
            one[field] = [one[field], one[field]]
        _write(database, one, is_meant=luck.random() < 0.7)
        problems += _wrong(database["kept_things"], luck.choice(FIELDS), luck.randrange(4))
    return problems


def test_whatever_changes_meanwhile_everything_is_found(
    database: Database, things: Documents
) -> None:
    """Indexes come and go while others write lists and texts, in transactions that end or do not:
    what an index says and what the documents say is the same."""
    stop = threading.Event()

    def change(seed: int) -> None:
        luck = random.Random(seed)
        while not stop.is_set():
            field = luck.choice(FIELDS)
            with suppress(OperationFailure):
                if luck.random() < 0.5:
                    things.create_index(field)
                else:
                    things.drop_index(f"{field}_1")

    with ThreadPoolExecutor(6) as pool:
        changing = [pool.submit(change, seed) for seed in (1, 2)]
        writing = [pool.submit(_write_all, database, seed) for seed in (3, 4, 5, 6)]
        try:
            assert [each.result() for each in writing] == [[]] * 4
        finally:
            stop.set()
        for each in changing:
            each.result()
    everything = list(things.find())
    assert len(everything) > 60
    for field in FIELDS:
        for value in range(4):
            meant = {each["_id"] for each in everything if each["same"][field] == value}
            assert {each["_id"] for each in things.find({field: value})} == meant
