"""Parts paid back: exactly what was paid for them, in any order, and back on their own shelf."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from app.checkout.errors import NothingToRefund
from app.checkout.refund_rules import RefundWish, balance_of, everything, line_paid, parts_of
from app.checkout.refunding import Refunding
from app.db.database import Database
from app.inventory.service import InventoryService
from app.orders.models import Order, OrderPart, OrderState
from app.orders.service import OrderService
from app.payments.models import Refund, RefundState
from app.shared.dividing import divide
from app.shared.ids import OrderId, Sku
from app.web.registry import service
from tests.bundles.conftest import BREAKFAST
from tests.support.gateways import Sandbox
from tests.support.shopper import Shopper
from tests.unit.test_refund_rules import as_refund, make_order, usd


@st.composite
def orders(draw: st.DrawFn) -> Order:
    """A bundle's line of any price and tax, beside a plain one."""
    sets, net, tax = draw(st.integers(1, 4)), draw(st.integers(1, 9999)), draw(st.integers(0, 999))
    weights = {
        f"{place:03}": draw(st.integers(0, 5000)) for place in range(1, draw(st.integers(2, 5)))
    }
    nets, taxes = divide(net, weights), divide(tax, weights)
    parts = tuple(
        OrderPart(
            position=int(key),
            sku=Sku(f"P{key}"),
            title=key,
            variant_title="",
            quantity=draw(st.integers(1, 3)),
            net=usd(nets[key]),
            tax=usd(taxes[key]),
        )
        for key in weights
    )
    order = make_order([(net, sets, tax), (333, 2, 10)], 600, included=draw(st.booleans()))
    bundle, plain = order.lines
    return replace(order, lines=(replace(bundle, parts=parts), plain))


@given(orders(), st.data())
def test_whatever_is_paid_back_piece_by_piece_adds_up(order: Order, data: st.DataObject) -> None:
    paid = order.totals.total
    refunds: list[Refund] = []
    refundable = paid
    for _ in range(data.draw(st.integers(0, 6))):
        balance = balance_of(order, refunds, refundable)
        places = {
            (line.position, each.part.position): each.quantity
            for line in balance.lines
            for each in line.parts
            if each.quantity
        }
        sets = balance.lines[0].quantity
        if sets and data.draw(st.booleans()):
            wish = RefundWish(quantities={1: data.draw(st.integers(1, sets))})
        elif places:
            place = data.draw(st.sampled_from(sorted(places)))
            units = data.draw(st.integers(1, places[place]))
            wish = RefundWish(quantities={}, parts={place: units})
        else:
            break
        try:
            parts = parts_of(order, balance, wish)
        except NothingToRefund:  # so little that it is worth nothing
            continue
        refunds.append(as_refund(parts))
        refundable -= parts.amount
        assert _of_line(refunds, 1) <= line_paid(order, order.lines[0]).minor
    if refundable:
        rest = parts_of(order, (left := balance_of(order, refunds, refundable)), everything(left))
        assert rest.amount == refundable
        assert rest.adjustment.minor == 0
        refunds.append(as_refund(rest))
    assert _of_line(refunds, 1) == line_paid(order, order.lines[0]).minor


def _of_line(refunds: list[Refund], position: int) -> int:
    return sum(
        line.amount.minor
        for refund in refunds
        for line in refund.parts.lines
        if line.position == position
    )


@pytest.mark.usefixtures("breakfast")
def test_one_part_goes_back_to_its_own_shelf_and_the_rest_later(
    app: Flask, database: Database, shopper: Shopper, sandbox: Sandbox
) -> None:
    shopper.post("/cart/items", {"sku": BREAKFAST, "quantity": "2", "part.1": "BLUE", "part.3": ""})
    shopper.pay(sandbox)
    document = database["orders"].find_one({})
    assert document is not None
    order_id = OrderId(document["_id"])
    refunding, stock = service(Refunding, app), service(InventoryService, app)

    def refund(wish: RefundWish, key: str) -> int:
        refund = refunding.request(
            order_id, wish, key=key, reason="chipped", restock=True, by="Eve"
        )
        assert refund.state is RefundState.SUCCEEDED
        return refund.amount.minor

    # Mugs: 86.40 and tax 6.26 for four; bowls: 27.00 and 1.96 for two.
    one_mug = RefundWish(quantities={}, parts={(1, 1): 1})
    assert refund(one_mug, "mug") == 2316  # 9266 // 4
    assert refund(one_mug, "mug") == 2316  # the same again
    assert stock.available([Sku("BLUE"), Sku("BOWL")]) == {"BLUE": 7, "BOWL": 8}
    for wish in (
        RefundWish(quantities={1: 2}),
        RefundWish(quantities={1: 1}, parts={(1, 1): 2}),
        RefundWish(quantities={}, parts={(1, 1): 4}),
        RefundWish(quantities={}, parts={(1, 3): 1}),
        RefundWish(quantities={}, parts={(1, 0): 1}),
    ):
        with pytest.raises(NothingToRefund):
            refunding.request(order_id, wish, key="no", reason="", restock=True, by="Eve")
    assert refund(RefundWish(quantities={1: 1}), "set") == 2317 + 2316 + 1448
    balance = refunding.balance(service(OrderService, app).get(order_id))
    assert [each.quantity for each in balance.lines[0].parts] == [1, 1]
    assert balance.lines[0].quantity == 0
    refund(everything(balance), "rest")
    assert stock.available([Sku("BLUE"), Sku("BOWL")]) == {"BLUE": 10, "BOWL": 10}
    order = service(OrderService, app).get(order_id)
    assert order.state is OrderState.REFUNDED
    assert order.refunded == order.totals.total
    assert sandbox.captures() == []


def test_a_plain_line_has_no_parts_to_pay_back() -> None:
    order = make_order([(2000, 2, 145)], 0, included=True)
    balance = balance_of(order, [], order.totals.total)
    with pytest.raises(NothingToRefund):
        parts_of(order, balance, RefundWish(quantities={}, parts={(1, 1): 1}))
