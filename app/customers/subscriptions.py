"""What customers' figures follow. Runs in the worker."""

from __future__ import annotations

from app.checkout.events import REFUNDED
from app.customers.figures import CustomerFigures
from app.customers.repository import CustomerRepository
from app.db.database import Database
from app.db.outbox import Event, Outbox
from app.groups.events import GROUP_CHANGED
from app.identity.events import ACCOUNT_CHANGED
from app.markets.events import MARKET_CHANGED
from app.markets.service import MarketService
from app.orders.events import ORDER_PAID, ORDERS_MOVED
from app.payments.events import ALERT
from app.shared.ids import AccountId, OrderId


class CustomerSubscriptions:
    """Handlers of the outbox; each leaves the same however often it is called."""

    def __init__(
        self, database: Database, figures: CustomerFigures, markets: MarketService
    ) -> None:
        self._customers = CustomerRepository(database)
        self._figures = figures
        self._markets = markets

    def subscribe(self, outbox: Outbox) -> None:
        """Listen to orders and accounts; to alerts, since a refund that a bank returned is one."""
        for topic in (ORDER_PAID, REFUNDED, ALERT):
            outbox.subscribe(topic, "customers.order", self.follow_order)
        outbox.subscribe(ORDERS_MOVED, "customers.orders", self.follow_orders)
        outbox.subscribe(ACCOUNT_CHANGED, "customers.account", self.follow_account)
        outbox.subscribe(GROUP_CHANGED, "customers.groups", self.follow_groups)
        outbox.subscribe(MARKET_CHANGED, "customers.currencies", self.index_currencies)

    def follow_order(self, event: Event) -> None:
        """Count the order that the event is about."""
        order_id = event.payload.get("order_id")
        if order_id:
            self._figures.follow_order(OrderId(order_id))

    def follow_orders(self, event: Event) -> None:
        """Count orders with whom they belong to now."""
        for order_id in event.payload["order_ids"]:
            self._figures.follow_order(OrderId(order_id))

    def follow_account(self, event: Event) -> None:
        """Note what the account says of itself now."""
        self._figures.follow_account(AccountId(event.payload["account_id"]))

    def follow_groups(self, event: Event) -> None:
        """Note who came into a group, or left it."""
        self._figures.follow_groups(event.payload["emails"])

    def index_currencies(self, _: Event) -> None:
        """A market may have brought a currency."""
        for currency in {each.currency for each in self._markets.every()}:
            self._customers.index_currency(currency)
