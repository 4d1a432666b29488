"""Mail over SMTP, and a mail server that takes its time: it does not get all of the worker."""

from __future__ import annotations

import socketserver
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from flask import Flask

from app.credit.events import GIFT_CARD_ISSUED
from app.credit.models import Recipient
from app.credit.service import CreditService
from app.db.database import Database, Session
from app.db.outbox import Outbox
from app.identity.models import Role
from app.identity.service import AccountService
from app.inventory.events import STOCK_LOW
from app.notifications import mail
from app.notifications.mail import (
    _MOST_LATE,
    FolderMailer,
    MailDelayed,
    MailIsLate,
    MailRefused,
    SmtpMailer,
    compose,
)
from app.orders.events import ORDER_PAID
from app.orders.service import OrderService
from app.shared.clock import now
from app.shared.crowd import Crowd
from app.shared.ids import CreditId, OrderId
from app.shared.money import Money
from app.web.registry import service
from app.worker import Worker
from dev.ports import find_free
from tests.faults.ground import Mailbox
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox
from tests.support.people import entries, fields_of, last_change
from tests.support.shopper import Shopper
from tests.support.staff import Staff
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
    with pytest.raises(MailDelayed):
        _mailer_of(odd_server).send("key", letter())
    assert time.monotonic() - begun < 2.0
    assert odd_server.taken == 0


@pytest.mark.parametrize(
    ("word", "answer", "kind", "told"),
    [
        ("RCPT", b"550 no ann@example.com here", MailRefused, "550"),
        ("RCPT", b"550 5.1.1 no ann@example.com here", MailRefused, "550 5.1.1"),
        ("RCPT", b"554 5.7.1 <ann@example.com>: Relay access denied", MailDelayed, "554 5.7.1"),
        ("RCPT", b"450 4.2.0 <ann@example.com>: Greylisted", MailDelayed, "450 4.2.0"),
        ("", b"554 5.6.0 ann@example.com wants none of that", MailRefused, "554 5.6.0"),
        ("", b"451 4.3.0 ann@example.com, later", MailDelayed, "451 4.3.0"),
    ],
)
def test_what_is_refused_for_good_is_told_from_what_is_not_and_names_nobody(
    odd_server: socketserver.TCPServer,
    word: str,
    answer: bytes,
    kind: type[Exception],
    told: str,
) -> None:
    odd_server.answers[word or "."] = answer
    with pytest.raises(kind) as caught:
        _mailer_of(odd_server).send("key", letter())
    assert str(caught.value) == told
    assert caught.value.__suppress_context__


def test_a_server_that_refuses_us_may_be_mended(odd_server: socketserver.TCPServer) -> None:
    odd_server.answers["MAIL"] = b"530 5.7.0 Authentication required"
    with pytest.raises(MailDelayed):
        _mailer_of(odd_server).send("key", letter())


def test_an_address_that_the_server_cannot_even_write_is_refused(
    odd_server: socketserver.TCPServer,
) -> None:
    message = compose(
        key="key", to="jörg@example.com", sender="shop@example.com", shop="Shop", subject="Hi",
        text="Hello", html="<p>Hello</p>", domain="example.com",
    )  # fmt: skip
    with pytest.raises(MailRefused, match="SMTPUTF8"):
        _mailer_of(odd_server).send("key", message)


@pytest.mark.parametrize(("hello", "asks"), [(b"250 SMTPUTF8", True), (b"250 here", False)])
def test_letters_in_headers_are_announced_or_left_out(
    odd_server: socketserver.TCPServer, hello: bytes, asks: bool
) -> None:
    odd_server.answers["EHLO"] = b"250-here\r\n" + hello
    message = compose(
        key="key", to="ann@example.com", sender="shop@example.com", shop="Mööx", subject="Grüße",
        text="Hallo", html="<p>Hallo</p>", domain="example.com", reply_to="büro@example.com",
    )  # fmt: skip
    _mailer_of(odd_server).send("key", message)
    assert odd_server.taken == 1
    (envelope,) = odd_server.senders
    assert (b"SMTPUTF8" in envelope) == asks
    heads = odd_server.heads
    assert (b"Reply-To" in heads) == asks
    assert heads.isascii() != asks
    assert message_from_bytes(heads, policy=policy.default)["Subject"] == "Grüße"


def _work(app: Flask) -> None:
    while service(Worker, app).round():
        pass


def test_a_confirmation_that_nobody_takes_is_not_tried_for_ever_and_staff_see_it(
    mailing: Flask,
    odd_server: socketserver.TCPServer,
    ready: Shopper,
    sandbox: Sandbox,
    database: Database,
) -> None:
    odd_server.unknown = {b"ann@"}
    ready.pay(sandbox)
    _work(mailing)
    event = database["outbox"].find_one({"topic": ORDER_PAID})
    assert event is not None
    assert event["state"] == "done"
    (given_up,) = service(Outbox, mailing).given_up(10)
    assert given_up.reason == "mail.order_confirmation: MailRefused: 550 5.1.1"
    assert service(Outbox, mailing).pending() == 0
    assert database["sent_messages"].count_documents({}) == 0
    order_id = OrderId(event["payload"]["order_id"])
    orders = service(OrderService, mailing)
    last = orders.timeline(order_id, public_only=False)[-1]
    number = orders.get(order_id).number
    assert last.message == (
        f"Mail “Your order {number}” was not delivered: the address is refused (550 5.1.1)"
    )
    assert not last.public


def _give_bob_a_card(app: Flask, order_id: OrderId) -> CreditId:
    bob = Recipient(email="bob@example.com", sender="Ann", message="", locale="en_US")

    def issue(session: Session) -> CreditId:
        issued = service(CreditService, app).issue(
            Money(2500, "USD"), by="order", session=session, order_id=order_id, recipient=bob
        )
        assert issued is not None
        return issued.id

    return service(Database, app).in_transaction(issue)


def test_a_gift_card_that_cannot_be_sent_is_on_the_timeline_of_its_order(
    mailing: Flask, odd_server: socketserver.TCPServer, ready: Shopper, sandbox: Sandbox
) -> None:
    odd_server.unknown = {b"bob@"}
    ready.pay(sandbox)
    (order,) = service(OrderService, mailing).latest(1)
    _give_bob_a_card(mailing, order.id)
    _work(mailing)
    assert service(Outbox, mailing).pending() == 0
    timeline = service(OrderService, mailing).timeline(order.id, public_only=False)
    assert timeline[-1].message.startswith("Mail “Your gift card” was not delivered")


def test_staff_have_a_refused_gift_card_sent_again_once_from_wherever_they_see_it(
    mailing: Flask, odd_server: socketserver.TCPServer, ready: Shopper, sandbox: Sandbox
) -> None:
    odd_server.unknown = {b"bob@"}
    ready.pay(sandbox)
    (order,) = service(OrderService, mailing).latest(1)
    card = _give_bob_a_card(mailing, order.id)
    _work(mailing)
    owner = Staff(mailing)
    at = (f"/admin/orders/{order.number}", f"/admin/gift-cards/{card}", "/admin/live")
    forms = [fields_of(owner.get(path), f"{path}/given-up") for path in at]
    first = owner.follow(owner.post(f"{at[0]}/given-up", forms[0])).text
    assert "tried once more" in first
    assert "Send again" not in first
    _work(mailing)
    assert "Send again" in owner.get(at[0]).text  # refused again
    odd_server.unknown = set()
    for path, form in zip(at, forms, strict=True):
        owner.post(f"{path}/given-up", form)
    _work(mailing)
    for path, form in zip(at, forms, strict=True):
        assert "Nothing is left" in owner.follow(owner.post(f"{path}/given-up", form)).text
    _work(mailing)
    assert odd_server.receivers.count(b"<bob@example.com>") == 1
    assert [last_change(mailing, f"order:{order.number}").after] == [
        {"tried again": GIFT_CARD_ISSUED}
    ]
    assert len(entries(mailing)) == 2


def test_one_of_the_staff_who_is_refused_keeps_nobody_from_being_told(
    mailing: Flask, odd_server: socketserver.TCPServer, catalog: CatalogMaker
) -> None:
    accounts = service(AccountService, mailing)
    for name in ("adam", "eve", "zoe"):
        accounts.create_proven(f"{name}@example.com", "a-long-enough-password", name, Role.OWNER)
    odd_server.unknown = {b"adam@", b"eve@"}
    payload = {"stock": [{"sku": catalog.mug(), "available": 1, "low_at": 5}]}
    service(Outbox, mailing).publish(STOCK_LOW, payload)
    _work(mailing)
    assert odd_server.receivers == [b"<zoe@example.com>"]
    assert service(Outbox, mailing).pending() == 0


def test_what_is_put_off_is_given_up_after_some_days(
    mailing: Flask, odd_server: socketserver.TCPServer, database: Database, catalog: CatalogMaker
) -> None:
    odd_server.answers["RCPT"] = b"451 4.3.0 later"
    service(AccountService, mailing).create_proven(
        "eve@example.com", "a-long-enough-password", "Eve", Role.OWNER
    )
    outbox = service(Outbox, mailing)
    payload = {"stock": [{"sku": catalog.mug(), "available": 1, "low_at": 5}]}
    outbox.publish(STOCK_LOW, payload)
    _work(mailing)
    assert outbox.given_up(10) == []
    assert outbox.pending() == 1
    old = now() - MailDelayed.patience - timedelta(minutes=1)
    database["outbox"].update_many(
        {"state": "pending"}, {"$set": {"created_at": old, "available_at": old}}
    )
    _work(mailing)
    assert outbox.pending() == 0
    assert outbox.given_up(10)[0].reason == "mail.stock_low_told: MailDelayed: 451 4.3.0"


def test_a_slow_mail_server_has_none_of_the_staff_told_twice(
    mailing: Flask,
    odd_server: socketserver.TCPServer,
    catalog: CatalogMaker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    accounts, outbox = service(AccountService, mailing), service(Outbox, mailing)
    told = [f"{name}@example.com" for name in ("adam", "eve", "ida", "zoe")]
    for email in told:
        accounts.create_proven(email, "a-long-enough-password", "Staff", Role.OWNER)
    _work(mailing)
    monkeypatch.setattr("app.db.outbox._LEASE", timedelta(seconds=2))
    odd_server.wait = 0.12  # for each answer: a mail takes a second, all of them two leases
    outbox.publish(STOCK_LOW, {"stock": [{"sku": catalog.mug(), "available": 1, "low_at": 5}]})
    end = time.monotonic() + 20

    def work() -> None:
        lane = outbox.lane()
        while outbox.pending() and time.monotonic() < end:
            if not lane.run_one():
                time.sleep(0.05)

    with ThreadPoolExecutor(3) as pool:
        for each in [pool.submit(work) for _ in range(3)]:
            each.result(30)
    assert sorted(odd_server.receivers) == [f"<{email}>".encode() for email in told]
