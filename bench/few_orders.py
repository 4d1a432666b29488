"""A few orders as shoppers and staff make them, to be multiplied."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import requests
from flask import Flask

from app.checkout.refund_rules import RefundWish
from app.checkout.refunding import Refunding
from app.fulfilment.shipping import Shipping
from app.orders.models import Order
from app.orders.service import OrderService
from app.shared.ids import new_id
from app.web.registry import service
from app.worker import Worker
from bench.forms import BUY, MAIN, form_of
from bench.latency import ADDRESS
from bench.shop import Shop

_PAID, _SHIPPED, _REFUNDED = 0.9, 0.6, 0.15  # of those before each
_EVER = datetime(2020, 1, 1, tzinfo=UTC)
_TIMEOUT = 30


def place(shop: Shop, app: Flask, count: int, seed: int = 1) -> None:
    """Have ``count`` shoppers order; most pay, most of these get their goods, some their money."""
    dice = random.Random(seed)
    products = dice.sample(range(shop.size), 3 * count)
    placed = 0
    while placed < count:
        pay = dice.random() < _PAID
        placed += buy(shop, f"/products/product-{products.pop()}", placed, pay=pay)
    _work(app)
    for order in list(service(OrderService, app).paid_since(_EVER)):
        _go_on(app, order, dice)
    _work(app)


def buy(shop: Shop, path: str, number: int, *, pay: bool = True) -> bool:
    """Order a product as the shopper ``number``; False if it cannot be bought."""
    with requests.Session() as browser:
        page = browser.get(f"{shop.url}{path}", timeout=_TIMEOUT).text
        if BUY not in page:
            return False
        item = {**form_of(page, BUY), "quantity": "1"}
        browser.post(f"{shop.url}/cart/items", data=item, timeout=_TIMEOUT)
        checkout = browser.get(f"{shop.url}/checkout", timeout=_TIMEOUT).text
        form = {
            **form_of(checkout, MAIN),
            **ADDRESS,
            "email": f"shopper-{number:05}@bench.example",
        }
        answer = browser.post(
            f"{shop.url}/checkout", data=form, allow_redirects=False, timeout=_TIMEOUT
        )
        if answer.status_code != 303:
            return False
        if pay:
            hosted = answer.headers["Location"]
            browser.post(hosted, data={"action": "approve"}, timeout=_TIMEOUT).raise_for_status()
    return True


def _go_on(app: Flask, order: Order, dice: random.Random) -> None:
    if dice.random() < _SHIPPED:
        service(Shipping, app).ship(order.id, None, key=new_id("key"), carrier="DHL")
    if dice.random() < _REFUNDED:
        wish = RefundWish(quantities={1: 1})
        service(Refunding, app).request(
            order.id, wish, key=new_id("key"), reason="measured", restock=False, by="bench"
        )


def _work(app: Flask) -> None:
    while service(Worker, app).round():
        pass
