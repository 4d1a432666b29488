"""What gift cards pay of a cart, for the cart's page."""

from __future__ import annotations

from flask import Flask

from app.cart.models import PricedCart
from app.checkout.crediting import Crediting, Sources
from app.credit.rules import CreditPlan
from app.web.registry import service


def init_app(app: Flask) -> None:
    """Let templates ask ``cart_credit``."""
    app.add_template_global(cart_credit)


def cart_credit(cart: PricedCart) -> tuple[Sources, CreditPlan]:
    """The cart's gift cards, and what they pay of its goods: shipping and tax are not known yet."""
    crediting = service(Crediting)
    sources = crediting.sources(cart, None)
    goods = cart.subtotal - cart.discount
    return sources, crediting.plan(cart, goods, sources, None, with_store=False)
