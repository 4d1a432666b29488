"""A mail server that refuses whom it is told to, and a shop that sends through it."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Iterator

import pytest
from flask import Flask

from app import create_app


class _Odd(socketserver.StreamRequestHandler):
    """A mail server that answers each command as ``server.answers`` says, after ``server.wait``
    seconds; it knows nobody with a name of ``server.unknown``."""

    def handle(self) -> None:
        self._say(b"220 here")
        for line in self.rfile:
            word = line.strip().upper()[:4].decode()
            if word == "DATA":
                self._say(b"354 go on")
                while (read := self.rfile.readline()) != b".\r\n":
                    self.server.heads += read
                self.server.taken += 1
                self._say(self.server.answers.get(".", b"250 taken"))
                continue
            if word == "RCPT" and any(name in line for name in self.server.unknown):
                self._say(b"550 5.1.1 no " + line.strip()[8:] + b" here")
                continue
            if word == "MAIL":
                self.server.senders.append(line)
            if word == "RCPT":
                self.server.receivers.append(line.strip()[8:])
            self._say(self.server.answers.get(word, b"250 fine"))

    def _say(self, words: bytes) -> None:
        time.sleep(self.server.wait)
        try:
            self.wfile.write(words + b"\r\n")
        except OSError:
            return


@pytest.fixture
def odd_server() -> Iterator[socketserver.TCPServer]:
    """It, at some port."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Odd) as server:
        server.daemon_threads = True
        server.answers, server.wait, server.taken = {}, 0.0, 0
        server.unknown, server.receivers, server.senders, server.heads = set(), [], [], b""
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def mailing(app: Flask, environment: dict[str, str], odd_server: socketserver.TCPServer) -> Flask:
    """The shop as it is with a mail server."""
    url = f"smtp://127.0.0.1:{odd_server.server_address[1]}"
    return create_app({**environment, "MAIL_URL": url})
