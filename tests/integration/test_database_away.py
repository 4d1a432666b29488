"""A database that is away: nobody waits for it in a row, and what is kept is still shown."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from app import create_app
from app.db.database import Database
from app.db.errors import PyMongoError
from app.web import patience
from app.web.patience import Patience, shares
from app.web.registry import service
from tests.support.shopper import Shopper
from tests.support.waiting import wait_until

NOWHERE = "mongodb://127.0.0.1:1/mossx"


def test_once_it_is_known_nobody_waits_for_it(environment: dict[str, str]) -> None:
    lonely = create_app({**environment, "MONGODB_URI": NOWHERE})
    database = service(Database, lonely)
    with pytest.raises(PyMongoError):
        database.command("ping")
    wait_until(lambda: database._presence.is_away)
    began = time.monotonic()
    for _ in range(10):
        with database.at_once_if_away(), pytest.raises(PyMongoError):
            database.in_transaction(lambda session: database["x"].insert_one({}, session=session))
    assert time.monotonic() - began < 15  # the driver alone waits 3 seconds each time
    for path in ("/", "/search?q=mug", "/cart", "/checkout", "/account/login"):
        answer = Shopper(lonely).get(path)
        assert answer.status_code in {200, 303, 503}, path
        if answer.status_code == 503:
            assert answer.headers["Retry-After"] == "5"
            assert "try again soon" in answer.text


def test_one_that_comes_back_is_used_at_once(database: Database) -> None:
    database.command("ping")
    database._presence._gone_since = 0.0
    assert database._presence.is_away
    database._presence._gone_since = None
    with database.at_once_if_away():
        database.command("ping")


def test_new_requests_are_turned_away_while_many_wait(
    app: Flask, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "_PATIENCE", 0.0)  # nobody's turn comes in time
    arrived, answer = threading.Semaphore(0), threading.Event()
    flask_app = app.wsgi_app

    def slow(environ: Any, start: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/slow":
            return flask_app(environ, start)
        arrived.release()
        answer.wait(30)
        return []

    app.wsgi_app = Patience(slow, database, 8)
    most, _ = shares(8)
    with ThreadPoolExecutor(most) as pool:
        waiting = [pool.submit(app.test_client().get, "/slow") for _ in range(most)]
        for _ in waiting:
            assert arrived.acquire(timeout=10)
        turned_away = Shopper(app).get("/orders/lookup")
        alive = Shopper(app).get("/healthz")
        answer.set()
    assert (turned_away.status_code, alive.status_code) == (503, 200)
    assert "Very many people are here" in turned_away.text
    assert Shopper(app).get("/orders/lookup").status_code == 200
