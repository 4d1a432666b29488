"""Keys that change: no payment is lost or made twice by it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests
from flask import Flask

from app.checkout.audit import Audit
from app.checkout.reconciliation import Reconciler
from app.checkout.settlement import Settlement
from app.db.database import Database
from app.payments.errors import GatewayUnreachable
from app.payments.gateways.switchboard import Switchboard
from app.payments.keys import KeySet
from app.shared.errors import Conflict
from app.shared.ids import AttemptId
from app.shared.money import Money
from app.shop.service import StoredSettings
from app.web.registry import service
from dev.stack import Stack
from tests.admin.gateways.keys import ELSEWHERE, GATEWAYS, PAGE, own_keys, replace
from tests.support.aftersales import Staff as Desk
from tests.support.forms import filled_form
from tests.support.gateways import Sandbox
from tests.support.shopper import Shopper
from tests.support.staff import Staff


def _attempt(database: Database) -> AttemptId:
    (document,) = database["payment_attempts"].find()
    return AttemptId(document["_id"])


# --- payments that are under way ------------------------------------------------------------------


@GATEWAYS
@pytest.mark.parametrize("change", ["replaced", "removed"])
def test_a_payment_begun_before_a_change_is_settled_with_its_own_keys(
    app: Flask, owner: Staff, ready: Shopper, sandbox: Sandbox, stack: Stack,
    gateway: str, change: str,
) -> None:  # fmt: skip
    page = ready.check_out(gateway=gateway).location
    if change == "replaced":
        replace(app, gateway, ELSEWHERE[gateway])
    else:
        path = f"{PAGE}/{gateway}/removal"
        assert owner.post(path, filled_form(owner.get(PAGE), path)).status_code == 303
        assert service(Switchboard, app).offered((gateway,)) == ()
    back = ready.come_back(sandbox, page, gateway)
    assert "Thank you" in ready.get(back.location).text
    assert [amount for _, amount in sandbox.captures()] == [2745]
    assert sandbox.ledger()["sessions"] == 1
    if change == "replaced":  # the audit needs an answer from the keys in use alone
        replace(app, gateway, own_keys(stack, gateway))
    assert service(Audit, app).run(timedelta(hours=1)) == []


@GATEWAYS
def test_what_was_paid_with_earlier_keys_is_paid_back_with_them(
    app: Flask, ready: Shopper, sandbox: Sandbox, gateway: str
) -> None:
    ready.pay(sandbox, gateway)
    replace(app, gateway, ELSEWHERE[gateway])
    desk = Desk(app)
    desk.cancelling.cancel(desk.order.id)
    assert sandbox.captures() == []


@GATEWAYS
def test_switching_the_gateway_closes_the_payment_of_earlier_keys_first(
    app: Flask, ready: Shopper, sandbox: Sandbox, gateway: str
) -> None:
    other = {"stripe": "razorpay", "razorpay": "stripe"}[gateway]
    first = ready.check_out(gateway=gateway).location
    ready.approve(sandbox, first, gateway)
    replace(app, gateway, ELSEWHERE[gateway])
    second = ready.check_out(gateway=other)
    assert sandbox.ledger()["sessions"] == 1, second.location
    assert [amount for _, amount in sandbox.captures()] == [2745]


@GATEWAYS
def test_without_its_keys_a_payment_stays_open_is_named_and_never_made_twice(
    app: Flask, owner: Staff, ready: Shopper, sandbox: Sandbox, database: Database, stack: Stack,
    gateway: str,
) -> None:  # fmt: skip
    other = {"stripe": "razorpay", "razorpay": "stripe"}[gateway]
    ready.approve(sandbox, ready.check_out(gateway=gateway).location, gateway)
    database["shop_settings"].delete_one({"_id": f"gateway:{gateway}"})
    service(StoredSettings, app).follower.renew()
    attempt_id = _attempt(database)
    again = ready.check_out(gateway=other)
    assert again.location == f"/payments/{attempt_id}"
    assert "do not pay again" in ready.get(again.location).text
    service(Reconciler, app).run(timedelta(0))  # goes on with everything else
    assert sandbox.captures() == []
    assert sandbox.ledger()["sessions"] == 1
    (document,) = database["payment_attempts"].find()
    assert (document["state"], document["open"]) == ("open", True)
    assert document["order_number"] in owner.get(PAGE).text
    replace(app, gateway, own_keys(stack, gateway))  # the keys are brought back
    service(Settlement, app).settle(attempt_id)
    assert [amount for _, amount in sandbox.captures()] == [2745]
    assert document["order_number"] not in owner.get(PAGE).text


@GATEWAYS
def test_an_unopened_payment_is_never_opened_in_another_account(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, stack: Stack, gateway: str
) -> None:
    sandbox.fault("drop_after", gateway=gateway, count=None)
    ready.check_out(gateway=gateway)
    requests.delete(f"{sandbox.url}/sandbox/faults", timeout=5)
    attempt_id = _attempt(database)
    database["payment_attempts"].update_one({}, {"$set": {"keys": "an account that is gone"}})
    before = sandbox.ledger()["sessions"]
    assert service(Settlement, app).settle(attempt_id).state.value == "created"
    assert sandbox.ledger()["sessions"] == before
    chain = service(Switchboard, app).reach(gateway, "an account that is gone")
    attempt = service(Settlement, app).settle(attempt_id)
    with pytest.raises(GatewayUnreachable):
        chain.open(attempt)


@GATEWAYS
def test_what_may_be_of_any_account_is_not_refused_by_one_of_them(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, stack: Stack, gateway: str
) -> None:
    # The sandbox has one account, and other keys are not known: that is no refusal.
    replace(app, gateway, ELSEWHERE[gateway])
    replace(app, gateway, own_keys(stack, gateway))
    chain = service(Switchboard, app).reach(gateway, "")
    with pytest.raises(GatewayUnreachable):
        chain.refund("pi_elsewhere", Money(100, "USD"), "key-of-ten-letters")


# --- earlier keys ---------------------------------------------------------------------------------


@GATEWAYS
def test_earlier_keys_are_used_again(
    app: Flask, owner: Staff, ready: Shopper, sandbox: Sandbox, gateway: str
) -> None:
    board = service(Switchboard, app)
    used = board.keys_of(gateway)
    replace(app, gateway, ELSEWHERE[gateway])
    (earlier,) = board.keyring.read(gateway).retired
    path = f"{PAGE}/{gateway}/keys/{earlier.entry}/use"
    form = filled_form(owner.get(PAGE), path)
    assert [owner.post(path, form).status_code for _ in range(2)] == [303, 303]
    assert board.keys_of(gateway) == used
    assert len(board.keyring.read(gateway).retired) == 1


@GATEWAYS
def test_earlier_keys_are_forgotten_once_nothing_needs_them(
    app: Flask, owner: Staff, ready: Shopper, sandbox: Sandbox, gateway: str
) -> None:
    page = ready.check_out(gateway=gateway).location
    replace(app, gateway, ELSEWHERE[gateway])
    ring = service(Switchboard, app).keyring
    (earlier,) = ring.read(gateway).retired
    path = f"{PAGE}/{gateway}/keys/{earlier.entry}/removal"
    refused = owner.post(path, filled_form(owner.get(PAGE), path))
    assert refused.status_code == 409
    assert "Open payments need these keys" in refused.text
    assert ring.read(gateway).retired == (earlier,)
    ready.come_back(sandbox, page, gateway)
    assert owner.post(path, filled_form(owner.get(PAGE), path)).status_code == 303
    assert ring.read(gateway).retired == ()


@GATEWAYS
def test_earlier_keys_stay_as_long_as_a_refund_needs_them(
    app: Flask, owner: Staff, ready: Shopper, sandbox: Sandbox, gateway: str
) -> None:
    ready.pay(sandbox, gateway)
    replace(app, gateway, ELSEWHERE[gateway])
    sandbox.fault("error_500", gateway=gateway, path="refund", count=None)
    desk = Desk(app)
    desk.cancelling.cancel(desk.order.id)
    ring = service(Switchboard, app).keyring
    (earlier,) = ring.read(gateway).retired
    path = f"{PAGE}/{gateway}/keys/{earlier.entry}/removal"
    assert owner.post(path, filled_form(owner.get(PAGE), path)).status_code == 409
    assert ring.read(gateway).retired == (earlier,)


def test_no_more_than_a_few_earlier_keys_are_kept(app: Flask) -> None:
    ring = service(Switchboard, app).keyring
    for number in range(6):
        keys = {**ELSEWHERE["stripe"], "secret_key": f"sk_test_number00{number}"}
        ring.enter("stripe", keys, ring.read("stripe").version)
    with pytest.raises(Conflict):
        ring.enter("stripe", ELSEWHERE["stripe"], ring.read("stripe").version)
    assert len(ring.read("stripe").retired) == 5


def test_keys_show_no_secret_of_theirs() -> None:
    keys = KeySet(gateway="stripe", secrets=ELSEWHERE["stripe"], source="stored")
    assert "another" not in repr(keys)
