"""The panel is in English for everybody; what it has written to somebody is in their language."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from app.admin.gift_card_routes import blueprint
from app.db.database import Database
from app.identity.models import Role
from app.shared.ids import AccountId
from app.web.language import COOKIE
from tests.support.catalog import CatalogMaker
from tests.support.dispatching import send_everything
from tests.support.gateways import Sandbox
from tests.support.member import Mailbox, Member, make_proven
from tests.support.orders import OrderMaker
from tests.support.people import fields_of, last_change, work
from tests.support.pseudo import LANGUAGE, speak_pseudo
from tests.support.shopper import HTMX, Shopper
from tests.support.staff import Staff

ANN = "ann@example.com"


def _reader(app: Flask, role: Role = Role.OWNER) -> Staff:
    """Somebody who works here and reads the shop in German."""
    staff = Staff(app, role)
    staff.client.set_cookie(COOKIE, LANGUAGE)
    return staff


@pytest.mark.parametrize("role", [Role.OWNER, Role.ANALYST])
def test_every_page_is_english_whatever_the_shop_is_read_in(
    app: Flask, catalog: CatalogMaker, monkeypatch: pytest.MonkeyPatch, role: Role
) -> None:
    speak_pseudo(monkeypatch)
    catalog.mug()
    OrderMaker(app).paid("mug")
    staff = _reader(app, role)
    assert "⟦" in staff.get("/account").text
    pages = [rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    paths = {re.sub(r"<[^>]+>", "none", page) for page in pages}
    for path in sorted(each for each in paths if re.match(r"/admin(/|$)", each)):
        for headers in ({}, HTMX):
            page = staff.get(path, headers=headers)
            assert "⟦" not in page.get_data(as_text=True), path
    assert '<html lang="en">' in staff.get("/admin").text


def test_what_a_form_answers_and_what_is_noted_is_english_too(
    app: Flask, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    speak_pseudo(monkeypatch)
    owner, path = _reader(app), blueprint.url_prefix
    form = {**fields_of(owner.get(f"{path}/new"), str(path)), "amount": "25.00"}
    refused = owner.post(str(path), {**form, "email": "nobody"})
    assert refused.status_code == 422
    assert "⟦" not in refused.text
    answer = owner.post(str(path), form)
    assert "⟦" not in owner.follow(answer).text
    card = answer.location.rsplit("/", 1)[-1]
    assert "⟦" not in last_change(app, f"gift-card:{card}").label
    disabled = owner.post(f"{path}/{card}/state", {"state": "disabled"})
    assert "It cannot be spent any more" in owner.follow(disabled).text


def test_who_does_not_work_here_is_turned_away_in_their_own_language(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    speak_pseudo(monkeypatch)
    member = Member(app)
    member.register()
    member.client.set_cookie(COOKIE, LANGUAGE)
    assert "⟦Your role in this shop does not allow that." in member.get("/admin").text


@pytest.mark.parametrize(
    ("language", "subject"), [("en", "Your gift card"), ("hi", "आपका गिफ़्ट कार्ड")]
)
def test_a_gift_card_is_sent_in_the_language_that_its_form_says(
    app: Flask, mailbox: Mailbox, language: str, subject: str
) -> None:
    owner, path = _reader(app), str(blueprint.url_prefix)
    form = fields_of(owner.get(f"{path}/new"), path)
    assert form["language"] == "en"  # of the shop's own market
    owner.post(path, {**form, "amount": "25.00", "email": ANN, "language": language})
    assert mailbox.subjects(ANN) == [subject]


def test_a_customer_is_written_to_in_the_language_of_their_last_order(
    app: Flask, database: Database, mailbox: Mailbox
) -> None:
    ann = AccountId(make_proven(app, ANN))
    order = OrderMaker(app).paid("mug", account_id=ann)
    database["orders"].update_one({"_id": order}, {"$set": {"language": "hi"}})
    send_everything(database)
    work(app)
    owner, path = _reader(app), f"/admin/customers/{ann}"
    owner.post(f"{path}/reset", {})
    assert mailbox.subjects(ANN)[-1] == "नया पासवर्ड सेट करें"
    owner.post(f"{path}/erasure", {"confirmation": ANN})
    assert mailbox.subjects(ANN)[-1] == "आपका अकाउंट हटा दिया गया है"


def test_staff_are_told_of_low_stock_in_english_whoever_bought(
    app: Flask, catalog: CatalogMaker, shopper: Shopper, sandbox: Sandbox, mailbox: Mailbox
) -> None:
    owner = Staff(app)
    catalog.mug(stock=6)
    shopper.post("/market", {"market": "US", "language": "de"})
    shopper.add("MUG", quantity=2)
    answer = shopper.check_out()
    assert shopper.come_back(sandbox, answer.location, "stripe").status_code == 303
    (mail,) = mailbox.read(owner.email)
    page = mail.get_body(("html",))
    assert page is not None
    assert '<html lang="en">' in page.get_content()
