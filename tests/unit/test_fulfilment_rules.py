"""Carriers, windows and the states that units make: pure rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app.fulfilment.carriers import carrier_codes, clean_carrier, clean_tracking, tracking_url
from app.fulfilment.rules import may_cancel, returnable_units
from app.orders.models import FulfilmentState, LineUnits, OrderState
from app.orders.rules import fulfilment_of
from app.shared.clock import now
from app.shared.errors import Invalid
from tests.support.orders import make_order

HALF_HOUR, MONTH = timedelta(minutes=30), timedelta(days=30)


def test_every_listed_carrier_has_a_secure_page_that_ends_in_the_number() -> None:
    for code in carrier_codes():
        url = tracking_url(code, "AB 12/3")
        assert url.startswith("https://")
        assert url.endswith("AB12%2F3")
    assert tracking_url("by bicycle", "1234") == tracking_url("dhl", "") == ""


def test_carriers_are_known_by_their_names() -> None:
    assert clean_carrier(" Blue  Dart ") == "bluedart"
    assert clean_carrier("DHL") == "dhl"
    assert clean_carrier(" By  bicycle ") == "By bicycle"


@pytest.mark.parametrize("text", ["<script>", "abc", "x" * 41, "1234\x00", "číslo"])
def test_what_is_no_tracking_number_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        clean_tracking(text)


@pytest.mark.parametrize(
    ("units", "shipments", "delivered", "state"),
    [
        ([LineUnits(open=2)], 0, 0, FulfilmentState.UNFULFILLED),
        ([LineUnits(open=0, stopped=2)], 0, 0, FulfilmentState.UNFULFILLED),
        ([LineUnits(open=1, shipped=1, kept=1)], 1, 1, FulfilmentState.PARTIAL),
        ([LineUnits(open=0, shipped=2, kept=2), LineUnits(open=1)], 1, 0, FulfilmentState.PARTIAL),
        ([LineUnits(open=0, stopped=1, shipped=1, kept=1)], 1, 0, FulfilmentState.FULFILLED),
        ([LineUnits(open=0, shipped=2, kept=2)], 2, 1, FulfilmentState.FULFILLED),
        ([LineUnits(open=0, shipped=2, returned=2)], 2, 2, FulfilmentState.DELIVERED),
    ],
)
def test_units_make_the_state(
    units: list[LineUnits], shipments: int, delivered: int, state: FulfilmentState
) -> None:
    assert fulfilment_of(units, shipments, delivered) is state


def test_cancelling_has_a_window_after_paying_and_ends_with_the_first_parcel() -> None:
    moment = now()
    unpaid = make_order("mug")
    assert may_cancel(unpaid, moment, timedelta(0))
    paid = replace(unpaid, state=OrderState.PAID, paid_at=moment - HALF_HOUR)
    assert may_cancel(paid, moment, HALF_HOUR)
    assert not may_cancel(paid, moment + timedelta(seconds=1), HALF_HOUR)
    assert not may_cancel(replace(paid, shipments=1), moment, HALF_HOUR)
    assert not may_cancel(replace(paid, withdrawn=True), moment, HALF_HOUR)
    for state in (OrderState.CANCELLED, OrderState.REFUNDED):
        assert not may_cancel(replace(paid, state=state), moment, HALF_HOUR)


def test_what_was_shipped_and_is_kept_can_be_returned_for_a_while() -> None:
    moment = now()
    order = replace(
        make_order("mug", "bowl"),
        state=OrderState.PAID,
        units=(LineUnits(open=1), LineUnits(open=0, shipped=3, kept=2, returned=1)),
        handed_over_at=moment - MONTH,
    )
    assert returnable_units(order, moment, MONTH) == {2: 2}
    assert returnable_units(order, moment + timedelta(seconds=1), MONTH) == {}
    assert returnable_units(replace(order, handed_over_at=None), moment, MONTH) == {}
    assert returnable_units(replace(order, state=OrderState.REFUNDED), moment, MONTH) == {}
