"""Refunds that a bank returned: what gift cards got of them, and gift cards that they voided."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from app.analytics.counting import SalesCounting
from app.checkout.audit import Audit
from app.checkout.refund_rules import RefundWish, everything
from app.db.database import Database
from app.fulfilment.invoicing import Invoicing
from app.orders.models import OrderState
from app.shared.clock import now
from app.shared.ids import CreditId
from app.shared.money import Money
from app.web.registry import service
from tests.credit.test_selling import buy, codes_sent
from tests.support.aftersales import Staff
from tests.support.credit import Bank, enter_card
from tests.support.figures import books, kept, sums
from tests.support.gateways import Sandbox
from tests.support.member import Mailbox
from tests.support.shopper import Shopper

DAY = timedelta(days=1)


def usd(minor: int) -> Money:
    return Money(minor, "USD")


@pytest.fixture
def paid(app: Flask, ready: Shopper, bank: Bank, sandbox: Sandbox) -> Staff:
    """Paid with 15.00 and 20.00 from two cards, and 13.90 through the gateway."""
    for minor in (1500, 2000):
        enter_card(ready, bank.card(minor)[1])
    ready.pay(sandbox)
    return Staff(app)


def test_where_a_bank_returned_its_part_papers_and_figures_keep_what_the_cards_got(
    app: Flask, paid: Staff, bank: Bank, sandbox: Sandbox, database: Database
) -> None:
    """35.00 of the 48.90 are on the cards for good: 30.71 of the mugs, which are taxed, and 4.29 of
    the shipping, which is not."""
    whole = everything(paid.refunding.balance(paid.order))
    paid.refunding.request(paid.order.id, whole, key="k1", reason="", restock=False, by="E")
    paid.work()
    (made,) = sandbox.ledger()["refunds"]
    sandbox.end_refund(made["id"], "failure")
    paid.refunding.follow(paid.order.id)
    paid.work()
    service(SalesCounting, app).run()
    assert paid.order.refunded == usd(3500)
    assert sums(kept(database), "sales")["USD", "all", "refunded"] == 3500
    assert sums(kept(database), "sales") == books(database)
    paid.refunding.request(
        paid.order.id, RefundWish(quantities={1: 2}), key="k2", reason="", restock=False, by="E"
    )
    paid.work()
    papers = service(Invoicing, app)
    _, second = papers.notes_of(paid.order)
    assert second.amount == usd(1390)
    assert [(each.rate, each.gross.minor, each.tax.minor) for each in second.taxes] == [
        (0, 171, 0),
        (725, 1219, 82),  # with the 2.08 of the cards' part the invoice's 2.90
    ]
    assert paid.order.state is OrderState.REFUNDED
    assert service(Audit, app).run() == []


def test_a_card_that_was_never_sent_is_sent_once_its_refund_failed(
    app: Flask, shopper: Shopper, bank: Bank, sandbox: Sandbox, mailbox: Mailbox
) -> None:
    bank.product(2500, 5000)
    shopper.add("GIFT-2500")
    shopper.add("GIFT-5000")
    buy(shopper, sandbox)
    staff, outbox = Staff(app), service(Database, app)["outbox"]
    wish = RefundWish(quantities={1: 1})
    outbox.update_many({}, {"$set": {"available_at": now() + DAY}})
    staff.refunding.request(staff.order.id, wish, key="k", reason="", restock=False, by="Eve")
    (made,) = sandbox.ledger()["refunds"]
    sandbox.end_refund(made["id"], "failure")
    staff.refunding.follow(staff.order.id)
    outbox.update_many({}, {"$set": {"available_at": now()}})
    staff.work()
    assert bank.figures(CreditId(f"{staff.order.id}:1:1")) == (2500, 0, 2500)
    assert len(codes_sent(mailbox, "ann@example.com")) == 2
    assert service(Invoicing, app).notes_of(staff.order) == []  # for money that did not go back
    assert bank.is_sound()
