"""Buyers, and what they say."""

from __future__ import annotations

from flask import Flask

from app.orders.models import Order
from app.orders.service import OrderService
from app.reviews.models import Draft, Review
from app.reviews.service import ReviewService
from app.shared.ids import AccountId, ProductId
from app.web.registry import service
from tests.support.orders import OrderMaker

SAID = {"stars": "4", "title": "Good mug", "text": "Holds tea.\n\nAnd warmth.", "name": "Ann"}


class Buyers:
    """Has things bought and reviewed."""

    def __init__(self, app: Flask) -> None:
        self._orders = OrderMaker(app)
        self._app = app

    def order(self, product_id: ProductId, account_id: AccountId | None = None) -> Order:
        """A paid order of a product."""
        order_id = self._orders.paid(product_id, account_id=account_id)
        return service(OrderService, self._app).get(order_id)

    def says(
        self, product_id: ProductId, stars: int, title: str = "Good", name: str = "Ann"
    ) -> Review:
        """A new buyer's published review."""
        reviews = service(ReviewService, self._app)
        account_id = AccountId(f"acc_{title}_{name}")
        self.order(product_id, account_id)
        right = reviews.right_of_account(account_id, name, product_id)
        draft = Draft(stars=stars, title=title, text="Very.", name=name)
        written = reviews.write(right, draft)
        return reviews.publish(written.id, written.version, "test")
