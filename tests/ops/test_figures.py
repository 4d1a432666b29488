"""What the shop tells Prometheus of itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from app.db.database import Database, after_commit
from app.db.outbox import Event, Outbox
from app.monitoring.shop_figures import ShopFigures
from app.payments.errors import GatewayUnreachable
from app.payments.gateways.base import Gateway
from app.payments.gateways.guard import GuardedGateway
from app.shared.clock import now
from app.web.metrics import exposition
from app.web.page_cache import PageCache
from app.web.registry import service
from dev.ports import find_free
from dev.stack import ROOT
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox
from tests.support.shopper import Shopper
from tests.support.waiting import wait_until

Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


def read(text: str) -> Figures:
    """Every sample by its name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(figures: Figures, name: str, **labels: str) -> float:
    """A sample; what never happened is nothing."""
    return figures.get((name, frozenset(labels.items())), 0.0)


class _Watch:
    """The shop's figures, and how much they grew."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._before = self.read()

    def read(self) -> Figures:
        """All of them now, past what is kept for a while."""
        service(ShopFigures, self._app).forget()
        return read(self._app.test_client().get("/metrics").text)

    def grown(self, name: str, **labels: str) -> float:
        """How much a counter grew since this watch began."""
        return value(self.read(), name, **labels) - value(self._before, name, **labels)

    def now(self, name: str, **labels: str) -> float:
        """A gauge."""
        return value(self.read(), name, **labels)


@pytest.fixture
def watch(app: Flask) -> _Watch:
    return _Watch(app)


def test_a_purchase_is_told_state_by_state(
    watch: _Watch, shopper: Shopper, catalog: CatalogMaker, sandbox: Sandbox
) -> None:
    shopper.add(catalog.mug(stock=5))
    answer = shopper.check_out()
    assert watch.now("mossx_payment_attempts_open", gateway="stripe", state="open") == 1
    shopper.come_back(sandbox, answer.location, "stripe")

    states = ("created", "open", "authorised", "captured")
    told = [
        watch.grown("mossx_payment_attempts_total", gateway="stripe", state=state)
        for state in states
    ]
    assert told == [1, 1, 1, 1]
    assert watch.now("mossx_payment_attempts_open", gateway="stripe", state="open") == 0
    assert watch.now("mossx_captures_unfinished") == 0
    labels = {"gateway": "stripe", "call": "capture", "outcome": "answered"}
    assert watch.grown("mossx_gateway_calls_total", **labels) == 1
    seconds = "mossx_gateway_call_seconds_count"
    assert watch.grown(seconds, gateway="stripe", call="capture") == 1


def test_a_form_sent_twice_is_a_duplicate_prevented(
    watch: _Watch, shopper: Shopper, catalog: CatalogMaker, sandbox: Sandbox
) -> None:
    shopper.add(catalog.mug(stock=5))
    form = shopper.checkout_form()
    for _ in range(2):
        assert shopper.client.post("/checkout", data=form).status_code == 303
    assert watch.grown("mossx_duplicates_prevented_total", kind="replayed_key") == 1


def test_what_is_counted_after_a_commit_is_not_counted_without_one(database: Database) -> None:
    done: list[str] = []

    def work(word: str, *, fails: bool) -> None:
        after_commit(lambda: done.append(word))
        if fails:
            raise LookupError

    with pytest.raises(LookupError):
        database.in_transaction(lambda _: work("never", fails=True))
    database.in_transaction(lambda _: work("once", fails=False))
    assert done == ["once"]
    work("at once", fails=False)
    assert done == ["once", "at once"]


class _Dead(Gateway):
    name = "dead"

    def refunds(self, payment_id: str) -> tuple[()]:
        raise GatewayUnreachable("nobody there")


def test_a_gateway_that_is_left_alone_is_told(watch: _Watch) -> None:
    gateway = GuardedGateway(_Dead())
    for _ in range(11):
        with pytest.raises(GatewayUnreachable):
            gateway.refunds("pay_1")
    assert watch.now("mossx_gateway_breaker_open", gateway="dead") == 1
    calls = {"gateway": "dead", "call": "refunds"}
    assert watch.grown("mossx_gateway_calls_total", outcome="unreachable", **calls) == 10
    assert watch.grown("mossx_gateway_calls_total", outcome="left_alone", **calls) == 1


def test_events_that_wait_and_fail_are_told(
    watch: _Watch, database: Database, outbox: Outbox
) -> None:
    def fail(_: Event) -> None:
        raise RuntimeError

    outbox.subscribe("bad", "test", fail)
    outbox.publish("bad", {})
    outbox.publish("later", {}, delay=timedelta(hours=1))
    old = outbox.publish("old", {})
    database["outbox"].update_one({"_id": old}, {"$set": {"due_at": now() - timedelta(minutes=9)}})
    assert outbox.run_one()

    bad = database["outbox"].find_one({"topic": "bad"})
    assert bad is not None
    assert bad["due_at"] == bad["available_at"] > now()  # it is not late before its next try
    assert watch.now("mossx_outbox_waiting") == 3
    assert watch.now("mossx_outbox_failing") == 1
    assert 540 <= watch.now("mossx_outbox_oldest_seconds") < 700
    assert watch.grown("mossx_events_total", topic="bad", outcome="failed") == 1


@pytest.fixture
def outbox(database: Database) -> Outbox:
    return Outbox(database)


def test_a_job_that_nobody_does_is_late(watch: _Watch, database: Database) -> None:
    database["schedules"].insert_many(
        [
            {"_id": "reconcile", "due_at": now() - timedelta(minutes=10)},
            {"_id": "imports", "due_at": now() + timedelta(minutes=10)},
        ]
    )
    assert 600 <= watch.now("mossx_job_late_seconds", task="reconcile") < 700
    assert watch.now("mossx_job_late_seconds", task="imports") == 0


def test_pages_from_memory_are_carried_over(app: Flask, catalog: CatalogMaker) -> None:
    catalog.mug()
    pages = service(PageCache, app)
    watch = _Watch(app)
    pages.counts.hits += 5
    pages.counts.misses += 2
    assert watch.grown("mossx_page_cache_requests_total", result="hits") == 5
    assert watch.grown("mossx_page_cache_requests_total", result="misses") == 2
    app.test_client().get("/products")
    assert watch.now("mossx_read_model_products") == 1


def test_a_cart_that_is_gone_and_a_wrong_password_are_told(
    watch: _Watch, shopper: Shopper, catalog: CatalogMaker, database: Database
) -> None:
    shopper.get("/cart")
    shopper.add(catalog.mug(stock=5))
    shopper.get("/cart")
    assert watch.grown("mossx_carts_lost_total") == 0
    database["carts"].delete_many({})
    shopper.get("/cart")
    assert watch.grown("mossx_carts_lost_total") == 1

    shopper.post("/account/login", {"email": "ann@example.com", "password": "wrong wrong"})
    assert watch.grown("mossx_login_failures_total") == 1


def test_a_database_that_is_away_is_told_within_seconds(
    environment: dict[str, str], watch: _Watch
) -> None:
    from app import create_app

    away = create_app({**environment, "MONGODB_URI": "mongodb://127.0.0.1:1/mossx"})
    figures = read(away.test_client().get("/metrics").text)
    assert value(figures, "mossx_mongodb_up") == 0
    assert value(figures, "mossx_redis_up") == 1
    assert watch.now("mossx_mongodb_up") == 1


@pytest.fixture
def worker_port(environment: dict[str, str], app: Flask) -> Iterator[int]:
    """A worker in a process of its own, with a port."""
    port = find_free()
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi", "worker"],
        cwd=ROOT,
        env={**os.environ, **environment, "WORKER_METRICS_PORT": str(port)},
        stdout=subprocess.DEVNULL,
    )
    yield port
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


def _is_well(port: int) -> bool:
    command = [sys.executable, "-m", "serve", "--check", str(port)]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def test_the_worker_has_a_port_of_its_own(worker_port: int) -> None:
    address = f"http://127.0.0.1:{worker_port}"

    def beats() -> bool:
        try:
            text = requests.get(f"{address}/metrics", timeout=5).text
        except requests.ConnectionError:
            return False
        return value(read(text), "mossx_worker_heartbeat_timestamp_seconds", thread="events 1") > 0

    wait_until(beats, 40)
    assert _is_well(worker_port)
    assert not _is_well(find_free())
    assert requests.get(address, timeout=5).status_code == 404
    figures = read(requests.get(f"{address}/metrics", timeout=5).text)
    assert value(figures, "mossx_mongodb_up") == 1
    assert value(figures, "process_resident_memory_bytes") > 0


def test_a_worker_that_does_not_turn_is_stuck(app: Flask) -> None:
    from app.monitoring.worker_port import WorkerPort
    from app.worker import Worker

    class Stuck(Worker):
        quiet_for = 500.0

    port = find_free()
    server = WorkerPort(Stuck(Outbox(service(Database, app)), None, ()), [], port)
    server.start()
    try:
        answer = requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5)
    finally:
        server.close()
    assert (answer.status_code, answer.text) == (503, "stuck\n")


def test_processes_of_a_server_are_told_together(tmp_path: Path) -> None:
    """Two processes that count into one folder, and what the second one shows."""
    program = (
        "from app.shared.meters import CARTS_LOST, GATEWAY_RESTS\n"
        "from app.web.metrics import exposition\n"
        "CARTS_LOST.inc(); GATEWAY_RESTS.labels('stripe').set(1)\n"
        "print(exposition([]).decode())"
    )
    for _ in range(2):
        told = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    figures = read(told)
    assert value(figures, "mossx_carts_lost_total") == 2
    assert value(figures, "mossx_gateway_breaker_open", gateway="stripe") == 1


_TOLD = """
import sys
from app.payments.gateways import guard
from app.monitoring import process_figures
process_figures._FOLLOWING.set(int(sys.argv[1]))
process_figures._MODEL_LAG.set(float(sys.argv[2]))
guard.GATEWAY_RESTS.labels("stripe").set(int(sys.argv[3]))
print("told", flush=True)
sys.stdin.read()
"""


def test_what_one_of_several_processes_says_is_neither_covered_up_nor_outlives_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))

    def process(*told: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", _TOLD, *told]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        begun = subprocess.Popen(command, cwd=ROOT, **pipes)
        assert begun.stdout.readline() == "told\n"
        return begun

    def shown() -> Figures:
        return read(exposition([]).decode())

    behind, well = process("0", "600", "1"), process("1", "2", "0")
    figures = shown()
    assert value(figures, "mossx_read_model_following") == 0
    assert value(figures, "mossx_read_model_lag_seconds") == 600
    assert value(figures, "mossx_gateway_breaker_open", gateway="stripe") == 1
    behind.kill()
    behind.wait()
    figures = shown()
    well.kill()
    well.wait()
    assert value(figures, "mossx_read_model_following") == 1
    assert value(figures, "mossx_read_model_lag_seconds") == 2
    assert value(figures, "mossx_gateway_breaker_open", gateway="stripe") == 0
