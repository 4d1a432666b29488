"""Mail over SMTP, and a mail server that takes its time: it does not get all of the worker."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from smtplib import SMTPServerDisconnected

import pytest

from app.notifications import mail
from app.notifications.mail import (
    _MOST_LATE,
    AddressRefused,
    FolderMailer,
    MailIsLate,
    SmtpMailer,
    compose,
)
from app.shared.crowd import Crowd
from dev.ports import find_free
from tests.faults.ground import Mailbox
from tests.support.waiting import wait_until


@pytest.fixture
def mail_server() -> Iterator[Mailbox]:
    server = Mailbox(find_free())
    server.start()
    yield server
    server.stop()


def letter() -> EmailMessage:
    """A message to Ann."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "shop@example.com", "ann@example.com", "Hi"
    message.set_content("Hello")
    return message


def test_a_message_arrives(mail_server: Mailbox) -> None:
    SmtpMailer(mail_server.url).send("key", letter())
    assert mail_server.taken == 1


@pytest.mark.parametrize(
    ("to", "written"),
    [
        ("jörg@example.com", "jörg@example.com"),
        ("info@exämple.de", "info@xn--exmple-cua.de"),
        ("हिन्दी@डाटा.भारत", "हिन्दी@xn--c2bd1gb.xn--h2brj9c"),
    ],
)
def test_addresses_in_every_script_get_mail(
    mail_server: Mailbox, tmp_path: Path, to: str, written: str
) -> None:
    message = compose(
        key="key", to=to, sender="shop@example.com", shop="Mööx", subject="Grüße", text="Hallo",
        html="<p>Hallo</p>", domain="example.com", reply_to="büro@example.com",
    )  # fmt: skip
    SmtpMailer(mail_server.url).send("key", message)
    assert mail_server.taken == 1
    FolderMailer(tmp_path).send("key", message)
    read = message_from_bytes((tmp_path / "key.eml").read_bytes(), policy=policy.default)
    assert (read["To"], read["Subject"]) == (written, "Grüße")
    assert read["Reply-To"] == "büro@example.com"


def test_while_some_wait_for_it_others_are_not_sent(mail_server: Mailbox) -> None:
    mailer = SmtpMailer(mail_server.url)
    mailer._waiting = Crowd(late=0.0, most=_MOST_LATE)
    mail_server.wait = 1.0
    with ThreadPoolExecutor(_MOST_LATE) as pool:
        sent = [pool.submit(mailer.send, str(each), letter()) for each in range(_MOST_LATE)]
        wait_until(lambda: mailer._waiting.is_full)
        with pytest.raises(MailIsLate):
            mailer.send("one more", letter())
        for each in sent:
            each.result(10)
    mailer.send("one more", letter())
    assert mail_server.taken == _MOST_LATE + 1


class _Odd(socketserver.StreamRequestHandler):
    """A mail server that answers each command as ``server.answers`` says, after ``server.wait``
    seconds."""

    def handle(self) -> None:
        self._say(b"220 here")
        for line in self.rfile:
            word = line.strip().upper()[:4].decode()
            if word == "DATA":
                self._say(b"354 go on")
                while self.rfile.readline() != b".\r\n":
                    pass
                self.server.taken += 1
            self._say(self.server.answers.get(word, b"250 fine"))

    def _say(self, words: bytes) -> None:
        time.sleep(self.server.wait)
        try:
            self.wfile.write(words + b"\r\n")
        except OSError:
            return


@pytest.fixture
def odd_server() -> Iterator[socketserver.TCPServer]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Odd) as server:
        server.daemon_threads = True
        server.answers, server.wait, server.taken = {}, 0.0, 0
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def _mailer_of(server: socketserver.TCPServer) -> SmtpMailer:
    return SmtpMailer(f"smtp://127.0.0.1:{server.server_address[1]}")


def test_a_message_that_was_taken_is_sent_however_the_server_says_goodbye(
    odd_server: socketserver.TCPServer,
) -> None:
    odd_server.answers["QUIT"] = b"421 too busy to be polite"
    _mailer_of(odd_server).send("key", letter())
    assert odd_server.taken == 1


def test_a_server_that_is_slow_with_each_answer_is_left_before_another_lane_sends_it_too(
    odd_server: socketserver.TCPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "_ALTOGETHER", 1.0)
    odd_server.wait = 0.4
    begun = time.monotonic()
    with pytest.raises(SMTPServerDisconnected):
        _mailer_of(odd_server).send("key", letter())
    assert time.monotonic() - begun < 2.0
    assert odd_server.taken == 0


def test_an_address_that_is_refused_is_named_nowhere(odd_server: socketserver.TCPServer) -> None:
    odd_server.answers["RCPT"] = b"550 no ann@example.com here"
    with pytest.raises(AddressRefused) as caught:
        _mailer_of(odd_server).send("key", letter())
    assert str(caught.value) == "550"
    assert caught.value.__suppress_context__
