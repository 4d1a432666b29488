"""Carts that an undo of their merge set apart: what orders of one hold counts in the other
only if they are replaced by its own."""

from __future__ import annotations

import pytest
import requests
from flask import Flask

from app.cart.service import CartService
from app.shared.ids import AccountId, CreditId, Sku
from app.web.registry import service
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.credit import Bank, enter_card
from tests.support.gateways import Sandbox
from tests.support.member import Member, make_proven
from tests.support.payments import kept
from tests.support.shopper import Shopper, soup

CARD = 2000


@pytest.fixture
def ann(app: Flask, catalog: CatalogMaker) -> AccountId:
    """Ann's account, and mugs and plates for 20.00 each."""
    catalog.add(make_product("Dune Mug", make_variant("MUG")), stock=9)
    catalog.add(make_product("Dune Plate", make_variant("PLATE")), stock=9)
    return AccountId(make_proven(app, "ann@example.com"))


@pytest.fixture
def card(bank: Bank) -> tuple[CreditId, str]:
    """A gift card of 20.00."""
    return bank.card(CARD)


def undo(member: Member, app: Flask, ann: AccountId) -> None:
    receipt = service(CartService, app).open_receipt(ann)
    assert receipt is not None
    member.post(f"/cart/merges/{receipt.id}/undo", {})
    member.get("/cart")  # the browser has its own cart again, for when it is nobody's


def to_pay(shopper: Shopper) -> str:
    sums = soup(shopper.get("/checkout")).select(".sums .grand dd")
    assert sums, "no checkout"
    return sums[-1].get_text().strip()


def test_a_guest_s_cart_does_not_count_what_the_account_s_order_holds(
    app: Flask, ann: AccountId, bank: Bank, card: tuple[CreditId, str], sandbox: Sandbox
) -> None:
    guest, desk = Member(app), Member(app)
    guest.add("MUG", 2)
    enter_card(guest, card[1])
    desk.log_in()
    desk.add("PLATE", 2)
    enter_card(desk, card[1])
    location = desk.check_out().location
    assert bank.figures(card[0]) == (CARD, CARD, 0)
    guest.log_in()
    undo(guest, app, ann)
    guest.log_out()
    assert list(guest.cart_lines().values()) == [2]
    assert to_pay(guest) == "$46.00"  # the tax follows with the address
    guest.pay(sandbox)
    desk.come_back(sandbox, location, "stripe")
    assert kept(sandbox) == [2890, 4890]
    assert bank.figures(card[0]) == (0, 0, 0)
    assert bank.is_sound()


def test_an_account_s_cart_takes_over_what_the_guest_s_order_holds(
    app: Flask, ann: AccountId, bank: Bank, card: tuple[CreditId, str], sandbox: Sandbox
) -> None:
    """It was merged once, so checking out replaces that order."""
    guest, desk = Member(app), Member(app)
    desk.log_in()
    desk.add("PLATE", 2)
    enter_card(desk, card[1])
    guest.add("MUG", 2)
    enter_card(guest, card[1])
    old_page = guest.check_out().location
    guest.log_in()
    undo(guest, app, ann)
    assert to_pay(desk) == "$26.00"
    desk.pay(sandbox)
    assert requests.get(old_page, timeout=5).status_code == 410
    assert kept(sandbox) == [2890]
    assert bank.figures(card[0]) == (0, 0, 0)
    assert bank.is_sound()


def test_what_an_order_of_the_merged_cart_holds_goes_along_with_an_undo(
    app: Flask, ann: AccountId, bank: Bank, card: tuple[CreditId, str], sandbox: Sandbox
) -> None:
    member = Member(app)
    member.add("MUG", 2)
    enter_card(member, card[1])
    member.log_in()
    member.check_out()
    assert bank.figures(card[0]) == (CARD, CARD, 0)
    undo(member, app, ann)
    member.log_out()
    assert to_pay(member) == "$26.00"
    member.pay(sandbox)
    assert kept(sandbox) == [2890]
    assert bank.figures(card[0]) == (0, 0, 0)
    assert bank.is_sound()


def test_the_last_units_that_the_account_s_order_holds_are_not_offered(
    app: Flask, ann: AccountId, catalog: CatalogMaker
) -> None:
    guest, desk = Member(app), Member(app)
    guest.add("MUG", 1)
    desk.log_in()
    desk.add("PLATE", 9)
    desk.check_out()
    guest.log_in()
    undo(guest, app, ann)
    guest.log_out()
    assert guest.add("PLATE", 1).status_code == 422
    assert catalog._stock.available([Sku("PLATE")]) == {"PLATE": 0}
