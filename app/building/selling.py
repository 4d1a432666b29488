"""What shoppers see and fill: pages, promotions, carts, wishlists, reviews; and the order book."""

from __future__ import annotations

from dataclasses import dataclass

from app.building.foundation import Foundation
from app.building.goods import Goods
from app.building.people import People
from app.cart.service import CartService
from app.catalog.pages import CatalogPages
from app.catalog.sitemap import Sitemap
from app.drafts.service import DraftService
from app.markets.context import format_money
from app.orders.service import OrderService
from app.promotions.discounts import DiscountService
from app.promotions.service import PromotionService
from app.promotions.tallies import UsageTallies
from app.promotions.usage import UsageService
from app.recommendations.counting import OrderCounting
from app.recommendations.service import RecommendationService
from app.reviews.service import ReviewService
from app.wishlists.service import WishlistService


@dataclass(frozen=True, kw_only=True, slots=True)
class Selling:
    """From the shop window to the cart. The order book is here since promotions and reviews ask
    it who has bought before."""

    orders: OrderService
    promotions: PromotionService
    discounts: DiscountService
    usage: UsageService
    tallies: UsageTallies
    carts: CartService
    drafts: DraftService
    wishlists: WishlistService
    reviews: ReviewService
    recommendations: RecommendationService
    counting: OrderCounting
    pages: CatalogPages
    sitemap: Sitemap


def build_selling(base: Foundation, people: People, goods: Goods) -> Selling:
    """Selling these goods to these people."""
    database, outbox, catalog = base.database, base.outbox, goods.catalog
    orders = OrderService(database, outbox)
    discounts = DiscountService(database, catalog, orders, format_money, people.groups)
    carts = CartService(database, catalog, goods.inventory, discounts, format_money)
    promotions = PromotionService(database)
    recommendations = RecommendationService(database, catalog)
    return Selling(
        orders=orders,
        promotions=promotions,
        discounts=discounts,
        usage=UsageService(database),
        tallies=UsageTallies(database),
        carts=carts,
        drafts=DraftService(database, outbox, carts, promotions, goods.markets),
        wishlists=WishlistService(database, catalog),
        reviews=ReviewService(database, catalog, orders),
        recommendations=recommendations,
        counting=OrderCounting(database, orders),
        pages=CatalogPages(catalog, recommendations),
        sitemap=Sitemap(database, catalog, base.content),
    )
