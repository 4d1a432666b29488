"""Fragments: rendered once for all processes, shown without Redis too, never old."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from app.db.cache import Cache
from app.web.fragments import Fragments, version_of
from app.web.registry import service
from dev.stack import ROOT, Stack


@pytest.fixture
def fragments(app: Flask) -> Fragments:
    return service(Fragments, app)


class _Renderer:
    """Counts how often it was asked."""

    def __init__(self, takes: float = 0.0) -> None:
        self.calls = 0
        self._takes = takes

    def __call__(self) -> str:
        self.calls += 1
        time.sleep(self._takes)
        return f"<p>grün {self.calls}</p>"


def test_it_is_rendered_once(fragments: Fragments) -> None:
    render = _Renderer()
    key = fragments.key("card", "lamp", 3, "US")

    assert fragments.get(key, render) == fragments.get(key, render) == "<p>grün 1</p>"
    assert render.calls == 1


def test_a_long_one_is_packed_and_fades_soon(app: Flask, fragments: Fragments) -> None:
    text = "<li>grün und teuer</li>" * 1000
    key, small = fragments.key("listing", 1), fragments.key("card", 1)
    assert fragments.get(key, lambda: text) == text
    assert fragments.get(key, lambda: "another") == text
    fragments.get(small, lambda: "<li>grün</li>")
    redis = service(Cache, app).client
    assert redis.strlen(f"mossx:fragment:{key}") < len(text) / 20
    assert 0 < redis.ttl(f"mossx:fragment:{key}") <= 300
    assert redis.ttl(f"mossx:fragment:{small}") > 3600


def test_what_may_be_old_lives_on_however_long_it_is(app: Flask, fragments: Fragments) -> None:
    key = fragments.key("sitemap", 1)
    for _ in range(2):
        assert fragments.get_recent(key, lambda: "x" * 10_000, 60) == "x" * 10_000
    assert service(Cache, app).client.ttl(f"mossx:fragment:{key}") > 3600


def test_another_revision_or_market_is_another_fragment(fragments: Fragments) -> None:
    keys = {
        fragments.key("card", "lamp", 3, "US"),
        fragments.key("card", "lamp", 4, "US"),
        fragments.key("card", "lamp", 3, "IN"),
        fragments.key("row", "lamp", 3, "US"),
    }
    assert len(keys) == 4


def test_only_what_is_missing_is_rendered(fragments: Fragments) -> None:
    keys = [fragments.key("card", number) for number in range(5)]
    fragments.get(keys[1], lambda: "one")
    asked: list[list[int]] = []

    def render(missing: list[int]) -> list[str]:
        asked.append(missing)
        return [f"made {place}" for place in missing]

    expected = ["made 0", "one", "made 2", "made 3", "made 4"]
    assert fragments.get_many(keys, render) == expected
    assert fragments.get_many(keys, render) == expected
    assert asked == [[0, 2, 3, 4]]


def test_many_threads_render_it_once(fragments: Fragments) -> None:
    render = _Renderer(takes=0.2)
    key = fragments.key("slow")
    got: list[str] = []
    threads = [
        threading.Thread(target=lambda: got.append(fragments.get(key, render))) for _ in range(60)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert render.calls == 1
    assert got == ["<p>grün 1</p>"] * 60


_PROCESS = """
import sys, threading, time
from app import create_app
from app.web.fragments import Fragments
from app.web.registry import service

fragments = service(Fragments, create_app())
key = fragments.key("shared by processes")
print("ready", flush=True)
sys.stdin.readline()

def render():
    print("rendered", flush=True)
    time.sleep(0.3)
    return "text"

threads = [threading.Thread(target=fragments.get, args=(key, render)) for _ in range(100)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert fragments.get(key, render) == "text"
"""


def test_five_hundred_requests_in_five_processes_render_it_once(
    app: Flask, environment: dict[str, str]
) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _PROCESS],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(5)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    outputs = []
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        outputs.append(process.communicate(timeout=60)[0])
        assert process.returncode == 0

    assert "".join(outputs).count("rendered") == 1


def test_a_renderer_that_died_holds_nobody_up_for_long(
    fragments: Fragments, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.fragments._LOCKED", 200)
    key = fragments.key("abandoned")
    service(Cache, app).client.set(f"mossx:rendering:{key}", b"1", px=60_000)
    began = time.monotonic()

    assert fragments.get(key, _Renderer()) == "<p>grün 1</p>"
    assert time.monotonic() - began < 5


def test_an_old_one_is_shown_while_one_renders_anew(fragments: Fragments, app: Flask) -> None:
    render = _Renderer()
    key = fragments.key("sitemap")
    assert fragments.get_recent(key, render, 60) == "<p>grün 1</p>"
    fragments.get_recent(key, render, 60)
    before = render.calls
    service(Cache, app).client.delete(f"mossx:fresh:{key}")

    slow = _Renderer(takes=0.5)
    renewing = threading.Thread(target=fragments.get_recent, args=(key, slow, 60))
    renewing.start()
    time.sleep(0.2)
    assert fragments.get_recent(key, render, 60) == f"<p>grün {before}</p>"
    renewing.join()
    assert slow.calls == 1
    assert fragments.get_recent(key, render, 60) == "<p>grün 1</p>"


def test_without_redis_it_is_rendered_each_time(environment: dict[str, str]) -> None:
    app = create_app({**environment, "REDIS_URL": "redis://127.0.0.1:1/0"})
    fragments = service(Fragments, app)
    render = _Renderer()
    key = fragments.key("card")

    assert fragments.get(key, render) == "<p>grün 1</p>"
    assert fragments.get(key, render) == "<p>grün 2</p>"
    assert fragments.get_recent(key, render, 60) == "<p>grün 3</p>"
    assert fragments.get_many([key], lambda _: ["x"]) == ["x"]


def test_what_redis_holds_is_never_unpickled(
    fragments: Fragments, app: Flask, stack: Stack
) -> None:
    key = fragments.key("card")
    service(Cache, app).client.set(f"mossx:fragment:{key}", b"!cos\nsystem\n(S'true'\ntR.")

    assert fragments.get(key, _Renderer()).startswith("!cos")


def test_a_changed_template_is_another_version(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("a")
    before = version_of(tmp_path)
    (tmp_path / "a.html").write_text("b")

    assert version_of(tmp_path) != before
