"""Keys by hand: secret, used everywhere at once, and no payment is lost or made twice by a change.

The sandbox is one account with one set of keys. An application without keys in its environment
gets them by the form; other keys are an account that the sandbox does not know.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from datetime import timedelta
from pathlib import Path

import pytest
import requests
import structlog
from flask import Flask

from app import create_app
from app.audit_log.models import AuditFilter
from app.audit_log.service import AuditLog
from app.checkout.audit import Audit
from app.checkout.reconciliation import Reconciler
from app.checkout.settlement import Settlement
from app.db.database import Database
from app.payments.errors import GatewayUnreachable
from app.payments.gateways.switchboard import Switchboard
from app.payments.keys import FIELDS, KeySet
from app.shared.errors import Conflict
from app.shared.ids import AttemptId
from app.shared.money import Money
from app.shop.service import StoredSettings
from app.web.registry import service
from dev.stack import Stack
from tests.support.aftersales import Staff as Desk
from tests.support.catalog import CatalogMaker
from tests.support.forms import errors, filled_form
from tests.support.gateways import Sandbox
from tests.support.shopper import Shopper
from tests.support.staff import Staff

PAGE = "/admin/settings/gateways"
GATEWAYS = pytest.mark.parametrize("gateway", ["stripe", "razorpay"])
ELSEWHERE = {
    "stripe": {"secret_key": "sk_test_another0000", "webhook_secret": "whsec_another0000"},
    "razorpay": {
        "key_id": "rzp_test_another0",
        "key_secret": "anothersecret00",
        "webhook_secret": "anotherwebhook00",
    },
}


def _own(stack: Stack, gateway: str) -> dict[str, str]:
    """The keys that the sandbox knows."""
    return {name: stack.environment[f"{gateway}_{name}".upper()] for name in FIELDS[gateway]}


@pytest.fixture
def environment(stack: Stack, tmp_path: Path) -> dict[str, str]:
    """An environment without any gateway's keys."""
    names = {f"{gateway}_{name}".upper() for gateway, all_ in FIELDS.items() for name in all_}
    without = {name: value for name, value in stack.environment.items() if name not in names}
    return {**without, "MOSSX_DATA_DIR": str(tmp_path)}


def _enter(owner: Staff, gateway: str, keys: dict[str, str]) -> object:
    path = f"{PAGE}/{gateway}/keys"
    return owner.post(path, filled_form(owner.get(PAGE), path, **keys))


def _replace(app: Flask, gateway: str, keys: dict[str, str]) -> None:
    """Put other keys in place, without asking the gateway."""
    ring = service(Switchboard, app).keyring
    ring.enter(gateway, keys, ring.read(gateway).version)


@pytest.fixture
def ready(
    app: Flask,
    owner: Staff,
    stack: Stack,
    catalog: CatalogMaker,
    shopper: Shopper,
    sandbox: Sandbox,
) -> Shopper:
    """A shopper with a mug in the cart, in a shop with both gateways."""
    for gateway in FIELDS:
        assert _enter(owner, gateway, _own(stack, gateway)).status_code == 303
    catalog.mug()
    shopper.add("MUG")
    return shopper


def _attempt(database: Database) -> AttemptId:
    (document,) = database["payment_attempts"].find()
    return AttemptId(document["_id"])


# --- entering -------------------------------------------------------------------------------------


@GATEWAYS
def test_keys_that_are_entered_are_used_at_once(
    app: Flask, owner: Staff, stack: Stack, catalog: CatalogMaker, shopper: Shopper, sandbox: Sandbox,
    gateway: str,
) -> None:  # fmt: skip
    catalog.mug()
    shopper.add("MUG")
    assert service(Switchboard, app).offered((gateway,)) == ()
    assert _enter(owner, gateway, _own(stack, gateway)).status_code == 303
    assert "Thank you" in shopper.pay(sandbox, gateway).text
    assert [amount for _, amount in sandbox.captures()] == [2745]
    page = owner.get(PAGE).text
    assert f"…{_own(stack, gateway)[FIELDS[gateway][0]][-4:]}" in page
    assert f"/webhooks/{gateway}" in page


@GATEWAYS
def test_no_key_is_ever_shown_logged_or_stored_as_it_is(
    app: Flask, owner: Staff, stack: Stack, database: Database, gateway: str
) -> None:
    keys = _own(stack, gateway)
    with structlog.testing.capture_logs() as lines:
        answers = [
            _enter(owner, gateway, keys),
            _enter(owner, gateway, ELSEWHERE[gateway]),
            _enter(owner, gateway, {**keys, "webhook_secret": "odd"}),
        ]
        _replace(app, gateway, ELSEWHERE[gateway])
    said = "".join(answer.text for answer in answers)
    said += owner.get(PAGE).text + owner.get("/admin/audit").text + repr(lines)
    entries = service(AuditLog, app).list(AuditFilter(subject=f"gateway:{gateway}"), 9)
    assert len(entries) == 1
    said += owner.get(f"/admin/audit/{entries[0].id}").text
    said += "".join(repr(list(database[name].find())) for name in database.collections())
    said += repr(service(Switchboard, app).keyring.of(gateway))
    for value in (*keys.values(), *ELSEWHERE[gateway].values()):
        assert value not in said
    assert entries[0].changes[0].before["stored"] is None
    assert keys[FIELDS[gateway][0]][-4:] in entries[0].changes[0].after["stored"]


@GATEWAYS
def test_keys_that_the_gateway_refuses_are_not_stored(
    app: Flask, owner: Staff, sandbox: Sandbox, gateway: str
) -> None:
    answer = _enter(owner, gateway, ELSEWHERE[gateway])
    assert answer.status_code == 422
    assert "refuses this key" in answer.text
    assert service(Switchboard, app).keyring.read(gateway).current is None
    assert service(AuditLog, app).list(AuditFilter(), 9) == []


def test_what_cannot_be_a_key_is_named_beside_its_field(owner: Staff) -> None:
    answer = _enter(owner, "stripe", {"secret_key": "pk_live_public00", "webhook_secret": ""})
    assert set(errors(answer)) == {"stripe-secret_key", "stripe-webhook_secret"}
    assert "pk_live_public00" not in answer.text
    assert owner.post(f"{PAGE}/paypal/keys", {}).status_code == 404


@pytest.mark.parametrize(
    ("gateway", "field", "typed"),
    [
        ("stripe", "secret_key", "sk_test_कुंजीकुंजीकुंजी"),
        ("razorpay", "key_secret", "geheimnisvoll–1"),
    ],
)
def test_a_key_that_no_header_takes_is_not_stored(
    app: Flask, owner: Staff, gateway: str, field: str, typed: str
) -> None:
    answer = _enter(owner, gateway, {**ELSEWHERE[gateway], field: typed})
    assert set(errors(answer)) == {f"{gateway}-{field}"}
    assert service(Switchboard, app).keyring.read(gateway).current is None


def test_two_owners_at_once_are_told(
    app: Flask, owner: Staff, stack: Stack, sandbox: Sandbox
) -> None:
    path, keys = f"{PAGE}/stripe/keys", _own(stack, "stripe")
    form = filled_form(owner.get(PAGE), path, **keys)
    _replace(app, "stripe", ELSEWHERE["stripe"])
    clash = owner.post(path, form)
    assert clash.status_code == 409
    assert "…0000" in clash.text
    assert f"…{keys['secret_key'][-4:]}" in clash.text
    assert owner.post(path, filled_form(clash, path, **keys)).status_code == 303
    form = filled_form(owner.get(PAGE), path, **keys)
    assert owner.post(path, form).status_code == 303  # once more changes nothing
    assert service(Switchboard, app).keyring.read("stripe").version == 2


@GATEWAYS
def test_the_environments_keys_win(
    environment: dict[str, str], app: Flask, stack: Stack, sandbox: Sandbox, gateway: str
) -> None:
    _replace(app, gateway, ELSEWHERE[gateway])
    both = create_app({**stack.environment, "MOSSX_DATA_DIR": environment["MOSSX_DATA_DIR"]})
    keys = service(Switchboard, both).keyring.of(gateway)
    assert keys.current == keys.environment
    page = Staff(both).get(PAGE).text
    assert "the environment&#39;s keys win" in page or "the environment's keys win" in page
    service(Database, both).close()


@GATEWAYS
def test_checking_asks_the_gateway(
    app: Flask, owner: Staff, ready: Shopper, sandbox: Sandbox, gateway: str
) -> None:
    path = f"{PAGE}/{gateway}/check"
    assert "knows these keys" in owner.post(path, {}).text
    sandbox.fault("error_500", gateway=gateway, count=None)
    assert "did not answer" in owner.post(path, {}).text
    entries = service(AuditLog, app).list(AuditFilter(action="admin_gateways.check"), 9)
    assert entries == []


@GATEWAYS
def test_a_check_of_refused_keys_says_so(
    app: Flask, owner: Staff, sandbox: Sandbox, gateway: str
) -> None:
    _replace(app, gateway, ELSEWHERE[gateway])
    assert "refuses these keys" in owner.post(f"{PAGE}/{gateway}/check", {}).text


def test_another_key_of_the_shop_locks_them_and_says_so(
    app: Flask, environment: dict[str, str], stack: Stack
) -> None:
    _replace(app, "stripe", _own(stack, "stripe"))
    other = create_app(
        {**environment, "SECRET_KEY": "another secret of at least thirty-two letters"}
    )
    assert service(Switchboard, other).offered(("stripe",)) == ()
    assert "SECRET_KEY was changed" in Staff(other).get(PAGE).text
    service(Database, other).close()


# --- every process --------------------------------------------------------------------------------


@GATEWAYS
def test_another_process_uses_them_within_seconds(
    app: Flask, environment: dict[str, str], ready: Shopper, stack: Stack, gateway: str
) -> None:
    other = create_app(environment)
    board = service(Switchboard, other)
    assert board.offered((gateway,)) == (gateway,)
    used = board.keys_of(gateway)
    _replace(app, gateway, ELSEWHERE[gateway])
    until = time.monotonic() + 5
    while board.keys_of(gateway) == used:
        assert time.monotonic() < until
        time.sleep(0.05)
    service(Database, other).close()


# --- webhooks -------------------------------------------------------------------------------------


def _signed(gateway: str, secret: str, body: bytes) -> dict[str, str]:
    if gateway == "razorpay":
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return {"X-Razorpay-Signature": signature}
    moment = int(time.time())
    signed = f"{moment}.".encode() + body
    signature = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={moment},v1={signature}"}


def _webhook(shopper: Shopper, gateway: str, secret: str, name: str) -> int:
    body = json.dumps(
        {"id": name, "type": "x", "event": name, "payload": {}, "data": {"object": {}}}
    ).encode()
    headers = {**_signed(gateway, secret, body), "Content-Type": "application/json"}
    return shopper.client.post(f"/webhooks/{gateway}", data=body, headers=headers).status_code


@GATEWAYS
def test_the_secret_before_counts_for_a_day(
    app: Flask, owner: Staff, ready: Shopper, stack: Stack, database: Database, gateway: str
) -> None:
    old = _own(stack, gateway)
    new = {**old, "webhook_secret": "whsec_renewed000000"}
    assert _webhook(ready, gateway, old["webhook_secret"], "evt_1") == 200
    assert _enter(owner, gateway, new).status_code == 303
    assert _webhook(ready, gateway, new["webhook_secret"], "evt_2") == 200
    assert _webhook(ready, gateway, old["webhook_secret"], "evt_3") == 200
    assert _webhook(ready, gateway, "whsec_nobodys00000", "evt_4") == 400
    stored = database["shop_settings"].find_one({"_id": f"gateway:{gateway}"})
    assert stored is not None
    (retired,) = stored["values"]["retired"]
    yesterday = retired["retired_at"].replace(retired["retired_at"][:4], "2020", 1)
    database["shop_settings"].update_one(
        {"_id": stored["_id"]},
        {"$set": {"values.retired.0.retired_at": yesterday}, "$inc": {"version": 1}},
    )
    service(StoredSettings, app).follower.renew()
    assert _webhook(ready, gateway, old["webhook_secret"], "evt_5") == 400
    assert _webhook(ready, gateway, new["webhook_secret"], "evt_6") == 200
    assert "Last webhook" in owner.get(PAGE).text


# --- payments that are under way ------------------------------------------------------------------


@GATEWAYS
@pytest.mark.parametrize("change", ["replaced", "removed"])
def test_a_payment_begun_before_a_change_is_settled_with_its_own_keys(
    app: Flask, owner: Staff, ready: Shopper, sandbox: Sandbox, stack: Stack,
    gateway: str, change: str,
) -> None:  # fmt: skip
    page = ready.check_out(gateway=gateway).location
    if change == "replaced":
        _replace(app, gateway, ELSEWHERE[gateway])
    else:
        path = f"{PAGE}/{gateway}/removal"
        assert owner.post(path, filled_form(owner.get(PAGE), path)).status_code == 303
        assert service(Switchboard, app).offered((gateway,)) == ()
    back = ready.come_back(sandbox, page, gateway)
    assert "Thank you" in ready.get(back.location).text
    assert [amount for _, amount in sandbox.captures()] == [2745]
    assert sandbox.ledger()["sessions"] == 1
    if change == "replaced":  # the audit needs an answer from the keys in use alone
        _replace(app, gateway, _own(stack, gateway))
    assert service(Audit, app).run(timedelta(hours=1)) == []


@GATEWAYS
def test_what_was_paid_with_earlier_keys_is_paid_back_with_them(
    app: Flask, ready: Shopper, sandbox: Sandbox, gateway: str
) -> None:
    ready.pay(sandbox, gateway)
    _replace(app, gateway, ELSEWHERE[gateway])
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
    _replace(app, gateway, ELSEWHERE[gateway])
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
    _replace(app, gateway, _own(stack, gateway))  # the keys are brought back
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
    _replace(app, gateway, ELSEWHERE[gateway])
    _replace(app, gateway, _own(stack, gateway))
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
    _replace(app, gateway, ELSEWHERE[gateway])
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
    _replace(app, gateway, ELSEWHERE[gateway])
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
    _replace(app, gateway, ELSEWHERE[gateway])
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
