"""What may be paid back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.checkout.errors import NothingToRefund, RefundTooHigh
from app.checkout.refund_rules import RefundWish, balance_of, everything, parts_of
from app.orders.models import Address, Order, OrderLine, OrderState, Totals
from app.payments.models import Refund, RefundParts, RefundState
from app.shared.ids import AttemptId, CartId, OrderId, Sku
from app.shared.money import Money

_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def make_order(lines: list[tuple[int, int, int]], shipping: int, *, included: bool) -> Order:
    """An order of (total, quantity, tax) lines."""
    tax = sum(line[2] for line in lines)
    goods = sum(line[0] for line in lines)
    return Order(
        id=OrderId("o"), number="MX-1", state=OrderState.PAID, checkout_token="t",
        access_token="a", cart_id=CartId("c"), cart_version=1, market="US", locale="en_US",
        currency="USD", email="a@example.com",
        address=Address(name="A", phone="", line1="1", line2="", city="C", state="",
                        postal_code="1", country="US"),
        lines=tuple(
            OrderLine(sku=Sku(str(number)), product_id="p", slug="s", title="t", variant_title="",
                      image_src="", quantity=quantity, unit_price=usd(0), total=usd(price),
                      tax=usd(tax_))
            for number, (price, quantity, tax_) in enumerate(lines)
        ),
        shipping_method="s", shipping_name="S",
        totals=Totals(subtotal=usd(goods), discount=usd(0), shipping=usd(shipping), tax=usd(tax),
                      tax_included=included, tax_name="Tax",
                      total=usd(goods + shipping + (0 if included else tax))),
        placed_at=_NOW, paid_at=_NOW, gateway="stripe", refunded=usd(0),
    )  # fmt: skip


def as_refund(parts: RefundParts, state: RefundState = RefundState.SUCCEEDED) -> Refund:
    return Refund(
        id="r", order_id=OrderId("o"), attempt_id=AttemptId("at"), gateway="stripe",
        payment_id="pi", purpose="order", request_key="k", parts=parts, reason="", restock=False,
        state=state, fence=0, key_round=0, failure="", created_at=_NOW, updated_at=_NOW,
    )  # fmt: skip


LINES = st.lists(
    st.tuples(st.integers(1, 10**7), st.integers(1, 20), st.integers(0, 10**6)),
    min_size=1,
    max_size=5,
)


@given(LINES, st.integers(0, 5000), st.booleans(), st.data())
def test_any_sequence_of_line_refunds_adds_up_to_exactly_what_was_paid(
    lines: list[tuple[int, int, int]], shipping: int, included: bool, data: st.DataObject
) -> None:
    order = make_order(lines, shipping, included=included)
    refunds: list[Refund] = []
    left = order.totals.total
    for _ in range(6):
        balance = balance_of(order, refunds, left)
        quantities = {
            each.position: data.draw(st.integers(0, each.quantity)) for each in balance.lines
        }
        wish = RefundWish(quantities=quantities, shipping=data.draw(st.booleans()))
        try:
            parts = parts_of(order, balance, wish)
        except NothingToRefund:
            continue
        assert parts.adjustment == usd(0)
        refunds.append(as_refund(parts))
        left -= parts.amount
        assert left.minor >= 0
    balance = balance_of(order, refunds, left)
    if left:
        parts = parts_of(order, balance, everything(balance))
        assert parts.adjustment == usd(0), "the shares of the units left are the money left"
        assert parts.amount == left
    assert all(line.quantity >= 0 for line in balance.lines)


@given(LINES, st.data())
def test_goodwill_counts_against_what_lines_give_later(
    lines: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    order = make_order(lines, 500, included=True)
    whole = order.totals.total
    goodwill = usd(data.draw(st.integers(1, whole.minor)))
    first = parts_of(
        order, balance_of(order, [], whole), RefundWish(quantities={}, amount=goodwill)
    )
    assert first.amount == first.adjustment == goodwill
    left = whole - goodwill
    balance = balance_of(order, [as_refund(first)], left)
    everything_by_line = RefundWish(
        quantities={each.position: each.quantity for each in balance.lines}, shipping=True
    )
    if not left:
        with pytest.raises(NothingToRefund):
            parts_of(order, balance, everything_by_line)
        return
    second = parts_of(order, balance, everything_by_line)
    assert second.amount == left
    assert second.adjustment == goodwill * -1


def test_more_than_is_left_is_refused() -> None:
    order = make_order([(3000, 3, 0)], 0, included=True)
    balance = balance_of(order, [], usd(3000))
    with pytest.raises(RefundTooHigh):
        parts_of(order, balance, RefundWish(quantities={}, amount=usd(3001)))
    for quantities in ({1: 4}, {2: 1}, {1: -1}, {}):
        with pytest.raises(NothingToRefund):
            parts_of(order, balance, RefundWish(quantities=quantities))


def test_a_failed_refund_leaves_its_units_refundable() -> None:
    order = make_order([(1000, 3, 0)], 0, included=True)
    parts = parts_of(order, balance_of(order, [], usd(1000)), RefundWish(quantities={1: 2}))
    assert parts.amount == usd(666)
    failed = as_refund(parts, RefundState.FAILED)
    assert balance_of(order, [failed], usd(1000)).lines[0].quantity == 3
    third = parts_of(
        order, balance_of(order, [as_refund(parts)], usd(334)), RefundWish(quantities={1: 1})
    )
    assert third.amount == usd(334)
