"""What stands between granian and the shop: requests arrive whole, kept pages never wait, and
waiting costs no thread."""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.support.waiting import wait_until
from tests.support.web_servers import WebServers

_SOON = 20  # seconds


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fronted")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[str]:
    """The address of a server with two threads."""
    servers = WebServers({"FRONTED": str(folder), "TMPDIR": str(folder)})
    url = servers.start("tests.support.fronted:server")
    try:
        wait_until(lambda: _listens(url), 60)
        yield url
    finally:
        servers.stop()


@pytest.fixture
def held(server: str, folder: Path) -> Iterator[list[dict[str, Any]]]:
    """Both threads are taken until the test ends; what those requests were told."""
    told: list[dict[str, Any]] = []

    def ask() -> None:
        told.append(requests.get(f"{server}/held", timeout=40).json())

    asking = [threading.Thread(target=ask) for _ in range(2)]
    for each in asking:
        each.start()
    wait_until(lambda: (folder / "held").exists() and len((folder / "held").read_text()) == 2)
    yield told
    (folder / "go").touch()
    for each in asking:
        each.join(_SOON)
    (folder / "go").unlink()
    (folder / "held").unlink()
    assert [each["PATH_INFO"] for each in told] == ["/held", "/held"]


def _listens(url: str) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", int(url.rpartition(":")[2]))) == 0


def test_a_request_arrives_as_it_was_sent(server: str) -> None:
    address = urlsplit(server)
    line = http.client.HTTPConnection(address.netloc, timeout=_SOON)
    line.putrequest("POST", "/k%C3%A4se%20und/brot?a=1&b=%20x")
    for name, value in (
        ("Content-Type", "text/plain"), ("Content-Length", "5"), ("X-One", "first"),
        ("X-One", "second"), ("Cookie", "a=1"), ("Cookie", "b=2"),
    ):  # fmt: skip
        line.putheader(name, value)
    line.endheaders(b"hello")
    answer = line.getresponse()
    assert answer.status == 200
    body = json.loads(answer.read())
    assert body["REQUEST_METHOD"] == "POST"
    assert body["PATH_INFO"] == "/käse und/brot".encode().decode("latin-1")
    assert body["QUERY_STRING"] == "a=1&b=%20x"
    assert (body["CONTENT_TYPE"], body["CONTENT_LENGTH"], body["size"]) == ("text/plain", "5", 5)
    assert body["HTTP_X_ONE"] == "first,second"
    assert body["HTTP_COOKIE"].replace(" ", "") == "a=1;b=2"
    assert (body["REMOTE_ADDR"], body["SERVER_NAME"]) == ("127.0.0.1", "127.0.0.1")
    assert (body["HTTP_HOST"], body["SERVER_PORT"]) == (address.netloc, str(address.port))
    assert (body["wsgi.url_scheme"], body["SERVER_PROTOCOL"]) == ("http", "HTTP/1.1")
    line.close()


@pytest.mark.parametrize("size", [0, 1, 2**19 - 1, 2**19, 2**19 + 1, 5 * 2**20])
def test_a_body_of_any_length_arrives_whole(server: str, size: int) -> None:
    sent = bytes(number * 31 % 251 for number in range(1000)) * (size // 1000 + 1)
    told = requests.post(f"{server}/", data=sent[:size], timeout=_SOON).json()
    assert (told["size"], told["digest"]) == (size, hashlib.sha256(sent[:size]).hexdigest())


@pytest.mark.parametrize(("size", "status"), [(0, 200), (1, 200), (2**19, 200), (2**19 + 1, 411)])
def test_a_body_in_chunks_arrives_whole_or_is_asked_for_its_length(
    server: str, size: int, status: int
) -> None:
    sent = bytes(number * 31 % 251 for number in range(1000)) * (size // 1000 + 1)
    pieces = (sent[at : min(at + 700, size)] for at in range(0, size, 700))
    answer = requests.post(f"{server}/", data=pieces, timeout=_SOON)
    assert answer.status_code == status
    if status == 200:
        told = answer.json()
        assert (told["size"], told["digest"]) == (size, hashlib.sha256(sent[:size]).hexdigest())
        assert told["CONTENT_LENGTH"] == (str(size) if size else "")


def test_a_long_answer_is_sent_while_it_is_made(server: str, folder: Path) -> None:
    answer = requests.get(f"{server}/long", timeout=_SOON)
    assert answer.text.splitlines() == [str(number) for number in range(20_000)]
    wait_until((folder / "closed").exists)


def test_head_has_no_body(server: str) -> None:
    answer = requests.head(f"{server}/", timeout=_SOON)
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 0


def test_who_fails_is_answered_and_the_thread_goes_on(server: str) -> None:
    for _ in range(3):
        assert requests.get(f"{server}/fails", timeout=_SOON).status_code == 500
    assert requests.get(f"{server}/", timeout=_SOON).status_code == 200


def test_a_kept_page_waits_for_nobody(server: str, held: list[dict[str, Any]]) -> None:
    assert requests.get(f"{server}/kept", timeout=_SOON).json() == {"kept": True}
    assert held == []


def test_a_page_that_will_be_kept_waits_for_no_checkout(
    server: str, held: list[dict[str, Any]]
) -> None:
    told = requests.get(f"{server}/kept-soon", timeout=_SOON).json()
    assert told["PATH_INFO"] == "/kept-soon"
    assert held == []


def test_health_stands_in_no_line(server: str, held: list[dict[str, Any]]) -> None:
    assert requests.get(f"{server}/healthz", timeout=_SOON).json()["PATH_INFO"] == "/healthz"
    assert held == []


def test_pictures_that_are_made_hold_up_no_supervisor(server: str, folder: Path) -> None:
    with ThreadPoolExecutor(5) as pool:
        made = [pool.submit(requests.get, f"{server}/media/held", timeout=_SOON) for _ in range(5)]
        wait_until(lambda: (folder / "held").exists() and len((folder / "held").read_text()) >= 4)
        for path in ("/healthz", "/readyz", "/metrics"):
            assert requests.get(f"{server}{path}", timeout=3).json()["PATH_INFO"] == path
        assert not any(each.done() for each in made)
        (folder / "go").touch()
        assert all(each.result().status_code == 200 for each in made)
    (folder / "go").unlink()
    (folder / "held").unlink()


def test_who_waits_too_long_or_finds_the_line_full_is_told(
    server: str, held: list[dict[str, Any]]
) -> None:
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(requests.get, f"{server}/", timeout=_SOON) for _ in range(4)]
        assert [each.result().json() for each in asked] == [{"too_many": True}] * 4
    assert held == []


def test_who_waits_a_little_is_served(server: str, folder: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(requests.get, f"{server}/held", timeout=_SOON) for _ in range(2)]
        wait_until(lambda: (folder / "held").exists() and len((folder / "held").read_text()) == 2)
        waiting = pool.submit(requests.get, f"{server}/waited", timeout=_SOON)
        time.sleep(0.2)
        assert not waiting.done()
        (folder / "go").touch()
        assert waiting.result().json()["PATH_INFO"] == "/waited"
        assert all(each.result().status_code == 200 for each in asked)
    (folder / "go").unlink()
    (folder / "held").unlink()


def test_who_orders_and_who_looks_stand_in_two_lines(server: str, folder: Path) -> None:
    """While an order waits for whoever pays, pages are made, though few at once."""
    with ThreadPoolExecutor(2) as pool:
        paying = pool.submit(requests.get, f"{server}/payments/1/held", timeout=_SOON)
        wait_until((folder / "held").exists)
        ordering = pool.submit(requests.post, f"{server}/checkout", timeout=_SOON)
        time.sleep(0.2)
        for path in ("/", "/cart", "/checkout"):  # its page is no order
            assert requests.get(f"{server}{path}", timeout=_SOON).json()["PATH_INFO"] == path
        for path in ("/webhooks/stripe", "/admin/orders"):
            assert requests.get(f"{server}{path}", timeout=_SOON).json() == {"too_many": True}
        assert not ordering.done()
        (folder / "go").touch()
        assert ordering.result().json()["PATH_INFO"] == "/checkout"
        assert paying.result().json()["PATH_INFO"] == "/payments/1/held"
    (folder / "go").unlink()
    (folder / "held").unlink()


def test_a_client_that_sends_slowly_holds_nobody_up(server: str) -> None:
    address = urlsplit(server)
    line = socket.create_connection((str(address.hostname), int(address.port or 0)), _SOON)
    line.sendall(b"POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 10\r\n\r\nhalf ")
    assert requests.get(f"{server}/", timeout=_SOON).json()["PATH_INFO"] == "/"
    line.sendall(b"done.")
    answer = line.recv(65_536)
    assert b"200 OK" in answer
    assert hashlib.sha256(b"half done.").hexdigest().encode() in answer
    line.sendall(b"POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 10\r\n\r\nhalf ")
    line.close()
    assert requests.get(f"{server}/", timeout=_SOON).status_code == 200


def test_a_thousand_idle_connections_keep_nobody_out(server: str) -> None:
    address = urlsplit(server)
    idle: list[socket.socket] = []
    try:
        for _ in range(1_100):
            line = socket.create_connection((str(address.hostname), int(address.port or 0)), _SOON)
            idle.append(line)
            line.sendall(b"GET /kept HTTP/1.1\r\nHost: shop\r\n\r\n")
            assert b"200 OK" in line.recv(4096)
    finally:
        for line in idle:
            line.close()
