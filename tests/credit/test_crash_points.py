"""kill -9 where credit is spent and given back; the next one who looks finishes it."""

from __future__ import annotations

import json
from functools import partial

import pytest
from flask import Flask

from app.checkout.audit import Audit
from app.db.database import Database
from app.orders.models import OrderState
from app.shared.clock import now
from app.web.registry import service
from tests.integration.test_crash_points import REFUNDING, SETTLING, VOIDING, _recover
from tests.support.aftersales import Staff
from tests.support.credit import Bank, enter_card
from tests.support.dying import die
from tests.support.gateways import Sandbox
from tests.support.payments import attempt_of, kept
from tests.support.shopper import Shopper

_die = partial(die, "tests.support.crash")


def test_the_button_dies_after_an_order_with_nothing_due(
    app: Flask, ready: Shopper, bank: Bank, database: Database, environment: dict[str, str]
) -> None:
    card, code = bank.card(9000)
    enter_card(ready, code)
    form = ready.checkout_form()
    names = ("mossx_cart", "mossx_visitor")
    cookies = {name: ready.client.get_cookie(name).value for name in names}
    point = "nothing due: paid, not answered"
    _die(environment, point, "checkout", json.dumps(cookies), json.dumps(form))
    assert bank.figures(card) == (4110, 0, 4110)
    database["idempotency_keys"].update_many({}, {"$set": {"locked_until": now()}})
    again = ready.client.post("/checkout", data=form)
    assert again.status_code == 303
    assert "Your payment of $48.90" in ready.get(again.location).text
    assert database["orders"].count_documents({}) == 1
    assert bank.figures(card) == (4110, 0, 4110)
    assert bank.is_sound()


@pytest.mark.parametrize("point", SETTLING)
def test_settling_dies(
    app: Flask,
    ready: Shopper,
    bank: Bank,
    sandbox: Sandbox,
    database: Database,
    environment: dict[str, str],
    point: str,
) -> None:
    card, code = bank.card(2000)
    enter_card(ready, code)
    ready.approve(sandbox, ready.check_out().location, "stripe")
    _die(environment, point, "settle", attempt_of(database)["_id"])
    _recover(app, database)
    assert kept(sandbox) == [2890]
    assert bank.figures(card) == (0, 0, 0)
    assert bank.is_sound()
    assert service(Audit, app).run() == []


@pytest.mark.parametrize("point", VOIDING)
def test_ending_a_claim_dies(
    app: Flask,
    ready: Shopper,
    bank: Bank,
    sandbox: Sandbox,
    database: Database,
    environment: dict[str, str],
    point: str,
) -> None:
    card, code = bank.card(2000)
    enter_card(ready, code)
    ready.approve(sandbox, ready.check_out().location, "stripe")
    _die(environment, "claimed, unsent", "settle", attempt_of(database)["_id"])
    sandbox.lapse()
    _die(environment, point, "settle", attempt_of(database)["_id"])
    _recover(app, database)
    assert Staff(app).order.state is OrderState.CANCELLED
    assert bank.figures(card) == (2000, 0, 2000)
    assert bank.is_sound()


@pytest.mark.parametrize("point", REFUNDING)
def test_refunding_dies_between_the_gateway_s_part_and_the_card_s(
    app: Flask,
    ready: Shopper,
    bank: Bank,
    sandbox: Sandbox,
    database: Database,
    environment: dict[str, str],
    point: str,
) -> None:
    card, code = bank.card(4000)
    enter_card(ready, code)
    ready.pay(sandbox)
    order = Staff(app).order
    _die(environment, point, "refund", order.id, "2145")
    assert bank.figures(card) == (0, 0, 0)
    _recover(app, database)
    assert [each["amount"] for each in sandbox.ledger()["refunds"]] == [890]
    assert bank.figures(card) == (1255, 0, 1255)
    assert Staff(app).order.refunded.minor == 2145
    assert [each["state"] for each in database["refunds"].find({})] == ["succeeded"]
    assert bank.is_sound()
    assert service(Audit, app).run() == []


@pytest.mark.parametrize("point", ["refund stored, unsent", "refund seen, not booked"])
def test_refunding_to_a_card_alone_dies(
    app: Flask,
    ready: Shopper,
    bank: Bank,
    sandbox: Sandbox,
    database: Database,
    environment: dict[str, str],
    point: str,
) -> None:
    card, code = bank.card(9000)
    enter_card(ready, code)
    ready.check_out()
    _die(environment, point, "refund", Staff(app).order.id)
    _recover(app, database)
    assert bank.figures(card) == (4110 + 2145, 0, 4110 + 2145)
    assert bank.is_sound()


def test_the_button_dies_between_an_earlier_order_and_the_one_in_its_place(
    app: Flask, ready: Shopper, bank: Bank, database: Database, environment: dict[str, str]
) -> None:
    card, code = bank.card(2500)
    enter_card(ready, code)
    assert ready.check_out().status_code == 303
    form = ready.checkout_form(email="b@example.com")
    names = ("mossx_cart", "mossx_visitor")
    cookies = {name: ready.client.get_cookie(name).value for name in names}
    point = "earlier order withdrawn, none placed"
    _die(environment, point, "checkout", json.dumps(cookies), json.dumps(form))
    assert [order["state"] for order in database["orders"].find({})] == ["cancelled"]
    database["idempotency_keys"].update_many({}, {"$set": {"locked_until": now()}})
    again = ready.client.post("/checkout", data=form)
    assert again.status_code == 303, again.text
    assert bank.figures(card) == (2500, 2500, 0)
    assert database["credit_holds"].count_documents({"state": "held"}) == 1
    assert bank.is_sound()
