"""Webhooks: only what the gateway signed, each once, answered at once."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskClient

from app.db.database import Database
from app.payments.events import WEBHOOK_RECEIVED, WEBHOOK_REPEATED
from tests.support.shopper import Shopper
from tests.support.signing import sign, stripe_headers

BODY = json.dumps(
    {"id": "evt_1", "type": "checkout.session.completed", "data": {"object": {"id": "cs_1"}}}
).encode()
RAZORPAY = json.dumps(
    {"event": "order.paid", "payload": {"order": {"entity": {"id": "o"}}}}
).encode()


def _stripe(secret: str, body: bytes = BODY, age: int = 0) -> dict[str, str]:
    return stripe_headers(secret, body, age)


@pytest.fixture
def client(shopper: Shopper) -> FlaskClient:
    return shopper.client


def test_a_signed_event_is_stored_once(
    client: FlaskClient, environment: dict[str, str], database: Database
) -> None:
    headers = _stripe(environment["STRIPE_WEBHOOK_SECRET"])
    answers = [client.post("/webhooks/stripe", data=BODY, headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert [answer.json["repeated"] for answer in answers if answer.json] == [False, True, True]
    assert database["webhook_events"].count_documents({}) == 1
    assert database["outbox"].count_documents({"topic": WEBHOOK_RECEIVED}) == 1
    assert database["outbox"].count_documents({"topic": WEBHOOK_REPEATED}) == 2


def test_razorpays_event_id_is_not_trusted_to_tell_repeats(
    client: FlaskClient, environment: dict[str, str], database: Database
) -> None:
    signature = sign(environment["RAZORPAY_WEBHOOK_SECRET"], RAZORPAY)
    for event_id in ("a", "b", "é"):
        headers = {"X-Razorpay-Signature": signature, "X-Razorpay-Event-Id": event_id}
        assert client.post("/webhooks/razorpay", data=RAZORPAY, headers=headers).status_code == 200
    assert database["webhook_events"].count_documents({}) == 1


@pytest.mark.parametrize("path", ["/webhooks/stripe", "/webhooks/razorpay"])
@pytest.mark.parametrize("signature", ["", "nonsense", "t=1,v1=é", "t=abc,v1=0", "v1=" + "0" * 64])
@pytest.mark.parametrize("body", [b"", b"{}", b"\xff\xfe", b"[]", b"null", BODY])
def test_what_the_gateway_did_not_sign_is_a_400(
    client: FlaskClient, database: Database, path: str, signature: str, body: bytes
) -> None:
    headers = {"Stripe-Signature": signature, "X-Razorpay-Signature": signature}
    assert client.post(path, data=body, headers=headers).status_code == 400
    assert database["webhook_events"].count_documents({}) == 0


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b'{"id":1}', b"\xff", b'{"data":{"object":7}}']
)
def test_a_signed_body_that_makes_no_sense_is_a_400(
    client: FlaskClient, environment: dict[str, str], body: bytes
) -> None:
    headers = _stripe(environment["STRIPE_WEBHOOK_SECRET"], body)
    assert client.post("/webhooks/stripe", data=body, headers=headers).status_code == 400
    headers = {"X-Razorpay-Signature": sign(environment["RAZORPAY_WEBHOOK_SECRET"], body)}
    assert client.post("/webhooks/razorpay", data=body, headers=headers).status_code == 400


_STRIPE_EVENT = '{"id":"evt_2","type":"x","data":{"object":%s}}'


@pytest.mark.parametrize(
    "body",
    [
        "[" * 20_000 + "]" * 20_000,
        _STRIPE_EVENT % "[]",
        _STRIPE_EVENT % '"text"',
        _STRIPE_EVENT.replace('"evt_2"', "null") % "{}",
        _STRIPE_EVENT.replace('"evt_2"', '""') % "{}",
        _STRIPE_EVENT.replace('"evt_2"', "[]") % "{}",
        _STRIPE_EVENT.replace('"type"', '"kind"') % "{}",
        _STRIPE_EVENT % '{"metadata":[1]}',
        _STRIPE_EVENT.replace("evt_2", "\\ud800") % "{}",
        _STRIPE_EVENT % '{"metadata":{"attempt_id":"\\ud800"}}',
        '{"event":"x","payload":{"payment":{"entity":"text"}}}',
        '{"event":"x","payload":{"payment":{"entity":[1]}}}',
        '{"event":"x","payload":{"order":{"entity":7}}}',
        '{"event":"\\ud800","payload":{"order":{"entity":{"id":"o"}}}}',
        '{"event":"x","payload":{"order":{"entity":{"id":"\\ud800"}}}}',
        '{"event":"x","payload":{"order":{"entity":{"id":"o"}}}}'.encode("utf-16").decode(
            "latin-1"
        ),
    ],
)
def test_a_signed_body_of_the_wrong_shape_is_a_400(
    client: FlaskClient, environment: dict[str, str], database: Database, body: str
) -> None:
    sent = body.encode("latin-1")
    headers = _stripe(environment["STRIPE_WEBHOOK_SECRET"], sent)
    assert client.post("/webhooks/stripe", data=sent, headers=headers).status_code == 400
    headers = {"X-Razorpay-Signature": sign(environment["RAZORPAY_WEBHOOK_SECRET"], sent)}
    assert client.post("/webhooks/razorpay", data=sent, headers=headers).status_code == 400
    assert database["webhook_events"].count_documents({}) == 0


def test_an_old_signature_is_refused(client: FlaskClient, environment: dict[str, str]) -> None:
    headers = _stripe(environment["STRIPE_WEBHOOK_SECRET"], age=3600)
    assert client.post("/webhooks/stripe", data=BODY, headers=headers).status_code == 400


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"razorpay_signature": "é", "razorpay_order_id": "x", "razorpay_payment_id": "y"},
        {"error[metadata]": "{"},
        {"error[metadata]": "[]"},
        {"error[metadata]": '{"order_id": "unknown"}'},
        {"error[metadata]": '{"order_id": "\\ud800"}'},
        {"error[metadata]": "[" * 100_000},
    ],
)
def test_a_forged_callback_is_refused(client: FlaskClient, form: dict[str, str]) -> None:
    assert client.post("/payments/razorpay/callback", data=form).status_code in {400, 404}


@pytest.mark.parametrize("path", ["/payments/stripe/return?session_id=cs_x", "/payments/x", "/payments/x/cancelled", "/payments/x/razorpay", "/payments/stripe/return"])  # fmt: skip
def test_unknown_payments_are_a_404(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404
