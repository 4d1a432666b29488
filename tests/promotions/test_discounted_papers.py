"""What is paid, invoiced, stopped and paid back of an order with a discount is one and the same."""

from __future__ import annotations

from flask import Flask

from app.checkout.refund_rules import RefundWish
from app.db.database import Database
from app.fulfilment.invoicing import Invoicing
from app.fulfilment.paper_taxes import taxes_of
from app.fulfilment.papers import PaperWriter
from app.orders.models import OrderState
from app.shared.ids import new_id
from app.shared.money import Money, total
from app.web.registry import service
from tests.promotions.test_coupon_orders import left, uses
from tests.support.aftersales import Staff
from tests.support.gateways import Sandbox, form_fields
from tests.support.shopper import Shopper, soup


def test_an_invoice_shows_the_discount_and_adds_up(
    app: Flask,
    ready: Shopper,
    sandbox: Sandbox,
) -> None:
    ready.pay(sandbox)
    staff = Staff(app)
    staff.work()
    paper = service(PaperWriter, app).invoice(
        staff.order, service(Invoicing, app).issue(staff.order)
    )
    sums = {each.label: each.amount for each in paper.sums}

    assert [column.title for column in paper.table.columns][3] == "Discount"
    assert paper.table.rows[0][3] == "−$4.00"
    assert paper.table.rows[0][-1] == "$36.00"
    assert (sums["Subtotal"], sums["Discount"], sums["Total"]) == ("$40.00", "−$4.00", "$44.61")
    pairs = [(each.net, each.tax) for each in taxes_of(staff.order)]
    assert total((net + tax for net, tax in pairs), "USD") == Money(4461, "USD")
    assert "Discount" in ready.get(staff.url.replace("?", "/invoice?")).text


def test_unit_by_unit_the_discounted_line_is_paid_back_to_the_cent(
    app: Flask,
    ready: Shopper,
    sandbox: Sandbox,
) -> None:
    ready.pay(sandbox)
    staff = Staff(app)
    staff.ship()
    for _ in range(2):
        known = staff.ask({1: 1})
        staff.returns.approve(known.id)
        staff.returns.receive(known.id, restock={1})
    assert staff.order.refunded == Money(3600 + 261, "USD")
    wish = RefundWish(quantities={}, shipping=True)
    staff.refunding.request(
        staff.order.id, wish, key=new_id("key"), reason="", restock=False, by="staff"
    )
    assert staff.order.state is OrderState.REFUNDED
    assert sandbox.captures() == []


def test_an_order_that_its_shopper_cancels_unpaid_gives_the_code_back(
    app: Flask,
    ready: Shopper,
    sandbox: Sandbox,
    database: Database,
) -> None:
    assert ready.check_out().status_code == 303
    assert (uses(database), left(database)) == (["held"], 0)
    staff = Staff(app)
    form = soup(ready.get(staff.url)).select_one("form[action$='/cancel']")
    assert form is not None
    answer = ready.post(f"/orders/{staff.order.number}/cancel", form_fields(form))
    assert answer.status_code == 303
    assert staff.order.state is OrderState.CANCELLED
    assert (uses(database), left(database)) == (["released"], 1)
