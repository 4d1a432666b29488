"""Carts are never lost, whoever writes at the same time."""

from __future__ import annotations

import threading

from flask import Flask

from app.cart.service import CartService
from app.markets.service import UNITED_STATES
from app.shared.ids import Sku
from app.web.registry import service
from tests.support.catalog import CatalogMaker, make_product, make_variant


def test_tabs_that_add_at_once_lose_nothing(app: Flask, catalog: CatalogMaker) -> None:
    products = [make_product(f"Thing {n}", make_variant(f"SKU-{n}")) for n in range(8)]
    catalog.add(*products)
    carts = service(CartService, app)
    cart_id, _, _ = carts.add(None, Sku("SKU-0"), 1, UNITED_STATES)
    threads = [
        threading.Thread(target=carts.add, args=(cart_id, Sku(f"SKU-{n % 8}"), 1, UNITED_STATES))
        for n in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cart = carts.find(cart_id)
    assert cart is not None
    assert {line.sku: line.quantity for line in cart.lines} == {
        f"SKU-{n}": 3 if n == 0 else 2 for n in range(8)
    }
    assert cart.version == 17


def test_a_changed_price_is_charged_as_it_is_now_and_said(
    app: Flask, catalog: CatalogMaker
) -> None:
    catalog.add(make_product("Mug", make_variant("MUG", US=2000)))
    carts = service(CartService, app)
    cart_id, _, _ = carts.add(None, Sku("MUG"), 1, UNITED_STATES)
    catalog._database["products"].update_one(
        {"variants.sku": "MUG"}, {"$set": {"variants.0.prices.US.amount": 2500}}
    )
    cart = carts.view(cart_id, UNITED_STATES)
    assert cart.subtotal.minor == 2500
    assert "$20.00 to $25.00" in cart.lines[0].notice
    carts.accept_prices(cart)
    assert carts.view(cart_id, UNITED_STATES).lines[0].notice == ""


def test_what_leaves_the_range_stays_in_the_cart_and_blocks_it(
    app: Flask, catalog: CatalogMaker
) -> None:
    sku = catalog.mug()
    carts = service(CartService, app)
    cart_id, _, _ = carts.add(None, Sku(sku), 2, UNITED_STATES)
    catalog._database["products"].update_many({}, {"$set": {"status": "archived"}})
    cart = carts.view(cart_id, UNITED_STATES)
    assert [line.sellable for line in cart.lines] == [False]
    assert not cart.ready
    assert cart.subtotal.minor == 0
