from __future__ import annotations

from app.db.database import Database
from tests.support.emptying import empty


def test_a_test_finds_nothing_of_the_one_before(database: Database) -> None:
    markets = list(database["markets"].find())
    migrations = database["migrations"].count_documents({})
    database["unheard_of"].insert_one({"_id": 1})
    database["orders"].delete_many({})
    database["counters"].insert_many({"_id": f"counter {n}", "value": n} for n in range(300))
    database["markets"].update_one({"_id": "US"}, {"$set": {"name": "Elsewhere"}})
    try:
        empty(database)
        kept = {"markets", "migrations"}
        assert all(not database[name].find_one() for name in database.collections() - kept)
        assert list(database["markets"].find()) == markets
        assert database["migrations"].count_documents({}) == migrations
    finally:
        database["unheard_of"].drop()
