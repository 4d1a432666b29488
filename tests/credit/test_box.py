"""The checkout's box of store credit: spent if it is ticked, and only then."""

from __future__ import annotations

from flask import Flask

from tests.support.credit import Bank
from tests.support.gateways import Sandbox
from tests.support.member import Member, make_proven
from tests.support.payments import kept
from tests.support.shopper import Shopper


def test_store_credit_is_not_spent_without_the_box(
    app: Flask, ready: Shopper, bank: Bank, sandbox: Sandbox
) -> None:
    member = Member(app)
    store = bank.grant(make_proven(app, member.email), 5000)
    member.log_in()
    member.add("MUG", 2)
    member.pay(sandbox)
    assert bank.figures(store) == (5000, 0, 5000)
    assert kept(sandbox) == [4890]


def test_an_order_is_placed_anew_if_the_box_of_store_credit_is_changed(
    app: Flask, ready: Shopper, bank: Bank, sandbox: Sandbox
) -> None:
    member = Member(app)
    store = bank.grant(make_proven(app, member.email), 2000)
    member.log_in()
    member.add("MUG", 2)
    assert member.check_out(use_store_credit="y").status_code == 303
    member.pay(sandbox)
    assert bank.figures(store) == (2000, 0, 2000)
    assert kept(sandbox) == [4890]
    assert bank.is_sound()
