"""Mail over SMTP, and a mail server that takes its time: it does not get all of the worker."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage

import pytest

from app.notifications.mail import _MOST_LATE, MailIsLate, SmtpMailer
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
