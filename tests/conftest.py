"""Real servers for every test: a MongoDB-wire database, Redis and the gateway sandbox."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path

import pytest
import requests
import stripe
from flask import Flask

from app import create_app, factory
from app.db.cache import Cache
from app.db.database import Database
from app.db.migrations import all_migrations, upgrade
from app.web.registry import service
from dev.stack import Stack
from tests.support.catalog import CatalogMaker
from tests.support.emptying import empty
from tests.support.gateways import Sandbox
from tests.support.member import Mailbox, Member
from tests.support.memory_disk import use_memory
from tests.support.quick_hashes import hash_quickly
from tests.support.routes import compile_once
from tests.support.shopper import Shopper
from tests.support.templates import RememberedTemplates


def pytest_configure() -> None:
    """Leave out what costs much and proves nothing; let the servers write to memory where there is
    enough of it."""
    compile_once()
    hash_quickly()
    stripe.HTTPClient.INITIAL_DELAY = 0.02  # seconds before its next try
    factory.version_of = cache(factory.version_of)  # reads every template, picture and script
    if folder := use_memory():
        # After multiprocessing has taken its own folder away, which lies in this one.
        Finalize(None, shutil.rmtree, (folder, True), exitpriority=-200)


def pytest_collection_finish() -> None:
    """Have Python's collector of cycles pass over all that was imported: each test leaves a whole
    shop to it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The embedded servers, in a folder of their own."""
    folder = tmp_path_factory.mktemp("stack")
    stack = Stack(folder, environment={}, parts=("mongo", "redis", "sandbox"))
    try:
        stack.start()
        database = Database(stack.environment["MONGODB_URI"])
        upgrade(database)
        database.close()
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def environment(stack: Stack, tmp_path: Path) -> dict[str, str]:
    """What ``create_app`` reads: the servers, and a data folder for this test alone."""
    return {**stack.environment, "MOSSX_DATA_DIR": str(tmp_path)}


@pytest.fixture(scope="session")
def compiled_templates() -> RememberedTemplates:
    """Compiled templates, for every shop that the tests build."""
    return RememberedTemplates()


@pytest.fixture(scope="session")
def closing() -> Iterator[ThreadPoolExecutor]:
    """Closes what a test has done with: the driver takes up to half a second for it."""
    with ThreadPoolExecutor(4) as pool:
        yield pool


@pytest.fixture
def app(
    environment: dict[str, str],
    compiled_templates: RememberedTemplates,
    closing: ThreadPoolExecutor,
) -> Iterator[Flask]:
    """A shop on an empty, migrated database."""
    app = create_app(environment)
    app.testing = True
    app.jinja_env.bytecode_cache = compiled_templates
    database = service(Database, app)
    empty(database)
    service(Cache, app).client.flushdb()  # what one test counted limits no other
    yield app
    closing.submit(database.close)


@pytest.fixture
def database(app: Flask) -> Database:
    """The shop's database."""
    return service(Database, app)


@pytest.fixture
def schema_put_back(database: Database) -> Iterator[None]:
    """For tests that run a migration by itself: the next test finds the schema of today."""
    yield
    for migration in all_migrations():
        migration.upgrade(database)


@pytest.fixture
def catalog(app: Flask) -> CatalogMaker:
    """Puts products into the shop."""
    return CatalogMaker(app)


@pytest.fixture
def shopper(app: Flask) -> Shopper:
    """Somebody with a browser that has just arrived."""
    return Shopper(app)


@pytest.fixture
def mailbox(app: Flask, environment: dict[str, str]) -> Mailbox:
    """What the shop sends."""
    return Mailbox(app, environment["MOSSX_DATA_DIR"])


@pytest.fixture
def member(app: Flask) -> Member:
    """Ann, who has just registered and is logged in; her address is not proven yet."""
    member = Member(app)
    assert member.register().status_code == 303
    return member


@pytest.fixture
def sandbox(stack: Stack) -> Iterator[Sandbox]:
    """Both gateways, with empty ledgers and no faults."""
    url = stack.environment["SANDBOX_URL"]
    requests.post(f"{url}/sandbox/reset", timeout=5)
    yield Sandbox(url)
    requests.delete(f"{url}/sandbox/faults", timeout=5)


@pytest.fixture(autouse=True)
def _push_request_context() -> None:
    """Replace pytest-flask's fixture: every request gets a context of its own, as in production."""
