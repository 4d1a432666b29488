"""Mail over SMTP, and a mail server that takes its time: it does not get all of the worker."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from app.notifications.mail import _MOST_LATE, FolderMailer, MailIsLate, SmtpMailer, compose
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
