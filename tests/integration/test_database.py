"""Migrations, validators, transactions and the outbox, on the real database."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from app.db import turn as turn_module
from app.db.database import Database, Session
from app.db.errors import PyMongoError
from app.db.migrations import all_migrations, pending_migrations, upgrade
from app.db.outbox import Event, Hopeless, Outbox, Passing
from app.db.schedules import Schedules
from app.shared.clock import now
from app.web.registry import service
from dev.stack import Stack


def test_migrations_run_once(database: Database) -> None:
    assert pending_migrations(database) == []
    assert upgrade(database) == []


def test_two_migrating_processes_do_the_work_once(database: Database) -> None:
    database["migrations"].delete_many({})
    ran: list[str] = []
    threads = [threading.Thread(target=lambda: ran.extend(upgrade(database))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ran) == [migration.name for migration in all_migrations()]


@pytest.mark.parametrize(
    ("collection", "document"),
    [
        ("carts", {"_id": "c", "version": 1, "updated_at": now(), "lines": [{"quantity": 0}]}),
        ("orders", {"_id": "o", "number": "1"}),
        ("captures", {"_id": "o", "amount": -5}),
        ("products", {"_id": "p", "slug": "", "title": "x"}),
    ],
)
def test_the_database_refuses_what_has_the_wrong_shape(
    database: Database, collection: str, document: dict[str, object]
) -> None:
    with pytest.raises(PyMongoError):
        database[collection].insert_one(document)
    assert database[collection].count_documents({}) == 0


def test_an_event_and_its_cause_are_stored_together_or_not_at_all(
    app: Flask, database: Database
) -> None:
    outbox = service(Outbox, app)

    def work(session: Session) -> None:
        outbox.publish("test", {}, session)
        raise RuntimeError("the cause failed")

    with pytest.raises(RuntimeError):
        database.in_transaction(work)
    assert outbox.pending() == 0


def test_handlers_that_finished_are_not_run_again(database: Database) -> None:
    outbox = Outbox(database)
    calls: list[str] = []

    def fragile(event: Event) -> None:
        calls.append("fragile")
        if calls.count("fragile") == 1:
            raise RuntimeError("not now")

    outbox.subscribe("test", "steady", lambda event: calls.append("steady"))
    outbox.subscribe("test", "fragile", fragile)
    outbox.publish("test", {})
    assert outbox.run_one()
    database["outbox"].update_many({}, {"$set": {"available_at": now()}})
    assert outbox.run_one()
    assert calls == ["steady", "fragile", "fragile"]
    assert outbox.pending() == 0


class _Late(Passing):
    patience = timedelta(days=1)


def test_only_what_was_given_up_is_tried_again_once_and_with_new_patience(
    database: Database,
) -> None:
    outbox, calls = Outbox(database), Counter[str]()
    ends: list[Exception | None] = [Hopeless("refused"), _Late("busy"), None]

    def fragile(_: Event) -> None:
        calls["fragile"] += 1
        if end := ends.pop(0):
            raise end

    outbox.subscribe("test", "fragile", fragile)
    outbox.subscribe("test", "steady", lambda event: calls.update(["steady"]))
    name = outbox.publish("test", {"order_id": "a"})
    assert outbox.run_one()
    database["outbox"].update_one({}, {"$set": {"created_at": now() - timedelta(days=9)}})
    assert outbox.try_again(name, order_id="b") is None
    asked = outbox.try_again(name, order_id="a")
    assert asked is not None
    assert outbox.try_again(name, order_id="a") is None
    for _ in range(2):
        assert outbox.run_one()
        database["outbox"].update_many({"state": "pending"}, {"$set": {"available_at": now()}})
    assert not outbox.run_one()
    assert calls == {"fragile": 3, "steady": 1}
    assert outbox.given_up(9) == []


def test_an_event_whose_worker_died_is_handled_by_the_next(database: Database) -> None:
    outbox = Outbox(database)
    handled: list[str] = []
    outbox.subscribe("test", "handler", lambda event: handled.append(event.id))
    name = outbox.publish("test", {})
    leased = database["outbox"].find_one_and_update(
        {"_id": name}, {"$set": {"available_at": now() + timedelta(seconds=60)}}
    )
    assert leased
    assert not outbox.run_one()
    database["outbox"].update_one({"_id": name}, {"$set": {"available_at": now()}})
    assert outbox.run_one()
    assert handled == [name]


def test_a_worker_takes_back_what_the_database_cut_short_but_nobody_elses(
    database: Database,
) -> None:
    outbox = Outbox(database)
    handled: list[str] = []
    outbox.subscribe("thing", "handler", lambda event: handled.append(event.id))
    cut, other = outbox.lane(), outbox.lane()
    for lane, name in ((cut, "cut"), (other, "other")):
        outbox.publish("thing", {}, key=name)
        lane._lease()
    assert not cut.run_one()
    cut.take_back()
    assert cut.run_one()
    assert not cut.run_one()
    assert handled == ["cut"]


def test_one_key_is_one_event(database: Database) -> None:
    outbox = Outbox(database)
    for _ in range(3):
        outbox.publish("test", {}, key="once")
    assert outbox.pending() == 1


def test_a_due_job_is_taken_by_one_worker(database: Database) -> None:
    schedules = Schedules(database)
    taken: list[datetime | None] = []

    def take() -> None:
        taken.append(schedules.take("job", timedelta(hours=1)))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken.count(None) == 7


@pytest.mark.timeout(150)
@pytest.mark.parametrize("moment", ["before the first command", "between two commands"])
def test_a_database_that_dies_in_a_transaction_is_not_waited_for(
    tmp_path: Path, moment: str
) -> None:
    stack = Stack(tmp_path, environment={}, parts=("mongo",))
    stack.start()
    database = Database(stack.environment["MONGODB_URI"])
    upgrade(database)
    tries = 0

    def work(session: Session) -> None:
        nonlocal tries
        tries += 1
        if moment == "between two commands":
            database["notes"].insert_one({"_id": tries}, session=session)
        stack.stop()
        database["notes"].insert_one({"_id": -tries}, session=session)

    began = time.monotonic()
    with pytest.raises(PyMongoError):
        database.in_transaction(work)
    assert time.monotonic() - began < 60  # the driver alone would try again for two minutes


@pytest.mark.parametrize("in_turn", [True, False])
def test_a_crowd_that_writes_the_same_is_counted_whole(database: Database, in_turn: bool) -> None:
    counters, tries = database["counters"], []
    counters.insert_one({"_id": "crowd", "value": 0})

    def work(session: Session) -> None:
        tries.append(1)
        known = counters.find_one({"_id": "crowd"}, session=session)
        assert known is not None
        time.sleep(0.003)
        more = {"$set": {"value": known["value"] + 1}}
        assert counters.update_one({"_id": "crowd"}, more, session=session).matched_count

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: database.in_transaction(work, in_turn=in_turn), range(40)))
    assert counters.find_one({"_id": "crowd"}) == {"_id": "crowd", "value": 40}
    if in_turn:
        assert len(tries) == 40  # nothing was done twice


def test_work_in_turn_may_be_part_of_other_work_and_waits_for_nobody_for_long(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn_module, "_PATIENCE", 0.05)

    def part(_: Session) -> int:
        return database.in_transaction(lambda _: 1, in_turn=True)

    assert database.in_transaction(part, in_turn=True) == 1
    inside, leave = threading.Event(), threading.Event()

    def stay(_: Session) -> None:
        inside.set()
        leave.wait(30)

    with ThreadPoolExecutor(1) as pool:
        staying = pool.submit(database.in_transaction, stay, in_turn=True)
        assert inside.wait(30)
        assert database.in_transaction(lambda _: 2, in_turn=True) == 2
        leave.set()
        staying.result(30)


def test_what_a_dead_process_was_writing_is_free_again_soon(
    database: Database, environment: dict[str, str]
) -> None:
    database["notes"].insert_one({"_id": "note", "text": "first"})
    dead = Database(environment["MONGODB_URI"])
    session = dead.client.start_session()
    session.start_transaction()
    dead["notes"].update_one({"_id": "note"}, {"$set": {"text": "dead"}}, session=session)
    began = time.monotonic()

    def write(living: Session) -> None:
        database["notes"].update_one({"_id": "note"}, {"$set": {"text": "living"}}, session=living)

    database.in_transaction(write)
    assert time.monotonic() - began < 40  # a minute is what databases give it by default
    assert database["notes"].find_one({"_id": "note"}) == {"_id": "note", "text": "living"}
    session.end_session()
