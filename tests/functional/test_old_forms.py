"""Forms of a tab that was opened before somebody logged out, or in as another, in another tab."""

from __future__ import annotations

import pytest
from bs4 import Tag
from flask import Flask
from werkzeug.test import TestResponse

from app.identity.models import Role
from tests.support import aftersales
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox, form_fields
from tests.support.member import PASSWORD, Member, make_proven
from tests.support.shopper import HTMX, soup
from tests.support.staff import Staff

OURS = {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}
LOOKUP = {"number": "MX-1", "email": "ann+old@example.com"}


@pytest.fixture
def member(app: Flask) -> Member:
    """Ann, logged in."""
    make_proven(app, "ann@example.com")
    ann = Member(app)
    ann.log_in()
    return ann


def again(answer: TestResponse) -> Tag | None:
    """The form with which a refused one can be sent again."""
    path = answer.request.path
    return soup(answer).select_one(f"main form[action^='{path}'], .alert form[action^='{path}']")


@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
@pytest.mark.parametrize("who", ["nobody", "another"])
def test_what_was_typed_before_a_log_out_can_still_be_sent(
    app: Flask, member: Member, htmx: bool, who: str
) -> None:
    old = {"csrf_token": member.token(), **LOOKUP, "extra": "<b>&\"'"}
    member.log_out()
    if who == "another":
        make_proven(app, "bob@example.com")
        member.email = "bob@example.com"
        member.log_in()
    headers = {**OURS, **(HTMX if htmx else {})}
    refused = member.client.post("/orders/lookup", data=old, headers=headers)
    assert refused.status_code == 403
    assert refused.headers["Cache-Control"] == "no-store"
    assert "You have logged out or in since you opened this form" in refused.text
    form = again(refused)
    assert form is not None
    fields = form_fields(form)
    assert {**fields, "csrf_token": ""} == {**old, "csrf_token": ""}
    answer = member.client.post(str(form["action"]), data=fields, headers=OURS)
    assert answer.status_code == 422
    assert "ann+old@example.com" in answer.text


def test_a_return_of_before_a_log_out_is_asked_for_once(
    app: Flask, member: Member, catalog: CatalogMaker, sandbox: Sandbox
) -> None:
    member.add(catalog.mug(stock=5), 1)
    member.pay(sandbox)
    table = aftersales.Staff(app)
    table.ship()
    form = soup(member.get(table.url)).select_one("form[action$='/returns']")
    assert form is not None
    old = {**form_fields(form), "quantity-1": "1", "reason": "damaged", "comment": "It is cracked."}
    member.log_out()
    path = f"/orders/{table.order.number}/returns"
    refused = member.client.post(path, data=old, headers=OURS)
    assert table.order.returns == 0
    confirmed = again(refused)
    assert confirmed is not None
    for _ in range(2):
        answer = member.client.post(path, data=form_fields(confirmed), headers=OURS)
        assert answer.status_code == 303
    (asked,) = table.returns.of_order(table.order.id)
    assert asked.comment == "It is cracked."


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
    ],
)
def test_what_may_have_been_filled_in_elsewhere_is_not_kept(
    member: Member, headers: dict[str, str]
) -> None:
    old = {"csrf_token": member.token(), **LOOKUP}
    member.log_out()
    refused = member.client.post("/orders/lookup", data=old, headers=headers)
    assert refused.status_code == 403
    assert again(refused) is None
    assert "ann+old@example.com" not in refused.text


@pytest.mark.parametrize(
    "path",
    [
        "/account/login",
        "/account/register",
        "/account/password",
        "/account/addresses",
        "/cart/coupons",
        "/cart/gift-cards",
        "/gift-cards/balance",
        "/checkout",
        "/admin/products",
        "/admin/categories",
    ],
)
def test_secrets_money_accounts_and_the_panel_are_not_kept(app: Flask, path: str) -> None:
    staff = Staff(app, Role.OWNER)
    old = {"csrf_token": staff.token(), "code": "ABCD", "password": PASSWORD}
    staff.log_out()
    make_proven(app, "bob@example.com")
    for email in ("", "bob@example.com"):  # nobody, then another
        if email:
            staff.email = email
            staff.log_in()
        refused = staff.client.post(path, data=old, headers=OURS)
        assert refused.status_code in {403, 405}
        assert again(refused) is None
        assert PASSWORD not in refused.text


def test_files_are_not_kept(member: Member) -> None:
    old = {"csrf_token": member.token(), **LOOKUP}
    member.log_out()
    refused = member.client.post(
        "/orders/lookup", data=old, headers=OURS, content_type="multipart/form-data"
    )
    assert refused.status_code == 403
    assert again(refused) is None
