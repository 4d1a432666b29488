"""However a document is updated, its indexes say what it says, though most are left alone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from bson import Int64
from pymongo import IndexModel
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from app.db.database import Database
from dev.embedded_indexes import touched

Documents = Collection[dict[str, Any]]
INDEXES = [
    ("name_1", {"name": 1}, False, False),
    ("parts", {"parts.sku": 1, "shelf": -1}, False, False),
    ("open", {"shelf": 1}, False, True),
    ("all", {"$**": 1}, False, False),
]
FILTERS = {"open": {"state": "open"}}


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ({"name": "a", "seen": 1}, {"name": "a", "seen": 2}, []),
        ({"name": "a"}, {"name": "b"}, ["name_1"]),
        ({"name": "a"}, {}, ["name_1"]),
        ({}, {"name": None}, ["name_1"]),
        ({"name": 1}, {"name": 1.0}, ["name_1"]),
        ({"name": 1}, {"name": True}, ["name_1"]),
        ({"name": 1}, {"name": Int64(1)}, ["name_1"]),
        ({"name": {"a": 1, "b": 2}}, {"name": {"b": 2, "a": 1}}, ["name_1"]),
        ({"parts": [{"sku": "a", "n": 1}]}, {"parts": [{"sku": "a", "n": 2}]}, ["parts"]),
        ({"shelf": 1}, {"shelf": 2}, ["parts", "open"]),
        ({"state": "open"}, {"state": "done"}, ["open"]),
    ],
)
def test_an_index_is_touched_by_a_field_of_its_own(
    old: dict[str, Any], new: dict[str, Any], names: list[str]
) -> None:
    assert [each[0] for each in touched(INDEXES, FILTERS, old, new)] == [*names, "all"]


@pytest.fixture
def things(database: Database) -> Iterator[Documents]:
    collection = database["indexed_things"]
    collection.drop()
    collection.create_indexes(
        [
            IndexModel("name", name="name"),
            IndexModel("code", name="code", unique=True, sparse=True),
            IndexModel([("shelf", 1), ("name", 1)], name="shelf"),
            IndexModel("parts.sku", name="parts"),
            IndexModel("name", name="open", partialFilterExpression={"state": "open"}),
        ]
    )
    yield collection
    collection.drop()


def _change(luck: random.Random) -> Any:
    """An update of some field, in one of the ways there are."""
    values: list[Any] = [None, 1, 2, True, "a", "b", ["a", "b"], {"x": 1, "y": 2}]
    return luck.choice(
        [
            {"$set": {"name": luck.choice(values)}},
            {"$set": {"shelf": luck.choice(values[:6])}},
            {"$set": {"state": luck.choice(["open", "done"])}},
            {"$set": {"code": luck.randrange(12)}},
            {"$unset": {luck.choice(["name", "shelf", "code", "state", "parts"]): ""}},
            {"$push": {"parts": {"sku": luck.choice("abc"), "n": luck.randrange(3)}}},
            {"$pull": {"parts": {"sku": luck.choice("abc")}}},
            {"$inc": {"seen": 1}},
            [{"$set": {"name": "$shelf"}}],
        ]
    )


def _once(database: Database, things: Documents, luck: random.Random) -> None:
    """One update, or one of many documents, or a new state in place of an old one; in a transaction
    that ends well or not, or in none."""
    about, change = {"_id": luck.randrange(10)}, _change(luck)
    way = luck.randrange(5)
    if way == 0:
        things.update_many({"seen": {"$gte": luck.randrange(4)}}, change)
    elif way == 1:
        things.replace_one(about, {"name": luck.choice("ab"), "code": luck.randrange(12)})
    elif way == 2:
        things.find_one_and_update(about, change, upsert=not isinstance(change, list))
    elif way == 3:
        with database.client.start_session() as session, session.start_transaction():
            things.update_one(about, change, session=session)
            things.update_one(about, _change(luck), session=session)
            if luck.random() < 0.5:
                session.abort_transaction()
    else:
        things.update_one(about, change)


def _said(database: Database, things: Documents, query: dict[str, Any]) -> set[Any]:
    """What is found where there are no indexes."""
    plain = database["plain_things"]
    plain.drop()
    plain.insert_many(list(things.find()))
    found = {each["_id"] for each in plain.find(query)}
    plain.drop()
    return found


@pytest.mark.parametrize("seed", range(4))
def test_what_indexes_find_is_what_is_there(
    database: Database, things: Documents, seed: int
) -> None:
    luck = random.Random(seed)
    things.insert_many([{"_id": n, "name": "a", "seen": n % 4} for n in range(10)])
    refused = 0
    for _ in range(150):
        try:
            _once(database, things, luck)
        except DuplicateKeyError:
            refused += 1
    queries: list[dict[str, Any]] = [
        *({"name": value} for value in (None, 1, 2, True, "a", "b", ["a", "b"])),
        *({"name": value, "state": "open"} for value in ("a", "b", 1)),
        *({"shelf": value} for value in (None, 1, 2, True, "a", "b")),
        *({"shelf": "a", "name": value} for value in ("a", "b", 1)),
        *({"parts.sku": value} for value in "abc"),
        *({"code": value} for value in range(12)),
    ]
    for query in queries:
        assert {each["_id"] for each in things.find(query)} == _said(database, things, query), query
    codes = [each["code"] for each in things.find({"code": {"$exists": True}})]
    assert len(set(codes)) == len(codes)
    assert refused > 0
    for free in set(range(12)) - set(codes):  # nothing is kept for somebody who left
        things.insert_one({"code": free})
