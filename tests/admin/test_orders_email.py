"""Correcting the mail address of an order: who is written to, who sees it, who does not any more."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from app.customers.rules import id_of_guest
from app.db.database import Database
from app.identity.models import Role
from app.orders.service import OrderService
from app.shared.clock import now
from app.shared.emails import is_erased
from app.shared.ids import AccountId
from app.web.registry import service
from tests.admin.order_desk import Desk, at_once
from tests.support.catalog import CatalogMaker
from tests.support.credit import Bank
from tests.support.dispatching import send_everything
from tests.support.gateways import Sandbox
from tests.support.member import Mailbox, Member, make_proven
from tests.support.people import work
from tests.support.shopper import Shopper, soup

OLD, NEW = "anm@example.com", "ann.right@example.com"


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is, a list looks back to the beginning."""
    monkeypatch.setattr("app.orders.desk_repository._PATIENCE", 60.0)


@pytest.fixture
def desk(app: Flask, shopper: Shopper, catalog: CatalogMaker, sandbox: Sandbox) -> Desk:
    """Somebody with a paid order of a guest who mistyped the address."""
    _buy(shopper, catalog, sandbox)
    return Desk(app)


def _buy(shopper: Shopper, catalog: CatalogMaker, sandbox: Sandbox) -> None:
    shopper.add(catalog.mug(), 3)
    shopper.come_back(sandbox, shopper.check_out(email=OLD).location, "stripe")


def _form(desk: Desk, email: str = NEW) -> dict[str, str]:
    return {**desk.form(desk.path, f"{desk.path}/email"), "email": email}


def _correct(desk: Desk, email: str = NEW) -> None:
    answer = desk.post(f"{desk.path}/email", _form(desk, email))
    assert answer.status_code == 303, answer.text


def _link(desk: Desk) -> str:
    return f"/orders/{desk.order.number}?token={desk.order.access_token}"


def _numbers(person: Any, path: str = "/account/orders") -> bool:
    return "MX-10001" in person.get(path).text


def _signed_in(app: Flask, email: str) -> Member:
    make_proven(app, email)
    member = Member(app, email)
    assert member.log_in().status_code == 303
    return member


def test_the_confirmation_and_later_mails_go_to_the_corrected_address(
    desk: Desk, mailbox: Mailbox
) -> None:
    subject = f"Your order {desk.order.number}"
    assert mailbox.subjects(OLD) == [subject]
    form = _form(desk, f"  {NEW.title()} ")
    for _ in range(2):
        answer = desk.post(f"{desk.path}/email", form)
        assert answer.status_code == 303, answer.text
    assert desk.order.email == NEW
    assert mailbox.subjects(NEW) == [subject]
    assert mailbox.link(NEW, "token=") == _link(desk)
    desk.refund(amount="1.00")
    assert mailbox.subjects(NEW) == [subject, f"Your refund for order {desk.order.number}"]
    assert mailbox.subjects(OLD) == [subject]


def test_who_is_corrected_twice_gets_one_confirmation(desk: Desk, mailbox: Mailbox) -> None:
    _correct(desk, "ann.wrong@example.com")
    _correct(desk)
    assert len(mailbox.read(NEW)) == 1
    assert mailbox.read("ann.wrong@example.com") == mailbox.read(OLD) == []
    _correct(desk, OLD)
    assert len(mailbox.read(OLD)) == 1


def test_staff_see_who_corrected_it_and_the_customer_does_not(desk: Desk) -> None:
    form = _form(desk)
    for _ in range(2):
        desk.post(f"{desk.path}/email", form)
    said = f"Mail address corrected from {OLD} to {NEW}"
    assert desk.timeline().count((said, desk.email)) == 1
    assert OLD not in desk.get(_link(desk)).text
    (entry,) = desk.entries(f"order:{desk.order.number}")
    change = entry.changes[0]
    assert change.before == {"email": OLD, "account_id": None}
    assert change.after == {"email": NEW, "account_id": None}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Please enter an e-mail address."),
        ("ann at example", "Please enter a valid e-mail address."),
        (f"{'a' * 260}@example.com", "Please enter a valid e-mail address."),
        ("gone@erased.invalid", "Please enter a valid e-mail address."),
    ],
)
def test_what_is_no_address_is_refused_beside_its_field(
    desk: Desk, mailbox: Mailbox, typed: str, said: str
) -> None:
    before, mails = desk.order, len(mailbox.read("@"))
    answer = desk.post(f"{desk.path}/email", _form(desk, typed))
    assert answer.status_code == 422
    page = soup(answer)
    problem, field = page.select_one("#email-error"), page.select_one("#correction[open] #email")
    assert problem is not None
    assert field is not None
    assert problem.get_text() == said
    assert field["value"] == typed
    assert desk.order == before
    assert desk.entries(f"order:{before.number}") == []
    assert len(mailbox.read("@")) == mails


def test_of_two_who_correct_it_the_second_sees_what_the_first_wrote(desk: Desk) -> None:
    first, second = _form(desk), _form(desk, "other@example.com")
    assert desk.post(f"{desk.path}/email", first).status_code == 303
    answer = desk.post(f"{desk.path}/email", second)
    assert answer.status_code == 409
    assert f"changed this address to {NEW}" in answer.text
    field = soup(answer).select_one("#correction[open] #email")
    assert field is not None
    assert field["value"] == "other@example.com"
    assert desk.order.email == NEW


def test_of_two_at_once_one_corrects_it(app: Flask, desk: Desk, mailbox: Mailbox) -> None:
    other = Desk(app, Role.SUPPORT)
    forms = [(desk, _form(desk)), (other, _form(other, "other@example.com"))]
    path = f"{desk.path}/email"
    assert at_once(*(lambda w=w, f=f: w.post(path, f) for w, f in forms)) == [303, 409]
    assert len(mailbox.read(NEW)) + len(mailbox.read("other@example.com")) == 1


# --- who finds it ---------------------------------------------------------------------------------


def test_the_old_address_opens_the_order_no_more(desk: Desk, shopper: Shopper) -> None:
    old, number = _link(desk), desk.order.number
    stranger = Shopper(desk.app)
    assert stranger.get(old).status_code == 200
    _correct(desk)
    assert stranger.get(old).status_code == 404
    asked = {"number": number, "email": OLD}
    assert stranger.post("/orders/lookup", asked).status_code == 422
    assert stranger.post("/orders/lookup", {**asked, "email": NEW}).location == _link(desk)


def test_staff_find_it_by_the_new_address_alone(desk: Desk) -> None:
    _correct(desk)
    for words, found in ((NEW, True), ("ann.right", True), (OLD, False), ("anm", False)):
        assert _numbers(desk, f"/admin/orders?q={words}") is found, words
    for words in ("Ann", "Shopper", "MUG"):
        assert _numbers(desk, f"/admin/orders?q={words}"), words


def test_words_that_the_old_address_shares_with_the_name_stay(desk: Desk) -> None:
    _correct(desk, "shopper@example.com")
    _correct(desk)
    assert _numbers(desk, "/admin/orders?q=shopper")


def test_who_pays_meanwhile_comes_back_to_the_order(
    app: Flask, shopper: Shopper, catalog: CatalogMaker, sandbox: Sandbox, mailbox: Mailbox
) -> None:
    shopper.add(catalog.mug())
    hosted = shopper.check_out(email=OLD).location
    desk = Desk(app)
    _correct(desk)
    assert mailbox.read(NEW) == []
    back = shopper.come_back(sandbox, hosted, "stripe")
    assert back.location == _link(desk)
    assert desk.order.number in shopper.get(back.location).text
    assert mailbox.subjects(NEW) == [f"Your order {desk.order.number}"]
    assert mailbox.read(OLD) == []


def test_the_figures_of_customers_follow(app: Flask, desk: Desk, database: Database) -> None:
    work(app)
    assert database["customers"].find_one({"_id": id_of_guest(OLD)})
    _correct(desk)
    work(app)
    assert database["customers"].find_one({"_id": id_of_guest(OLD)}) is None
    customer = database["customers"].find_one({"_id": id_of_guest(NEW)})
    assert customer is not None
    assert customer["orders"] == 1


def test_a_gift_card_that_went_to_the_old_address_is_not_said_to_be_elsewhere(
    app: Flask, shopper: Shopper, sandbox: Sandbox, mailbox: Mailbox
) -> None:
    Bank(app).product(2500)
    shopper.add("GIFT-2500")
    form = shopper.checkout_form(email=OLD)
    form.pop("shipping_method", None)
    shopper.come_back(sandbox, shopper.client.post("/checkout", data=form).location, "stripe")
    desk = Desk(app)
    assert "Your gift card" in mailbox.subjects(OLD)
    assert f"sent to {OLD}" in shopper.get(_link(desk)).text
    assert "whoever has their code can spend them" in desk.get(desk.path).text
    _correct(desk)
    assert mailbox.subjects(NEW) == [f"Your order {desk.order.number}"]
    shown = shopper.get(_link(desk)).text
    assert ": sent by e-mail" in shown
    assert "sent to" not in shown
    assert "by e-mail to the buyer" in desk.get(desk.path).text


# --- accounts -------------------------------------------------------------------------------------


def test_an_account_keeps_what_it_bought(
    app: Flask, catalog: CatalogMaker, sandbox: Sandbox
) -> None:
    owner = _signed_in(app, "ann@example.com")
    _buy(owner, catalog, sandbox)
    desk, other = Desk(app), _signed_in(app, NEW)
    _correct(desk)
    assert desk.order.account_id is not None
    assert _numbers(owner)
    assert not _numbers(other)
    assert owner.get(f"/orders/{desk.order.number}").status_code == 200
    assert other.get(f"/orders/{desk.order.number}").status_code == 404


def test_a_stranger_who_had_it_by_the_old_address_loses_it(app: Flask, desk: Desk) -> None:
    stranger, right = _signed_in(app, OLD), _signed_in(app, NEW)
    assert _numbers(stranger)
    assert "has it by its mail address alone" in desk.get(desk.path).text
    _correct(desk)
    assert not _numbers(stranger)
    assert stranger.get(f"/orders/{desk.order.number}").status_code == 404
    assert _numbers(right)
    change = desk.entries(f"order:{desk.order.number}")[0].changes[0]
    assert change.before is not None
    assert change.before["account_id"]
    assert change.after == {"email": NEW, "account_id": None}


def test_nobody_claims_it_by_an_address_that_is_not_proven(app: Flask, desk: Desk) -> None:
    claimant = Member(app, NEW)
    assert claimant.register().status_code == 303
    _correct(desk)
    assert not _numbers(claimant)
    assert desk.order.account_id is None


# --- being forgotten ------------------------------------------------------------------------------


def test_who_goes_leaves_neither_address(app: Flask, desk: Desk, database: Database) -> None:
    _correct(desk)
    account_id = AccountId(make_proven(app, NEW))
    service(OrderService, app).adopt(account_id, NEW)
    database["webhook_events"].insert_one(
        {
            "_id": "stripe:evt_1", "gateway": "stripe", "digest": "0", "received_at": now(),
            "payload": f'{{"id": "x", "customer_email": "{OLD}"}}',
        }
    )  # fmt: skip
    work(app)
    send_everything(database)
    answer = desk.post(f"/admin/customers/{account_id}/erasure", {"confirmation": NEW})
    assert answer.status_code == 303, answer.text
    work(app)
    kept = {
        name: [each for each in map(str, database[name].find()) if OLD in each or NEW in each]
        for name in database.collections() - {"outbox"}
    }
    assert {name for name, found in kept.items() if found} == set()
    assert is_erased(desk.order.email)
    before = desk.order
    assert "Correct the mail address" not in desk.get(desk.path).text
    form = {"seen": before.email, "email": NEW}
    assert desk.post(f"{desk.path}/email", form).status_code == 409
    assert desk.order == before
