"""Sets that are shipped, stopped, cancelled and sent back: by the set, and part by part."""

from __future__ import annotations

import pytest
from flask import Flask

from app.checkout.refund_rules import RefundWish
from app.fulfilment.invoicing import Invoicing
from app.fulfilment.papers import PaperWriter
from app.inventory.service import InventoryService
from app.orders.models import OrderState
from app.shared.ids import Sku, new_id
from app.web.registry import service
from tests.bundles.conftest import BREAKFAST
from tests.support.aftersales import Staff
from tests.support.gateways import Sandbox
from tests.support.shopper import Shopper

_PARTS = [Sku("BLUE"), Sku("BOWL")]


@pytest.fixture
def staff(app: Flask, breakfast: object, shopper: Shopper, sandbox: Sandbox) -> Staff:
    """A paid order of two sets, each of two blue mugs and a bowl; ten of everything were there."""
    shopper.post("/cart/items", {"sku": BREAKFAST, "quantity": "2", "part.1": "BLUE", "part.3": ""})
    shopper.pay(sandbox)
    return Staff(app)


def _on_hand(staff: Staff) -> tuple[int, int]:
    found = service(InventoryService, staff.app).on_hand(_PARTS)
    return found[_PARTS[0]], found[_PARTS[1]]


def _refund(staff: Staff, wish: RefundWish) -> None:
    staff.refunding.request(
        staff.order.id, wish, key=new_id("key"), reason="", restock=False, by="staff"
    )


def _open(staff: Staff) -> int:
    return staff.order.units[0].open


def test_a_set_is_stopped_when_nothing_of_it_is_left_to_send(staff: Staff) -> None:
    _refund(staff, RefundWish(quantities={}, parts={(1, 1): 2}))
    assert _open(staff) == 2
    _refund(staff, RefundWish(quantities={}, parts={(1, 2): 1}))
    assert _open(staff) == 1
    _refund(staff, RefundWish(quantities={1: 1}))
    assert _open(staff) == 0


def test_the_packing_slip_names_the_parts_and_what_to_leave_out(staff: Staff) -> None:
    _refund(staff, RefundWish(quantities={}, parts={(1, 1): 1}))
    paper = service(PaperWriter, staff.app).packing_slip(
        staff.order,
        service(Invoicing, staff.app).seller,
        None,
        staff.refunding.of_order(staff.order.id),
    )
    assert [(row[0], row[2]) for row in paper.table.rows] == [
        ("BREAKFAST", "2 of 2"),
        ("BLUE", "4"),
        ("BOWL", "2"),
    ]
    assert paper.notes == ("Paid back, leave out of the sets: 1 × Mug, Blue.",)


def test_papers_say_what_is_in_a_set(staff: Staff) -> None:
    staff.work()
    writer, invoicing = service(PaperWriter, staff.app), service(Invoicing, staff.app)
    paper = writer.invoice(staff.order, invoicing.issue(staff.order))
    assert paper.table.rows[0][0] == "Breakfast (2 × Mug, Blue; 1 × Bowl)"
    _refund(staff, RefundWish(quantities={}, parts={(1, 2): 1}))
    staff.work()
    (note,) = invoicing.notes_of(staff.order)
    (refund,) = staff.refunding.of_order(staff.order.id)
    credited = writer.credit_note(staff.order, note, refund)
    assert credited.table.rows[0][:2] == ("Bowl (of Breakfast)", "1")


def test_a_cancelled_order_puts_every_part_back_once(staff: Staff, sandbox: Sandbox) -> None:
    assert _on_hand(staff) == (6, 8)
    for _ in range(2):
        staff.cancelling.cancel(staff.order.id)
    assert _on_hand(staff) == (10, 10)
    assert staff.order.state is OrderState.REFUNDED
    assert sandbox.captures() == []


def test_a_returned_set_pays_back_what_is_left_of_it(staff: Staff, sandbox: Sandbox) -> None:
    staff.ship()
    _refund(staff, RefundWish(quantities={}, parts={(1, 1): 1}))
    for expected in ((8, 9), (10, 10)):
        known = staff.ask({1: 1})
        staff.returns.approve(known.id)
        for _ in range(2):
            staff.returns.receive(known.id, restock={1})
        assert _on_hand(staff) == expected
    order = staff.order
    assert not order.totals.shipping
    assert order.refunded == order.totals.total
    assert order.state is OrderState.REFUNDED
    assert sandbox.captures() == []
