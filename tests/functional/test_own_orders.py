"""The orders of an account, as its owner finds them."""

from __future__ import annotations

import pytest
from flask import Flask

from app.db.database import Database
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox
from tests.support.member import Mailbox, Member
from tests.support.shopper import Shopper


def test_a_guests_order_joins_the_account_that_proves_its_address(
    app: Flask, mailbox: Mailbox, catalog: CatalogMaker, sandbox: Sandbox, database: Database
) -> None:
    guest = Shopper(app)
    guest.add(catalog.mug())
    guest.pay(sandbox)
    number = database["orders"].find_one()["number"]
    member = Member(app)
    member.register()
    assert number not in member.get("/account/orders").text
    member.verify(mailbox)
    assert number in member.get("/account/orders").text
    assert member.get(f"/orders/{number}").status_code == 200


@pytest.mark.parametrize("page", ["0", "-1", "x", "", "99999999999999999999", "²", "1e9"])
def test_an_odd_page_of_orders_is_a_page(member: Member, page: str) -> None:
    assert member.get("/account/orders", query_string={"page": page}).status_code == 200
