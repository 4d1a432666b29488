"""One of two web servers is replaced under steady requests, and no shopper notices."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

import serve
from tests.support.waiting import wait_until
from tests.support.web_servers import WebServers


def _readiness(url: str) -> int:
    try:
        return requests.get(f"{url}/readyz", timeout=5).status_code
    except requests.ConnectionError:
        return 0


@pytest.fixture
def servers(environment: dict[str, str], tmp_path: Path) -> Iterator[WebServers]:
    servers = WebServers({**environment, "TMPDIR": str(tmp_path), "FRONTED": str(tmp_path)})
    yield servers
    servers.stop()


class _Proxy:
    """Asks who is ready as often as a proxy does, and sends requests to those in turn, over
    connections that it keeps."""

    def __init__(self, urls: list[str]) -> None:
        self._urls = urls
        self.ready = list(urls)
        self.answers: Counter[object] = Counter()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._look, daemon=True)]
        self._threads += [threading.Thread(target=self._send, daemon=True) for _ in range(3)]

    def __enter__(self) -> _Proxy:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(20)

    def _look(self) -> None:
        while not self._over.wait(0.2):
            self.ready = [url for url in self._urls if _readiness(url) == 200]

    def _send(self) -> None:
        with requests.Session() as session:
            turn = 0
            while not self._over.is_set():
                turn += 1
                ready = self.ready
                url = ready[turn % len(ready)]
                try:
                    answer = session.get(f"{url}/orders/lookup", timeout=10)
                    self.answers[url, answer.status_code] += 1
                except requests.RequestException as error:
                    self.answers[type(error).__name__] += 1


@pytest.mark.timeout(180)
@pytest.mark.usefixtures("app")
def test_a_server_is_replaced_and_nobody_notices(servers: WebServers, tmp_path: Path) -> None:
    leaving, staying = servers.start(drain=600), servers.start(drain=1)
    for url in (leaving, staying):
        wait_until(lambda url=url: _readiness(url) == 200, 60)

    with _Proxy([leaving, staying]) as proxy:
        wait_until(lambda: min(proxy.answers[url, 200] for url in (leaving, staying)) > 20, 30)
        servers.tell_to_stop(leaving)
        wait_until(lambda: proxy.ready == [staying], 30)
        said = requests.get(f"{leaving}/readyz", timeout=5)
        assert (said.status_code, said.json()) == (503, {"status": "stopping"})
        assert requests.get(f"{leaving}/healthz", timeout=5).status_code == 200  # it goes on
        before = proxy.answers[staying, 200]
        wait_until(lambda: proxy.answers[staying, 200] > before + 20, 30)
        servers.tell_to_stop(leaving)  # the second time it does not wait any more
        assert servers.processes[leaving].wait(30) == 0
        before = proxy.answers[staying, 200]
        wait_until(lambda: proxy.answers[staying, 200] > before + 20, 30)
    assert set(proxy.answers) == {(leaving, 200), (staying, 200)}

    servers.tell_to_stop(staying)  # its second is over by itself
    assert servers.processes[staying].wait(30) == 0
    assert not list(tmp_path.glob("mossx-web-*"))  # what its processes shared is gone


def test_a_running_request_ends_before_the_server_does(servers: WebServers, tmp_path: Path) -> None:
    url = servers.start("tests.support.fronted:server")
    answers: list[str] = []

    def ask() -> None:
        answers.append(requests.get(f"{url}/held", timeout=30).json()["PATH_INFO"])

    wait_until(lambda: _listens(url), 30)
    asking = threading.Thread(target=ask)
    asking.start()
    wait_until((tmp_path / "held").exists)
    servers.tell_to_stop(url)
    wait_until(lambda: not _listens(url))
    assert answers == []
    (tmp_path / "go").touch()
    asking.join(20)
    assert answers == ["/held"]
    assert servers.processes[url].wait(20) == 0


def _listens(url: str) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", int(url.rpartition(":")[2]))) == 0


def test_a_shop_with_a_weak_secret_ends_instead_of_being_started_for_ever(
    environment: dict[str, str],
) -> None:
    unfit = {"MOSSX_ENV": "production", "BASE_URL": "https://shop.example", "SECRET_KEY": "weak"}
    servers = WebServers({**environment, **unfit})
    url = servers.start()
    try:
        assert servers.processes[url].wait(60) == 1
        assert not _listens(url)
    finally:
        servers.stop()


def test_options_come_from_the_environment() -> None:
    assert serve.read_options("wsgi", "127.0.0.1", {}).threads == 12
    given = {"PORT": "9000", "MOSSX_WEB_PROCESSES": "4", "MOSSX_DRAIN_SECONDS": ""}
    options = serve.read_options("wsgi", "127.0.0.1", given)
    assert (options.port, options.processes, options.drain) == (9000, 4, 0)


@pytest.mark.parametrize("number", ["many", "-1", "70000", "1.5"])
def test_an_option_that_is_no_number_is_named(number: str) -> None:
    with pytest.raises(SystemExit, match="MOSSX_DRAIN_SECONDS must be a whole number"):
        serve.read_options("wsgi", "127.0.0.1", {"MOSSX_DRAIN_SECONDS": number})
