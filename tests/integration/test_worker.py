"""The worker: several events at once, each handled once, and no job holds them up."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from pymongo import monitoring
from pymongo.errors import AutoReconnect

from app.db.database import Database
from app.db.outbox import Event, Outbox
from app.db.schedules import Schedules
from app.shared.clock import now
from app.worker import Job, Worker, pause_between_looks


@pytest.fixture
def outbox(database: Database) -> Outbox:
    return Outbox(database)


def _work(worker: Worker, until: Callable[[], bool]) -> None:
    """Run the worker until something is so, ten seconds at most."""
    thread = threading.Thread(target=worker.run)
    thread.start()
    end = time.monotonic() + 10
    while not until() and time.monotonic() < end:
        time.sleep(0.02)
    worker.stop()
    thread.join(10)
    assert not thread.is_alive()


def test_a_slow_event_holds_up_no_other(database: Database, outbox: Outbox) -> None:
    release = threading.Event()
    handled: list[str] = []

    def handle(event: Event) -> None:
        if event.payload["slow"]:
            release.wait(10)
        handled.append(event.id)
        if len(handled) == 5:
            release.set()

    outbox.subscribe("thing", "test", handle)
    slow = outbox.publish("thing", {"slow": True})
    for _ in range(5):
        outbox.publish("thing", {"slow": False})
    _work(Worker(outbox, Schedules(database), ()), lambda: len(handled) == 6)

    assert handled[-1] == slow
    assert outbox.pending() == 0


def test_a_slow_job_holds_up_neither_events_nor_other_jobs(
    database: Database, outbox: Outbox
) -> None:
    release = threading.Event()
    done: list[str] = []
    outbox.subscribe("thing", "test", lambda event: done.append("event"))
    jobs = (
        Job(name="slow", every=timedelta(hours=1), run=lambda: release.wait(10)),
        Job(name="quick", every=timedelta(hours=1), run=lambda: done.append("job")),
    )
    outbox.publish("thing", {})

    def both_done() -> bool:
        if {"event", "job"} <= set(done):
            release.set()
        return release.is_set()

    _work(Worker(outbox, Schedules(database), jobs), both_done)
    assert sorted(done) == ["event", "job"]


def test_what_takes_too_long_is_left_to_the_next_worker(database: Database, outbox: Outbox) -> None:
    release, begun = threading.Event(), threading.Event()

    def handle(_: Event) -> None:
        begun.set()
        release.wait(30)

    outbox.subscribe("thing", "test", handle)
    outbox.publish("thing", {})
    _work(Worker(outbox, Schedules(database), (), patience=0.2), begun.is_set)

    assert outbox.pending() == 1
    release.set()


def test_many_lanes_and_two_workers_handle_each_event_once(
    database: Database, outbox: Outbox
) -> None:
    seen: Counter[str] = Counter()
    second = Outbox(database)
    for each in (outbox, second):
        each.subscribe("thing", "test", lambda event: seen.update([event.id]))
    events = [outbox.publish("thing", {}) for _ in range(120)]
    other = Worker(second, Schedules(database), ())
    helping = threading.Thread(target=other.run)
    helping.start()
    _work(Worker(outbox, Schedules(database), ()), lambda: outbox.pending() == 0)
    other.stop()
    helping.join(10)

    assert seen == Counter(events)


def test_an_event_of_a_newer_version_waits_for_a_worker_that_knows_it(
    database: Database, outbox: Outbox
) -> None:
    """A new web server runs beside an old worker while a version is replaced."""
    name = outbox.publish("thing of tomorrow", {})
    assert outbox.run_one()
    assert [each.id for each in outbox.waiting(5)] == [name]
    database["outbox"].update_one({"_id": name}, {"$set": {"available_at": now()}})
    newer, handled = Outbox(database), list[str]()
    newer.subscribe("thing of tomorrow", "test", lambda event: handled.append(event.id))
    assert newer.run_one()
    assert handled == [name]
    assert newer.pending() == 0


class _Looks(monitoring.CommandListener):
    """Counts how often anybody looks for events that are due."""

    def __init__(self) -> None:
        self.count = 0

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.count += event.command_name == "find" and "available_at" in event.command["filter"]

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


def _watched(environment: dict[str, str], looks: _Looks) -> Database:
    """The database, asked through a client that tells ``looks`` of its questions."""
    before = list(monitoring._LISTENERS.command_listeners)
    monitoring.register(looks)
    try:
        return Database(environment["MONGODB_URI"])
    finally:
        monitoring._LISTENERS.command_listeners[:] = before


def test_of_lanes_that_have_nothing_to_do_one_looks_out(
    environment: dict[str, str], database: Database
) -> None:
    """Six that looked for themselves asked a tenth of what the database could answer in a sale."""
    looks, handled = _Looks(), []
    watched = _watched(environment, looks)
    outbox = Outbox(watched)
    outbox.subscribe("thing", "test", lambda event: handled.append(event.id))
    began = time.monotonic()
    _work(Worker(outbox, Schedules(watched), ()), lambda: looks.count >= 16)
    took = time.monotonic() - began
    assert looks.count >= 16
    assert took > 1.5  # seconds: six at the start, and then four in a second

    events = [outbox.publish("thing", {}) for _ in range(20)]
    _work(Worker(outbox, Schedules(watched), ()), lambda: len(handled) == len(events))
    watched.close()
    assert sorted(handled) == sorted(events)


@pytest.mark.parametrize(
    ("every", "pause"), [(1, 1.0), (2, 1.0), (15, 1.5), (30, 3.0), (600, 5.0), (86_400, 5.0)]
)
def test_a_seldom_job_is_seldom_asked_about(every: int, pause: float) -> None:
    assert pause_between_looks(timedelta(seconds=every)) == pause


def test_one_lane_looks_for_all_of_them(environment: dict[str, str], database: Database) -> None:
    """Looking costs the embedded database time that grows with what waits: under a burst of
    webhooks six lanes that looked by themselves did nothing else."""
    looks, handled = _Looks(), []
    watched = _watched(environment, looks)
    outbox = Outbox(watched)
    outbox.subscribe("thing", "test", lambda event: handled.append(event.id))
    ids = {outbox.publish("thing", {}) for _ in range(60)}
    together = threading.Barrier(6)

    def work() -> None:
        lane = outbox.lane()
        together.wait()
        while len(handled) < len(ids) and lane.run_one():
            pass

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    watched.close()
    assert sorted(handled) == sorted(ids)
    assert looks.count <= 2 * 6  # and not one for each of the events


def test_a_job_that_fails_is_run_again_when_it_is_due(database: Database, outbox: Outbox) -> None:
    runs: list[float] = []

    def fail() -> None:
        runs.append(time.monotonic())
        raise RuntimeError("not today")

    job = Job(name="failing", every=timedelta(milliseconds=100), run=fail)
    _work(Worker(outbox, Schedules(database), (job,)), lambda: len(runs) >= 2)
    assert len(runs) >= 2


@pytest.mark.parametrize("minutes", [10, 60, 24 * 60])
def test_a_round_that_nobody_ended_is_begun_again_soon(database: Database, minutes: int) -> None:
    schedules, every = Schedules(database), timedelta(minutes=minutes)
    assert schedules.take("job", every)  # by a worker that dies
    assert not schedules.take("job", every)
    with time_machine.travel(now() + timedelta(minutes=10, seconds=1), tick=True):
        taken = schedules.take("job", every)
        assert taken
        begun = now()
        schedules.done("job", every, taken)
    assert abs(schedules.due()["job"] - begun - every) < timedelta(seconds=2)


def test_a_seldom_job_that_lost_its_database_does_not_wait_for_tomorrow(
    database: Database, outbox: Outbox
) -> None:
    def lose() -> None:
        raise AutoReconnect

    job = Job(name="seldom", every=timedelta(days=1), run=lose)
    with pytest.raises(AutoReconnect):
        Worker(outbox, Schedules(database), (job,)).round()
    assert Schedules(database).due()["seldom"] <= now() + timedelta(minutes=10)
    job = Job(name="other", every=timedelta(days=1), run=lambda: None)
    Worker(outbox, Schedules(database), (job,)).round()
    assert Schedules(database).due()["other"] > now() + timedelta(hours=23)
