"""Sending mail: over SMTP, or into a folder of .eml files."""

from __future__ import annotations

import re
import smtplib
import ssl
import time
from contextlib import suppress
from datetime import timedelta
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from app.db.outbox import Hopeless, Passing
from app.shared.clock import now
from app.shared.crowd import Crowd
from app.shared.emails import ascii_domain

_TIMEOUT = 15.0  # seconds for each answer
_ALTOGETHER = 45.0  # seconds for all: then another lane may take the event and send it too
_LATE = 2.0  # seconds
_FOR_GOOD = 500  # codes from here on
_STATUS = re.compile(r"[245]\.(?P<subject>\d{1,3})\.\d{1,3}")
_MOST_LATE = 2  # of the worker's lanes: the others go on with what is no mail


class MailDelayed(Passing):
    """The mail server did not take a message for now. Five days is how long mail servers try among
    themselves (RFC 5321, 4.5.4.1)."""

    patience = timedelta(days=5)


class MailIsLate(MailDelayed):
    """Several messages wait for the mail system already; this one was not sent."""


class MailRefused(Hopeless):
    """The mail server will never take this message for this address; which one stays out of logs
    and events."""


class Mailer(Protocol):
    """Somewhere a message goes."""

    def send(self, key: str, message: EmailMessage) -> None:
        """Deliver ``message``; ``key`` is the same when the same message is sent again."""


class FolderMailer:
    """Writes each message to ``<key>.eml``: a repeat overwrites its own file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, key: str, message: EmailMessage) -> None:
        """Write the file whole or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True)
        name = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in key)
        unfinished = self._folder / f".{name}.part"
        unfinished.write_bytes(message.as_bytes())
        unfinished.replace(self._folder / f"{name}.eml")


class _Server(smtplib.SMTP):
    """Waits for all answers together no longer than a time: a server may be slow with each."""

    _until = 0.0

    def getreply(self) -> tuple[int, bytes]:
        """Read an answer. Raises ``SMTPServerDisconnected`` when the time is over."""
        self._until = self._until or time.monotonic() + _ALTOGETHER
        left = self._until - time.monotonic()
        if left <= 0:
            self.close()
            raise smtplib.SMTPServerDisconnected("it takes too long altogether")
        if self.sock is not None:
            self.sock.settimeout(min(left, _TIMEOUT))
        return super().getreply()


class _SecureServer(_Server, smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""


class SmtpMailer:
    """Sends over SMTP; ``smtps://`` from the first byte encrypted, ``smtp://`` with STARTTLS
    where the server offers it. A password is sent encrypted or not at all: whoever sits between
    could take the offer out."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._waiting = Crowd(late=_LATE, most=_MOST_LATE)

    def send(self, key: str, message: EmailMessage) -> None:
        """Deliver one message. Raises ``MailRefused`` and ``MailDelayed``."""
        if self._waiting.is_full:
            raise MailIsLate
        with self._waiting.join():
            try:
                self._deliver(message)
            except (smtplib.SMTPException, OSError) as error:
                raise MailDelayed(f"{type(error).__name__}: {error}"[:200]) from None

    def _deliver(self, message: EmailMessage) -> None:
        host, secure = self._url.hostname or "localhost", self._url.scheme == "smtps"
        context = ssl.create_default_context()
        server: smtplib.SMTP = (
            _SecureServer(host, self._url.port or 465, timeout=_TIMEOUT, context=context)
            if secure
            else _Server(host, self._url.port or 587, timeout=_TIMEOUT)
        )
        try:
            server.ehlo()
            if not secure and (self._url.username or server.has_extn("starttls")):
                server.starttls(context=context)
            if self._url.username:
                server.login(unquote(self._url.username), unquote(self._url.password or ""))
            _hand_over(server, message)
        finally:
            with suppress(
                smtplib.SMTPException, OSError
            ):  # the message is taken, or refused, by now
                server.quit()
            server.close()


def _hand_over(server: smtplib.SMTP, message: EmailMessage) -> None:
    options: tuple[str, ...] = ()
    if str(message["To"]).isascii() and not str(message["Reply-To"]).isascii():
        # The library announces such letters in headers only where somebody's mail goes to them.
        if server.has_extn("smtputf8"):
            options = ("SMTPUTF8", "BODY=8BITMIME")
        else:  # the receiver has the mail at least
            del message["Reply-To"]
            message.policy = policy.default
    try:
        server.send_message(message, mail_options=options)
    except smtplib.SMTPRecipientsRefused as refusal:
        ((code, said),) = refusal.recipients.values()  # a message has one receiver
        raise _refusal(code, said) from None
    except smtplib.SMTPDataError as refusal:
        raise _refusal(refusal.smtp_code, refusal.smtp_error) from None
    except smtplib.SMTPNotSupportedError:
        raise MailRefused("no SMTPUTF8") from None


def _refusal(code: int, said: bytes | str) -> MailRefused | MailDelayed:
    """What an answer to an address or a message means. It ends in words about the address, so of
    these only the status (RFC 3463) is kept. One of the kind 7 is about us, such as "relay access
    denied": somebody may mend that."""
    words = said.decode("ascii", "replace") if isinstance(said, bytes) else said
    status = _STATUS.match(words)
    named = f"{code} {status[0]}" if status else str(code)
    ours = status is not None and status["subject"] == "7"
    return MailRefused(named) if code >= _FOR_GOOD and not ours else MailDelayed(named)


def compose(
    *,
    key: str,
    to: str,
    sender: str,
    shop: str,
    subject: str,
    text: str,
    html: str,
    domain: str,
    unsubscribe_url: str = "",
    reply_to: str = "",
) -> EmailMessage:
    """Build a message with text and HTML parts. The Message-ID follows from ``key``, so that a
    repeated delivery can be told by every mail program. An address with letters like "ü" before its
    "@" needs headers in UTF-8 (RFC 6532), and a mail server that takes them."""
    receiver, answers = _address(to), _address(reply_to) if reply_to else None
    plain = all(each is None or each.addr_spec.isascii() for each in (receiver, answers))
    message = EmailMessage(policy.default.clone(utf8=not plain))
    message["Subject"] = subject
    message["From"] = Address(display_name=shop, addr_spec=sender)
    message["To"] = receiver
    if answers:
        message["Reply-To"] = answers
    message["Date"] = format_datetime(now())
    message["Message-ID"] = f"<{''.join(map(_plain, key))}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    if unsubscribe_url:  # RFC 8058: mail programs offer a button of their own
        message["List-Unsubscribe"] = f"<{unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message


def _address(email: str) -> Address:
    """An address in a header, its domain as every mail server knows it."""
    name, _, domain = email.rpartition("@")
    return Address(username=name, domain=domain if domain.isascii() else ascii_domain(email))


def _plain(letter: str) -> str:
    """A letter of a key as an address takes it; what is not ASCII as its number."""
    if not letter.isascii():
        return f"-{ord(letter):x}"
    return letter if letter.isalnum() else "-"
