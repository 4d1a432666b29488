"""Gift cards in the panel: listed, issued once, looked up, disabled and voided."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from flask import Flask

from app.credit.codes import show_code
from app.credit.errors import NotUnspent
from app.credit.models import Cause, CreditState
from app.credit.service import CreditService
from app.db.database import Database
from app.identity.models import Role
from app.shared.ids import CreditId, OrderId
from app.shared.money import Money
from app.web.registry import service
from tests.support.credit import Bank
from tests.support.member import Mailbox, make_proven
from tests.support.people import entries, fields_of, last_change
from tests.support.shopper import HTMX, Shopper
from tests.support.staff import Staff

LIST = "/admin/gift-cards"
_CODE = re.compile(r"(?:[A-Z0-9]{4}-){3}[A-Z0-9]{4}")


@pytest.fixture
def bank(app: Flask) -> Bank:
    """The ledger."""
    return Bank(app)


def _issue_form(owner: Staff, **more: str) -> dict[str, str]:
    form = fields_of(owner.get(f"{LIST}/new"), LIST)
    return {**form, "amount": "25.00", "currency": "USD", **more}


def test_a_card_is_issued_once_and_its_code_shown_once(
    app: Flask, database: Database, bank: Bank, mailbox: Mailbox
) -> None:
    owner = Staff(app)
    form = _issue_form(owner, email="Bob@example.com", message="Enjoy", sender="Olive")
    answer = owner.post(LIST, form)
    shown = owner.follow(answer)
    (code,) = _CODE.findall(shown.text)
    again = owner.follow(owner.post(LIST, form))
    assert _CODE.findall(again.text) == []
    assert database["credit_accounts"].count_documents({}) == 1
    card = bank.credit.find_by_code(code)
    assert card is not None
    assert card.balance == Money(2500, "USD")
    assert bank.is_sound()
    (mail,) = mailbox.read("bob@example.com")
    assert code in str(mail)
    change = last_change(app, f"gift-card:{card.id}")
    assert change.before is None
    assert code not in repr(entries(app))
    assert len(entries(app)) == 1


def test_everybody_is_told_the_last_day_on_which_a_card_is_good(
    app: Flask, bank: Bank, mailbox: Mailbox, shopper: Shopper
) -> None:
    owner = Staff(app)
    form = _issue_form(owner, email="bob@example.com", expires_on="2031-05-31")
    page = owner.follow(owner.post(LIST, form)).text
    assert "May 31, 2031" in page
    (code,) = _CODE.findall(page)
    card = bank.credit.find_by_code(code)
    assert card is not None
    assert not card.is_expired(datetime(2031, 5, 31, 23, 59, 59, tzinfo=UTC))
    assert card.is_expired(datetime(2031, 6, 1, tzinfo=UTC))
    (mail,) = mailbox.read("bob@example.com")
    assert "until May 31, 2031" in str(mail)
    shopper.post("/gift-cards/balance", {"code": code})
    assert "until May 31, 2031" in shopper.get("/gift-cards").text


def test_only_who_issued_a_card_sees_its_code(app: Flask) -> None:
    owner, other = Staff(app), Staff(app, Role.MANAGER)
    answer = owner.post(LIST, _issue_form(owner))
    assert _CODE.findall(other.get(answer.location).text) == []
    assert len(_CODE.findall(owner.get(answer.location).text)) == 1
    assert _CODE.findall(owner.get(answer.location).text) == []


def test_a_form_sent_with_another_amount_issues_nothing(app: Flask, database: Database) -> None:
    owner = Staff(app)
    form = _issue_form(owner)
    owner.post(LIST, form)
    assert owner.post(LIST, {**form, "amount": "99"}).status_code == 409
    assert [each["balance"] for each in database["credit_accounts"].find()] == [2500]


def test_the_same_form_at_once_issues_one_card(app: Flask, bank: Bank, database: Database) -> None:
    def issue(_: int) -> CreditId:
        return bank.credit.issue_card(Money(500, "USD"), by="test", key="0" * 26).id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(issue, range(4)))) == 1
    assert database["credit_entries"].count_documents({}) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"amount": "ten"}, "Please enter a plain number"),
        ({"amount": "0"}, "above nothing"),
        ({"amount": "-5"}, "above nothing"),
        ({"email": "nobody"}, "valid e-mail address"),
        ({"expires_on": "2001-01-01"}, "still to come"),
        ({"key": "mine"}, "Please send the form once more."),
    ],
)
def test_what_cannot_be_issued_changes_nothing(
    app: Flask, database: Database, change: dict[str, str], said: str
) -> None:
    owner = Staff(app)
    answer = owner.post(LIST, _issue_form(owner, message="Enjoy", **change))
    assert answer.status_code == 422
    assert said in answer.text
    assert "Enjoy" in answer.text
    assert database["credit_accounts"].find_one() is None
    assert entries(app) == []


def test_accounts_are_listed_and_narrowed(app: Flask, bank: Bank) -> None:
    card, code = bank.card(2500)
    bank.card(900, "EUR")
    account_id = make_proven(app, "ann@example.com")
    bank.grant(account_id, 700)
    staff = Staff(app, Role.SUPPORT)
    every = staff.get(LIST).text
    for text in ("$25.00", "$7.00", "ann@example.com"):
        assert text in every
    assert "$7.00" not in staff.get(f"{LIST}?kind=gift_card").text
    assert "$25.00" not in staff.get(f"{LIST}?currency=EUR").text
    mine = staff.get(f"{LIST}?q={code[-4:].lower()}").text
    assert card in mine
    owned = staff.get(f"{LIST}?q=ann@example.com").text
    assert "$7.00" in owned
    assert "$25.00" not in owned
    assert "<html" not in staff.get(LIST, headers=HTMX).text


def test_a_code_is_looked_up_without_a_trace(app: Flask, bank: Bank) -> None:
    card, code = bank.card(2500)
    staff = Staff(app, Role.SUPPORT)
    found = staff.post(f"{LIST}/lookup", {"code": show_code(code).lower()})
    assert found.location == f"{LIST}/{card}"
    assert code not in found.location
    missing = staff.post(f"{LIST}/lookup", {"code": "AAAA-BBBB"})
    assert missing.status_code == 422
    assert "no gift card with this code" in missing.text
    assert "AAAA-BBBB" in missing.text
    assert entries(app) == []


def test_a_card_is_disabled_and_enabled(app: Flask, bank: Bank) -> None:
    card, _ = bank.card(2500)
    owner, path = Staff(app), f"{LIST}/{card}"
    for _ in range(2):
        assert owner.post(f"{path}/state", {"state": "disabled"}).status_code == 303
    assert bank.account(card).state is CreditState.DISABLED
    assert len(entries(app)) == 1
    assert owner.post(f"{path}/state", {"state": "active"}).status_code == 303
    assert bank.account(card).state is CreditState.ACTIVE
    change = last_change(app, f"gift-card:{card}")
    assert (change.before or {})["state"] == "disabled"


def test_an_unspent_card_is_voided_once(app: Flask, bank: Bank) -> None:
    card, _ = bank.card(2500)
    owner = Staff(app)
    for _ in range(2):
        assert owner.post(f"{LIST}/{card}/void", {}).status_code == 303
    assert bank.figures(card) == (0, 0, 0)
    assert bank.account(card).state is CreditState.DISABLED
    assert [each.cause for each in bank.credit.history(card)] == [Cause.ISSUE, Cause.VOID]
    assert bank.is_sound()
    assert len(entries(app)) == 1
    assert (last_change(app, f"gift-card:{card}").after or {})["balance"] == "0.00 USD"


def test_a_card_that_was_touched_is_not_voided(app: Flask, bank: Bank, database: Database) -> None:
    card, _ = bank.card(2500)
    database["credit_accounts"].update_one({"_id": card}, {"$inc": {"held": 1, "available": -1}})
    assert Staff(app).post(f"{LIST}/{card}/void", {}).status_code == 409
    assert bank.account(card).balance == Money(2500, "USD")
    assert entries(app) == []
    with pytest.raises(NotUnspent):
        bank.credit.void_card(bank.grant(make_proven(app, "a@x.example"), 100), by="test")


def test_a_card_that_an_order_sold_is_refunded_there(app: Flask, bank: Bank) -> None:
    database = service(Database, app)
    sold = CreditId("ord_1:1:1")
    database.in_transaction(
        lambda session: bank.credit.issue(
            Money(900, "USD"), by="order", session=session, credit_id=sold,
            order_id=OrderId("ord_1"),
        )
    )  # fmt: skip
    answer = Staff(app).post(f"{LIST}/{sold}/void", {})
    assert answer.status_code == 409
    assert bank.figures(sold) == (900, 0, 900)


def test_the_ledger_is_checked_on_the_page(app: Flask, bank: Bank, database: Database) -> None:
    card, _ = bank.card(2500)
    staff = Staff(app, Role.SUPPORT)
    assert "Every balance that changed" in staff.get(f"{LIST}/check").text
    database["credit_accounts"].update_one({"_id": card}, {"$inc": {"balance": 1, "available": 1}})
    assert "entries say 2500" in staff.get(f"{LIST}/check?days=30").text
    assert "entries say 2500" in staff.get(f"{LIST}/{card}").text


def test_an_analyst_sees_no_credit(app: Flask, bank: Bank) -> None:
    card, _ = bank.card(2500)
    assert Staff(app, Role.ANALYST).get(f"{LIST}/{card}").status_code == 403
    assert service(CreditService, app).get(card).balance == Money(2500, "USD")
