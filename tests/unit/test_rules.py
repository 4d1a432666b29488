"""Small rules: quantities, state tables, configuration, markets."""

from __future__ import annotations

import pytest

from app.building.foundation import build_foundation
from app.cart.rules import check_stock, parse_quantity
from app.config import ConfigurationError, load_settings
from app.orders.models import OrderState
from app.orders.rules import TRANSITIONS
from app.payments.models import AttemptState, CaptureState, PaymentState, SeenPayment
from app.payments.rules import ATTEMPT_TRANSITIONS, CAPTURE_TRANSITIONS
from app.providers import environment_keys
from app.shared.errors import Invalid
from app.shared.money import Money


@pytest.mark.parametrize("text", ["0", "-1", "1000000000", "two", "", "1.5", "１", "1e3", " "])
def test_bad_quantities_are_refused(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_quantity(text, least=1)
    assert "quantity" in refusal.value.fields


def test_good_quantities_are_read() -> None:
    assert [parse_quantity(text, least=0) for text in ("0", "7", " 99 ")] == [0, 7, 99]


def test_stock_and_order_limit_bound_what_is_added() -> None:
    check_stock(2, 3, 5)
    check_stock(90, 9, None)
    for more, already, limit in ((3, 3, 5), (1, 0, 0), (1, 99, None)):
        with pytest.raises(Invalid):
            check_stock(more, already, limit)


def test_paid_money_never_becomes_unpaid() -> None:
    assert OrderState.PENDING not in TRANSITIONS[OrderState.PAID]
    assert OrderState.CANCELLED not in TRANSITIONS[OrderState.PAID]
    assert ATTEMPT_TRANSITIONS[AttemptState.CAPTURED] == frozenset()


def test_every_state_has_its_row() -> None:
    assert set(TRANSITIONS) == set(OrderState)
    assert set(ATTEMPT_TRANSITIONS) == set(AttemptState)
    assert set(CAPTURE_TRANSITIONS) == set(CaptureState)


@pytest.mark.parametrize(
    ("state", "captured", "refunded", "over"),
    [
        (PaymentState.PENDING, 0, 0, False),
        (PaymentState.FAILED, 0, 0, False),  # Razorpay may yet authorise it
        (PaymentState.AUTHORISED, 0, 0, False),
        (PaymentState.CAPTURED, 900, 0, False),
        (PaymentState.CAPTURED, 900, 899, False),
        (PaymentState.CAPTURED, 900, 900, True),
        (PaymentState.VOIDED, 0, 0, True),
        (PaymentState.VOIDED, 400, 0, False),
        (PaymentState.REFUNDED, 0, 899, False),
        (PaymentState.REFUNDED, 0, 900, True),  # Razorpay's auto-refund
        (PaymentState.REFUNDED, 900, 900, True),
    ],
)
def test_a_payment_is_over_only_if_no_money_can_come(
    state: PaymentState, captured: int, refunded: int, over: bool
) -> None:
    amount, taken, back = (Money(each, "USD") for each in (900, captured, refunded))
    payment = SeenPayment(id="p", state=state, amount=amount, captured=taken, refunded=back)
    assert payment.is_over is over
    assert not (payment.is_over and payment.has_money)


GOOD = {
    "MOSSX_ENV": "production",
    "MONGODB_URI": "mongodb://db/mossx",
    "REDIS_URL": "redis://cache/0",
    "BASE_URL": "https://shop.example",
    "SECRET_KEY": "k3jf93kdmeo39fkfmeodk39fkdmrifk4mfo3",
    "JWT_SECRET_KEY": "9fkd83jfmsiw0dkfm38fjsmdkf03mfksor93",
}


def test_a_complete_production_environment_is_accepted() -> None:
    assert load_settings(GOOD).is_production


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"SECRET_KEY": "a" * 64}, "SECRET_KEY"),
        ({"JWT_SECRET_KEY": GOOD["SECRET_KEY"]}, "JWT_SECRET_KEY"),
        ({"MONGODB_URI": ""}, "MONGODB_URI"),
        ({"BASE_URL": "http://shop.example"}, "BASE_URL"),
        ({"STRIPE_SECRET_KEY": "sk_live_x"}, "STRIPE_WEBHOOK_SECRET"),
        ({"PORT": "eighty"}, "PORT"),
    ],
)
def test_production_refuses_to_start_and_says_why(change: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        load_settings({**GOOD, **change})


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        (
            {"STRIPE_SECRET_KEY": "whsec_12345678", "STRIPE_WEBHOOK_SECRET": "sk_live_12345678"},
            "STRIPE_SECRET_KEY: .*STRIPE_WEBHOOK_SECRET: ",
        ),
        (
            {
                "RAZORPAY_KEY_ID": "rzp_live_123456",
                "RAZORPAY_KEY_SECRET": "12345678",
                "RAZORPAY_WEBHOOK_SECRET": "weak",
            },
            "RAZORPAY_WEBHOOK_SECRET: ",
        ),
    ],
)
def test_production_takes_no_gateway_key_that_cannot_be_one(
    keys: dict[str, str], named: str
) -> None:
    with pytest.raises(ConfigurationError, match=named):
        environment_keys(load_settings({**GOOD, **keys}))
    assert environment_keys(load_settings(keys))  # sandboxes of others may have their own


def test_everything_that_is_wrong_is_named_at_once() -> None:
    wrong = {"MOSSX_ENV": "production", "PORT": "eighty", "STRIPE_SECRET_KEY": "sk_live_x"}
    with pytest.raises(ConfigurationError) as refusal:
        load_settings(wrong)
    for name in ("PORT", "STRIPE_WEBHOOK_SECRET", "MONGODB_URI", "REDIS_URL", "BASE_URL"):
        assert name in str(refusal.value)
    for name in ("SECRET_KEY must be", "JWT_SECRET_KEY must be"):
        assert name in str(refusal.value)


@pytest.mark.parametrize(
    "uri",
    [
        "mongodb://127.0.0.1:27017/mossx",
        "mongodb://shop@a.example:27017,b.example:27018/mossx?replicaSet=rs0",
        "mongodb+srv://shop@cluster0.example.mongodb.net/?retryWrites=true&w=majority",
        "mongodb://[::1]:27017/mossx",
        "mongodb://%2Ftmp%2Fmongodb-27017.sock/mossx",
    ],
)
def test_where_mongodb_is_may_be_said_as_mongodb_says_it(uri: str) -> None:
    assert load_settings({"MONGODB_URI": uri}).mongodb_uri == uri


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MONGODB_URI", "database"),
        ("MONGODB_URI", "http://database/mossx"),
        ("MONGODB_URI", "mongodb://"),
        ("MONGODB_URI", "mongodb://database:port/mossx"),
        ("BASE_URL", "https://shop.example:port"),
        ("BASE_URL", "https://shop example"),
        ("MAIL_URL", "smtp://"),
        ("MAIL_URL", "smtp://mail.example:port"),
        ("BASE_URL", "https://shop.example/shop"),
        ("BASE_URL", "https://shop.example/?from=ads"),
        ("BASE_URL", "https://shop.example?"),
        ("BASE_URL", "https://shop.example/#top"),
        ("BASE_URL", "https://eve@shop.example"),
    ],
)
def test_an_address_that_cannot_be_reached_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        load_settings({name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STRIPE_SECRET_KEY", "  "),
        ("STRIPE_WEBHOOK_SECRET", "\t"),
        ("RAZORPAY_KEY_ID", " "),
        ("RAZORPAY_KEY_SECRET", "12345678 "),
        ("RAZORPAY_WEBHOOK_SECRET", "\n12345678"),
    ],
)
def test_a_gateway_key_that_is_blank_or_has_space_around_it_is_refused_by_name(
    name: str, value: str
) -> None:
    keys = {
        "STRIPE_SECRET_KEY": "sk_test_12345678",
        "STRIPE_WEBHOOK_SECRET": "whsec_12345678",
        "RAZORPAY_KEY_ID": "rzp_test_123456",
        "RAZORPAY_KEY_SECRET": "12345678",
        "RAZORPAY_WEBHOOK_SECRET": "12345678",
    }
    assert load_settings(keys)
    with pytest.raises(ConfigurationError, match=f"{name}: "):
        load_settings({**keys, name: value})


@pytest.mark.parametrize(
    "uri",
    [
        "mongodb://database:99999/mossx",
        "mongodb://database/moss x",
        "mongodb://shop@home@database/mossx",
        "mongodb+srv://database.example:27017/mossx",
    ],
)
def test_an_address_that_the_driver_cannot_read_is_refused_by_name(uri: str) -> None:
    with pytest.raises(ConfigurationError, match="MONGODB_URI: "):
        build_foundation(load_settings({"MONGODB_URI": uri}))
