"""Units of a line are shipped, stopped or returned once each: races and any order of steps.

The gateways' ledger is the judge of what went back, the shelf of what came back.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from uuid import uuid4

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.checkout.errors import NothingToRefund, RefundTooHigh
from app.checkout.refund_rules import RefundWish, everything
from app.checkout.settlement import Settlement
from app.db.database import Session
from app.fulfilment.cancelling import Cancelling
from app.fulfilment.errors import NotReturnable, NotShippable, ReturnMoved
from app.fulfilment.models import ReturnState
from app.orders.models import FulfilmentState, Order, OrderState
from app.orders.service import OrderService
from app.payments.models import RefundState
from app.shared.errors import Conflict, Invalid, ShopError
from app.shared.ids import OrderId
from app.web.registry import service
from tests.support.aftersales import Staff
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.gateways import Sandbox
from tests.support.payments import attempt_of
from tests.support.shopper import Shopper


@pytest.fixture
def staff(app: Flask, shopper: Shopper, catalog: CatalogMaker, sandbox: Sandbox) -> Staff:
    """A paid order of three mugs and two bowls, with tax and shipping in odd cents."""
    catalog.mug(stock=20)
    catalog.add(make_product("Pinch Bowl", make_variant("BOWL", US=1333)), stock=20)
    shopper.add("MUG", 3)
    shopper.add("BOWL", 2)
    shopper.pay(sandbox)
    return Staff(app)


def at_once(*actions: Callable[[], object]) -> list[ShopError]:
    """Do all of it at the same moment; what was refused."""
    refused: list[ShopError] = []
    barrier = threading.Barrier(len(actions))

    def act(action: Callable[[], object]) -> None:
        barrier.wait()
        try:
            action()
        except ShopError as error:
            refused.append(error)

    threads = [threading.Thread(target=act, args=(each,)) for each in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refused


def shipped(staff: Staff) -> dict[int, int]:
    """What the shipments say, by line."""
    sums: dict[int, int] = {}
    for shipment in staff.shipping.of_order(staff.order.id):
        for line in shipment.lines:
            sums[line.position] = sums.get(line.position, 0) + line.quantity
    return sums


def check(staff: Staff) -> Order:
    """The promises of an order, whatever was done with it."""
    order = staff.order
    packed = shipped(staff)
    coming: dict[int, int] = {}
    for each in staff.returns.of_order(order.id):
        if each.state is not ReturnState.REFUSED:
            for at, quantity in each.units.items():
                coming[at] = coming.get(at, 0) + quantity
    for at, line in enumerate(order.lines, 1):
        units = order.units[at - 1]
        assert units.open + units.stopped + units.shipped == line.quantity
        assert units.kept + units.returned == units.shipped
        assert units.shipped == packed.get(at, 0)
        assert units.returned == coming.get(at, 0)
    refunds = [each for each in staff.refunding.of_order(order.id) if each.state is not RefundState.FAILED]  # fmt: skip
    given = sum(each.amount.minor for each in refunds)
    assert given <= order.totals.total.minor
    for at, line in enumerate(order.lines, 1):
        back = sum(each.quantity for refund in refunds for each in refund.parts.lines if each.position == at)  # fmt: skip
        assert back <= line.quantity
    return order


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ship", "refund", "ask", "approve", "refuse", "receive", "cancel", "deliver"]),
        st.integers(1, 2),
        st.integers(1, 3),
    ),
    max_size=14,
)  # fmt: skip


def reset(staff: Staff) -> None:
    """Make the order as it was when it was paid, in the database and at the gateway's expense."""
    database, order = staff.database, staff.order
    for name in ("shipments", "returns", "refunds"):
        database[name].delete_many({})
    fresh = [
        {"open": line.quantity, "stopped": 0, "shipped": 0, "kept": 0, "returned": 0}
        for line in order.lines
    ]
    fields = {
        "units": fresh, "shipments": 0, "delivered": 0, "returns": 0, "withdrawn": False,
        "fulfilment": "unfulfilled", "state": "paid", "refunded": 0, "handed_over_at": None,
    }  # fmt: skip
    database["orders"].update_one({}, {"$set": fields})
    total = order.totals.total.minor
    database["captures"].update_one({}, {"$set": {"refundable": total, "refund_count": 0}})
    database["stock_movements"].delete_many({"cause": "return"})


def do(staff: Staff, step: str, at: int, quantity: int) -> None:
    """One step, on the newest return where it is about one."""
    waiting = staff.returns.of_order(staff.order.id)
    order = staff.order
    if step == "ship":
        staff.ship({at: quantity})
    elif step == "refund":
        store(staff, lambda: RefundWish(quantities={at: quantity}))
    elif step == "ask":
        staff.ask({at: quantity})
    elif step == "cancel":
        staff.cancelling.cancel(order.id)
    elif step == "deliver":
        for shipment in staff.shipping.of_order(order.id)[:quantity]:
            staff.shipping.deliver(shipment.id)
    elif waiting:
        newest = waiting[-1].id
        if step == "approve":
            staff.returns.approve(newest)
        elif step == "refuse":
            staff.returns.refuse(newest)
        else:
            staff.returns.receive(newest, restock=[at])


def store(staff: Staff, wish: Callable[[], RefundWish]) -> None:
    """Store a refund whose gateway is silent for now: the books alone are judged."""

    def work(session: Session) -> None:
        staff.refunding.store(
            staff.order.id,
            wish(),
            key=uuid4().hex,
            reason="",
            restock=False,
            by="Eve",
            session=session,
        )

    staff.database.in_transaction(work)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_no_order_of_steps_ships_or_pays_back_too_much(
    staff: Staff, monkeypatch: pytest.MonkeyPatch, steps: list[tuple[str, int, int]]
) -> None:
    monkeypatch.setattr(staff.refunding, "carry_out", lambda refund: refund)
    reset(staff)
    refused_before_shipping: dict[int, int] = {}
    for step, at, quantity in steps:
        try:
            do(staff, step, at, quantity)
        except (Conflict, Invalid):
            pass
        order = check(staff)
        stopped = {at: each.stopped for at, each in enumerate(order.units, 1)}
        assert all(stopped[at] >= each for at, each in refused_before_shipping.items())
        refused_before_shipping = stopped
    balance = staff.refunding.balance(staff.order)
    if balance.refundable:
        store(staff, lambda: everything(balance))
    given = sum(each.amount.minor for each in staff.refunding.of_order(staff.order.id))
    assert given == staff.order.totals.total.minor


def test_two_packers_never_ship_one_unit_twice(staff: Staff) -> None:
    refused = at_once(*[lambda: staff.ship({1: 2})] * 2, *[lambda: staff.ship({2: 2})] * 2)
    assert [type(each) for each in refused] == [NotShippable] * 2
    order = check(staff)
    assert [each.open for each in order.units] == [1, 0]
    assert order.fulfilment is FulfilmentState.PARTIAL
    staff.ship()
    assert staff.order.fulfilment is FulfilmentState.FULFILLED


def test_one_request_pressed_many_times_is_one_shipment_and_one_mail(staff: Staff) -> None:
    assert at_once(*[lambda: staff.ship({1: 1}, key="the same key")] * 6) == []
    assert shipped(staff) == {1: 1}
    events = staff.database["outbox"].count_documents({"topic": "fulfilment.shipped"})
    assert events == 1


def test_a_shipment_and_a_refund_of_the_last_units_never_both_take_them(staff: Staff) -> None:
    wish = RefundWish(quantities={2: 2})
    at_once(
        lambda: staff.ship({2: 2}),
        lambda: staff.refunding.request(
            staff.order.id, wish, key="k", reason="", restock=True, by="Eve"
        ),
    )
    order = check(staff)
    assert (order.units[1].shipped, order.units[1].stopped) in {(2, 0), (0, 2)}


def test_a_refund_that_fails_lets_its_units_be_shipped_again(
    staff: Staff, sandbox: Sandbox
) -> None:
    refund = staff.refunding.request(
        staff.order.id, RefundWish(quantities={1: 2}), key="k", reason="", restock=False, by="Eve"
    )
    with pytest.raises(NotShippable):
        staff.ship({1: 2})
    (listed,) = sandbox.ledger()["refunds"]
    sandbox.end_refund(listed["id"], "failure")
    staff.refunding.follow(staff.order.id)
    assert staff.refunding.of_order(staff.order.id)[0].id == refund.id
    staff.ship({1: 3})
    check(staff)


def test_what_was_wholly_paid_back_by_amount_is_not_shipped(staff: Staff) -> None:
    order = staff.order
    wish = RefundWish(quantities={}, amount=order.totals.total)
    staff.refunding.request(order.id, wish, key="k", reason="", restock=False, by="Eve")
    assert staff.order.state is OrderState.REFUNDED
    with pytest.raises(NotShippable):
        staff.ship({1: 1})


def test_of_cancelling_and_shipping_at_once_one_wins(staff: Staff, sandbox: Sandbox) -> None:
    at_once(
        lambda: staff.ship({1: 1}),
        lambda: staff.cancelling.cancel(staff.order.id),
    )
    order = check(staff)
    assert order.withdrawn is (order.shipments == 0)
    assert (sandbox.captures() == []) is order.withdrawn
    assert (staff.on_hand() == 20) is order.withdrawn


def test_pressing_cancel_many_times_pays_back_once(staff: Staff, sandbox: Sandbox) -> None:
    assert at_once(*[lambda: staff.cancelling.cancel(staff.order.id)] * 5) == []
    assert [each["amount"] for each in sandbox.ledger()["refunds"]] == [
        staff.order.totals.total.minor
    ]
    assert (staff.on_hand("MUG"), staff.on_hand("BOWL")) == (20, 20)


def test_a_return_received_by_two_at_once_is_paid_back_and_restocked_once(
    staff: Staff, sandbox: Sandbox
) -> None:
    staff.ship()
    asked = staff.ask({1: 2})
    staff.returns.approve(asked.id)
    assert at_once(*[lambda: staff.returns.receive(asked.id, restock=[1])] * 4) == []
    assert len(sandbox.ledger()["refunds"]) == 1
    assert staff.on_hand() == 20 - 3 + 2
    check(staff)


def test_one_return_form_sent_many_times_is_one_return(staff: Staff) -> None:
    staff.ship()
    assert at_once(*[lambda: staff.ask({1: 1}, key="the same key")] * 5) == []
    assert len(staff.returns.of_order(staff.order.id)) == 1
    refused = at_once(*[lambda: staff.ask({1: 2})] * 3)
    assert [type(each) for each in refused] == [NotReturnable] * 2
    check(staff)


def test_a_return_of_what_was_paid_back_already_pays_the_rest_alone(
    staff: Staff, sandbox: Sandbox
) -> None:
    staff.ship()
    asked = staff.ask({1: 3})
    wish = RefundWish(quantities={1: 2})
    staff.refunding.request(staff.order.id, wish, key="k", reason="", restock=False, by="Eve")
    staff.returns.approve(asked.id)
    staff.returns.receive(asked.id)
    quantities = [line.quantity for refund in staff.refunding.of_order(staff.order.id) for line in refund.parts.lines]  # fmt: skip
    assert quantities == [2, 1]
    check(staff)


def test_returns_move_forward_only(staff: Staff) -> None:
    staff.ship()
    asked = staff.ask({1: 1})
    with pytest.raises(ReturnMoved):
        staff.returns.receive(asked.id)
    assert staff.returns.refuse(asked.id).state is ReturnState.REFUSED
    for step in (staff.returns.approve, staff.returns.receive):
        with pytest.raises(ReturnMoved):
            step(asked.id)
    assert staff.order.units[0].kept == 3
    again = staff.ask({1: 3})
    assert again.id.endswith("-R2")
    refused = at_once(
        lambda: staff.returns.approve(again.id), lambda: staff.returns.refuse(again.id)
    )
    assert staff.returns.get(again.id).state in {ReturnState.APPROVED, ReturnState.REFUSED}
    assert all(isinstance(each, ReturnMoved) for each in refused)
    check(staff)


def test_delivered_is_when_every_parcel_has_arrived(staff: Staff) -> None:
    first, second = staff.ship({1: 3}), staff.ship()
    staff.shipping.deliver(first.id)
    assert staff.order.fulfilment is FulfilmentState.FULFILLED
    assert at_once(*[lambda: staff.shipping.deliver(second.id)] * 3) == []
    assert staff.order.fulfilment is FulfilmentState.DELIVERED
    assert staff.order.delivered == 2


@pytest.mark.parametrize("gateway", ["stripe", "razorpay"])
def test_of_cancelling_and_paying_at_once_one_wins(
    app: Flask, shopper: Shopper, catalog: CatalogMaker, sandbox: Sandbox, gateway: str
) -> None:
    shopper.add(catalog.mug(stock=5), 2)
    location = shopper.check_out(gateway=gateway).location
    shopper.approve(sandbox, location, gateway)
    staff = Staff(app)
    attempt = attempt_of(staff.database)
    refused = at_once(
        lambda: service(Settlement, app).settle(attempt["_id"]),
        lambda: service(Cancelling, app).cancel(staff.order.id),
    )
    service(Settlement, app).settle(attempt["_id"])
    order = staff.order
    # Paid first, the order is cancelled within its window, or the shopper is told to wait.
    if refused:
        assert order.state is OrderState.PAID
        assert [amount for _, amount in sandbox.captures()] == [order.totals.total.minor]
    else:
        assert order.withdrawn
        assert sandbox.captures() == []
        assert staff.on_hand() == 5


def test_a_payment_after_its_shopper_cancelled_is_given_back(
    app: Flask, shopper: Shopper, catalog: CatalogMaker, sandbox: Sandbox
) -> None:
    shopper.add(catalog.mug(stock=5), 2)
    location = shopper.check_out(gateway="razorpay").location
    page = shopper.get(location).text
    staff = Staff(app)
    order_id: OrderId = staff.order.id
    assert staff.cancelling.cancel(order_id).state is OrderState.CANCELLED
    sandbox.pay_razorpay(page)
    attempt = attempt_of(staff.database)
    service(Settlement, app).settle(attempt["_id"])
    assert service(OrderService, app).get(order_id).state is OrderState.CANCELLED
    assert sandbox.captures() == []


def test_refusals_change_nothing(staff: Staff) -> None:
    before = staff.order
    for units in ({1: 4}, {3: 1}, {0: 1}, {1: -1}, {}):
        with pytest.raises(NotShippable):
            staff.ship(units)
    with pytest.raises(Invalid):
        staff.ship({1: 1}, tracking="<script>")
    with pytest.raises(NotReturnable):
        staff.ask({1: 1})
    with pytest.raises((NothingToRefund, RefundTooHigh)):
        store(staff, lambda: RefundWish(quantities={1: 4}))
    assert staff.order == before
