"""Keys by hand: secret, and used everywhere at once."""

from __future__ import annotations

import hashlib
import hmac
import json
import time

import pytest
import structlog
from flask import Flask

from app import create_app
from app.audit_log.models import AuditFilter
from app.audit_log.service import AuditLog
from app.db.database import Database
from app.payments.gateways.switchboard import Switchboard
from app.payments.keys import FIELDS
from app.shop.service import StoredSettings
from app.web.registry import service
from dev.stack import Stack
from tests.admin.gateways.keys import ELSEWHERE, GATEWAYS, PAGE, enter, own_keys, replace
from tests.support.catalog import CatalogMaker
from tests.support.forms import errors, filled_form
from tests.support.gateways import Sandbox
from tests.support.shopper import Shopper
from tests.support.staff import Staff

# --- entering -------------------------------------------------------------------------------------


@GATEWAYS
def test_keys_that_are_entered_are_used_at_once(
    app: Flask, owner: Staff, stack: Stack, catalog: CatalogMaker, shopper: Shopper, sandbox: Sandbox,
    gateway: str,
) -> None:  # fmt: skip
    catalog.mug()
    shopper.add("MUG")
    assert service(Switchboard, app).offered((gateway,)) == ()
    assert enter(owner, gateway, own_keys(stack, gateway)).status_code == 303
    assert "Thank you" in shopper.pay(sandbox, gateway).text
    assert [amount for _, amount in sandbox.captures()] == [2745]
    page = owner.get(PAGE).text
    assert f"…{own_keys(stack, gateway)[FIELDS[gateway][0]][-4:]}" in page
    assert f"/webhooks/{gateway}" in page


@GATEWAYS
def test_no_key_is_ever_shown_logged_or_stored_as_it_is(
    app: Flask, owner: Staff, stack: Stack, database: Database, gateway: str
) -> None:
    keys = own_keys(stack, gateway)
    with structlog.testing.capture_logs() as lines:
        answers = [
            enter(owner, gateway, keys),
            enter(owner, gateway, ELSEWHERE[gateway]),
            enter(owner, gateway, {**keys, "webhook_secret": "odd"}),
        ]
        replace(app, gateway, ELSEWHERE[gateway])
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
    answer = enter(owner, gateway, ELSEWHERE[gateway])
    assert answer.status_code == 422
    assert "refuses this key" in answer.text
    assert service(Switchboard, app).keyring.read(gateway).current is None
    assert service(AuditLog, app).list(AuditFilter(), 9) == []


def test_what_cannot_be_a_key_is_named_beside_its_field(owner: Staff) -> None:
    answer = enter(owner, "stripe", {"secret_key": "pk_live_public00", "webhook_secret": ""})
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
    answer = enter(owner, gateway, {**ELSEWHERE[gateway], field: typed})
    assert set(errors(answer)) == {f"{gateway}-{field}"}
    assert service(Switchboard, app).keyring.read(gateway).current is None


def test_two_owners_at_once_are_told(
    app: Flask, owner: Staff, stack: Stack, sandbox: Sandbox
) -> None:
    path, keys = f"{PAGE}/stripe/keys", own_keys(stack, "stripe")
    form = filled_form(owner.get(PAGE), path, **keys)
    replace(app, "stripe", ELSEWHERE["stripe"])
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
    replace(app, gateway, ELSEWHERE[gateway])
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
    replace(app, gateway, ELSEWHERE[gateway])
    assert "refuses these keys" in owner.post(f"{PAGE}/{gateway}/check", {}).text


def test_another_key_of_the_shop_locks_them_and_says_so(
    app: Flask, environment: dict[str, str], stack: Stack
) -> None:
    replace(app, "stripe", own_keys(stack, "stripe"))
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
    replace(app, gateway, ELSEWHERE[gateway])
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
    old = own_keys(stack, gateway)
    new = {**old, "webhook_secret": "whsec_renewed000000"}
    assert _webhook(ready, gateway, old["webhook_secret"], "evt_1") == 200
    assert enter(owner, gateway, new).status_code == 303
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
