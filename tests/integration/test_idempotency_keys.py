"""Claims on idempotency keys: who has one, who takes it over, and who may let go of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.db import idempotency
from app.db.database import Database
from app.db.idempotency import Claimed, IdempotencyKeys, KeyReused, Replay, RequestInFlight
from app.shared.clock import now


@pytest.fixture
def keys(database: Database, monkeypatch: pytest.MonkeyPatch) -> IdempotencyKeys:
    monkeypatch.setattr(idempotency, "_PATIENCE", 0.1)
    keys = IdempotencyKeys(database)
    assert keys.begin("key", "print") == Claimed(id="key", progress={})
    return keys


def die(database: Database) -> None:
    """Whoever has the key is not heard of any more."""
    past = now() - timedelta(seconds=1)
    database["idempotency_keys"].update_many({}, {"$set": {"locked_until": past}})


def reach(database: Database, keys: IdempotencyKeys) -> None:
    database.in_transaction(lambda session: keys.reach("key", {"order_id": "o1"}, session))


def test_a_key_is_one_requests_until_it_is_answered(
    database: Database, keys: IdempotencyKeys
) -> None:
    with pytest.raises(RequestInFlight):
        keys.begin("key", "print")
    with pytest.raises(KeyReused):
        keys.begin("key", "other print")
    keys.finish("key", {"location": "/there"})
    assert keys.begin("key", "print") == Replay(response={"location": "/there"})
    with pytest.raises(KeyReused):
        keys.begin("key", "other print")


def test_of_two_who_find_a_request_dead_one_goes_on_with_it(
    database: Database, keys: IdempotencyKeys
) -> None:
    die(database)
    found = database["idempotency_keys"].find_one({})
    assert found
    assert keys._take_over("key", found)
    assert not keys._take_over("key", found)
    with pytest.raises(RequestInFlight):
        keys.begin("key", "print")


def test_what_a_slow_request_reached_is_seen_by_who_takes_over(
    database: Database, keys: IdempotencyKeys
) -> None:
    die(database)
    found = database["idempotency_keys"].find_one({})
    assert found
    reach(database, keys)
    assert not keys._take_over("key", found)
    assert keys.begin("key", "print") == Claimed(id="key", progress={"order_id": "o1"})


def test_a_refused_request_lets_go_of_nothing_that_was_placed(
    database: Database, keys: IdempotencyKeys
) -> None:
    reach(database, keys)
    keys.release("key")
    die(database)
    assert keys.begin("key", "print") == Claimed(id="key", progress={"order_id": "o1"})
    keys.finish("key", {"location": "/there"})
    keys.release("key")
    assert keys.begin("key", "print") == Replay(response={"location": "/there"})
