"""How long a session lasts at most, what the log tells, and how mail is sent."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage

import pytest
from flask import Flask

from app.db.database import Database
from app.db.outbox import Event, Outbox
from app.notifications.mail import MailDelayed, SmtpMailer
from app.shared.clock import now
from tests.support.member import PASSWORD, Member, make_proven


def test_a_session_ends_however_much_it_is_used(member: Member, database: Database) -> None:
    begun = now() - timedelta(days=179)
    database["auth_sessions"].update_many({}, {"$set": {"created_at": begun}})
    member.get("/account/refresh")
    assert member.is_in()
    database["auth_sessions"].update_many({}, {"$set": {"created_at": begun - timedelta(days=2), "rotated_at": begun}})  # fmt: skip
    member.get("/account/refresh")
    assert not member.is_in()
    [session] = database["auth_sessions"].find()
    assert session["revoked_at"] is not None


def test_coming_in_is_in_the_log_and_names_nobody(
    app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    account = make_proven(app, "ann@example.com")
    ann = Member(app)
    for password in ("not the password", "nor this one", PASSWORD):
        ann.log_in(password)
    ann.get("/account")
    log = capsys.readouterr().out
    refused = re.findall(r"sign_in_refused .*tried=(\w+)", log)
    assert len(refused) == 2
    assert len(set(refused)) == 1
    assert re.search(rf"signed_in .*account_id={account}", log)
    assert re.search(rf"request .*account_id={account}.*path=/account ", log)
    for secret in ("ann@example.com", "not the password", "nor this one", PASSWORD):
        assert secret not in log


class _NoTls(socketserver.StreamRequestHandler):
    """A mail server that offers no encryption, or somebody who took the offer out."""

    def handle(self) -> None:
        heard: list[bytes] = self.server.heard
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            heard.append(line)
            if line.upper().startswith(b"QUIT"):
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(b"250-here\r\n250 AUTH PLAIN LOGIN\r\n" if b"EHLO" in line.upper() else b"235 ok\r\n")  # fmt: skip


@pytest.fixture
def bare_server() -> Iterator[tuple[int, list[bytes]]]:
    with socketserver.TCPServer(("127.0.0.1", 0), _NoTls) as server:
        server.heard = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], server.heard
        server.shutdown()


def test_a_password_is_never_sent_in_the_clear(bare_server: tuple[int, list[bytes]]) -> None:
    port, heard = bare_server
    mailer = SmtpMailer(f"smtp://shop:secret@127.0.0.1:{port}")
    with pytest.raises(MailDelayed, match="SMTPNotSupportedError"):
        mailer.send("key", EmailMessage())
    assert not any(b"AUTH" in line.upper() for line in heard)


def test_an_address_in_the_text_of_an_error_is_not_in_the_log(
    app: Flask, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    outbox = Outbox(database)

    def fail(_: Event) -> None:
        raise LookupError(
            "{'jörg.ä@mail.example.com': (550, b'unknown')} at mongodb://u:not-told@db.example"
        )

    outbox.subscribe("thing", "test", fail)
    outbox.publish("thing", {})
    assert outbox.run_one()
    log = capsys.readouterr().out
    assert "event_failed" in log
    assert "LookupError" in log
    for secret in ("jörg", "mail.example.com", "not-told"):
        assert secret not in log
