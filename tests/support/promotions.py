"""Promotions for tests, and carts they are worked out for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from flask import Flask
from werkzeug.test import TestResponse

from app.cart.models import PricedCart, PricedLine
from app.markets.models import Market
from app.promotions.coupons import Coupons
from app.promotions.kinds import Benefit, Percentage
from app.promotions.models import Promotion
from app.promotions.service import PromotionService
from app.shared.clock import now
from app.shared.ids import CartId, LineId, ProductId, PromotionId, Sku, new_id
from app.shared.money import Money, total
from app.web.registry import service
from tests.support.shopper import Shopper, soup

TEN_PERCENT = Percentage(basis_points=1000)


def make_promotion(benefit: Benefit = TEN_PERCENT, **more: object) -> Promotion:
    """A promotion that anybody may use with a code."""
    fields: dict[str, object] = {
        "id": PromotionId(new_id("prm")),
        "name": "Ten off",
        "automatic": False,
        "benefit": benefit,
    }
    return Promotion(**{**fields, **more})


def make_cart(market: Market, lines: list[tuple[str, int, int]]) -> PricedCart:
    """A cart of (SKU, quantity, unit price in minor units) lines that can all be sold."""
    priced = tuple(
        PricedLine(
            id=LineId(sku),
            sku=Sku(sku),
            product_id=ProductId(f"p-{sku}"),
            slug=sku.lower(),
            title=sku,
            variant_title="",
            image=None,
            quantity=quantity,
            unit_price=Money(price, market.currency),
            compare_at=None,
            total=Money(price * quantity, market.currency),
            max_quantity=99,
            weight_grams=0,
            taxable=True,
            notice="",
            sellable=True,
        )
        for sku, quantity, price in lines
    )
    return PricedCart(
        id=CartId("c"), version=1, market=market.code, currency=market.currency, lines=priced,
        subtotal=total((line.total for line in priced), market.currency),
        count=sum(line.quantity for line in priced),
    )  # fmt: skip


def enter(shopper: Shopper, code: str, *, htmx: bool = False) -> TestResponse:
    """Type a code into the cart page's field."""
    return shopper.post("/cart/coupons", {"code": code}, htmx=htmx)


def sums(answer: TestResponse) -> dict[str, str]:
    """The summary's rows, of a cart, a checkout or an order."""
    rows = soup(answer).select(".summary .sums > div")
    return {row.dt.text: row.dd.text for row in rows if row.dt and row.dd}


class PromotionMaker:
    """Puts promotions into the shop."""

    def __init__(self, app: Flask) -> None:
        self.service = service(PromotionService, app)
        self.coupons = service(Coupons, app)

    def add(
        self,
        *codes: str,
        benefit: Benefit = TEN_PERCENT,
        code_limit: int | None = None,
        **more: object,
    ) -> Promotion:
        """A promotion with these codes; without any it is automatic."""
        promotion = make_promotion(benefit, **{"automatic": not codes, **more})
        self.service.create(promotion, [(code, code_limit) for code in codes])
        return promotion

    def make_codes(self, promotion: Promotion, count: int, **more: str) -> list[str]:
        """A batch of codes, each good for one order."""
        batch = self.coupons.make_batch(promotion.id, count, **more)
        return [each.code for each in self.coupons.every(promotion.id, batch.name)]

    def end(self, promotion: Promotion) -> Promotion:
        """It ended a minute ago."""
        ended = replace(self.service.get(promotion.id), ends_at=now() - timedelta(minutes=1))
        return self.service.change(ended)
