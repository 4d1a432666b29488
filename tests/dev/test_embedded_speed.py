"""The quicker ways through the embedded database lead to the same places."""

from __future__ import annotations

import random
from typing import Any

import pytest
from bson import encode

from app.db.database import Database
from app.db.schema import NAME, document, ensure_collection
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


def test_what_a_collection_accepts_changes_at_once(database: Database) -> None:
    things = database["things_of_this_test"]
    try:
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
    finally:
        things.drop()
