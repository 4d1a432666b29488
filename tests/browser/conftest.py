"""The whole shop as separate processes, and a real browser in front of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from dev.browsers import find_chromium
from dev.stack import EMBEDDED, Stack
from tests.support.gateways import Sandbox
from tests.support.processes import run_flask

PHONE, DESKTOP = (320, 640), (1440, 900)


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Database, Redis, sandbox, worker and web server, with the demo store."""
    stack = Stack(tmp_path_factory.mktemp("shop"), environment={})
    try:
        stack.start(EMBEDDED)
        for words in (("db", "upgrade"), ("demo", "load")):
            run_flask(stack.environment, *words)
        stack.start()
        yield stack
    finally:
        stack.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    program = find_chromium()
    if program is None:
        pytest.skip(
            "Chromium is missing: install it with `apt-get install chromium-headless-shell` or similar"
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, shop: Stack, javascript: bool, size: tuple[int, int]) -> Iterator[Page]:
    """A fresh browser profile; a script error anywhere fails the test."""
    width, height = size
    context = browser.new_context(
        base_url=shop.environment["BASE_URL"],
        java_script_enabled=javascript,
        viewport={"width": width, "height": height},
    )
    context.set_default_timeout(30_000)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    context.close()
    assert problems == []


@pytest.fixture
def javascript() -> bool:
    """Overridden where a test runs with and without."""
    return True


@pytest.fixture
def size() -> tuple[int, int]:
    """Overridden where a test runs in several sizes."""
    return DESKTOP


@pytest.fixture
def ledger(shop: Stack) -> Sandbox:
    """The judge."""
    return Sandbox(shop.environment["SANDBOX_URL"])
