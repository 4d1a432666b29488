"""What happens to a paid order, as staff and its shopper do it."""

from __future__ import annotations

from flask import Flask

from app.checkout.refunding import Refunding
from app.db.database import Database
from app.fulfilment.cancelling import Cancelling
from app.fulfilment.models import ReturnReason, ReturnRequest, Shipment
from app.fulfilment.returns import GoodsReturns
from app.fulfilment.shipping import Shipping
from app.inventory.service import InventoryService
from app.orders.models import Order
from app.orders.service import OrderService
from app.shared.ids import OrderId, Sku, new_id
from app.web.registry import service
from app.worker import Worker


class Staff:
    """Somebody at the packing table, with the only order there is."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.database = service(Database, app)
        self.shipping = service(Shipping, app)
        self.returns = service(GoodsReturns, app)
        self.cancelling = service(Cancelling, app)
        self.refunding = service(Refunding, app)

    @property
    def order(self) -> Order:
        """The order as it is now."""
        document = self.database["orders"].find_one({}, {"_id": 1})
        assert document
        return service(OrderService, self.app).get(OrderId(document["_id"]))

    @property
    def url(self) -> str:
        """The order's secret link."""
        order = self.order
        return f"/orders/{order.number}?token={order.access_token}"

    def ship(self, units: dict[int, int] | None = None, key: str = "", **more: str) -> Shipment:
        """Ship some units, or everything."""
        return self.shipping.ship(self.order.id, units, key=key or new_id("key"), **more)

    def ask(self, units: dict[int, int], key: str = "") -> ReturnRequest:
        """Ask for a return as the shopper does."""
        reason = ReturnReason.DAMAGED
        return self.returns.ask(self.order.id, units, reason, "", key=key or new_id("key"))

    def on_hand(self, sku: str = "MUG") -> int:
        """Units on the shelf."""
        return service(InventoryService, self.app).on_hand([Sku(sku)])[Sku(sku)]

    def work(self) -> None:
        """Let the worker do what there is."""
        while service(Worker, self.app).round():
            pass
