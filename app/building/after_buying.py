"""What happens to paid orders and to those who placed them, by the shop's own rules."""

from __future__ import annotations

from dataclasses import dataclass

from app.account.leaving import Leaving
from app.building.foundation import Foundation
from app.building.goods import Goods
from app.building.paying import Paying
from app.building.people import People
from app.building.selling import Selling
from app.customers.figures import CustomerFigures
from app.customers.service import CustomerService
from app.fulfilment.cancelling import Cancelling
from app.fulfilment.invoicing import Invoicing
from app.fulfilment.models import Seller
from app.fulfilment.papers import PaperWriter
from app.fulfilment.returns import GoodsReturns
from app.fulfilment.shipping import Shipping
from app.markets.context import format_day, format_money
from app.privacy.erasing import Traces
from app.privacy.retention import Retention
from app.providers import periods


@dataclass(frozen=True, kw_only=True, slots=True)
class AfterBuying:
    """Parcels, second thoughts and papers; customers as they are counted, and their leaving."""

    shipping: Shipping
    cancelling: Cancelling
    returns: GoodsReturns
    invoicing: Invoicing
    papers: PaperWriter
    customers: CustomerService
    figures: CustomerFigures
    leaving: Leaving
    traces: Traces
    retention: Retention


def build_after_buying(
    base: Foundation, people: People, goods: Goods, selling: Selling, paying: Paying
) -> AfterBuying:
    """What follows these sales."""
    database, outbox, profiles = base.database, base.outbox, base.profiles
    orders, inventory, units = selling.orders, goods.inventory, paying.units

    def seller() -> Seller:
        return Seller(lines=profiles.current.seller, tax_id=profiles.current.tax_id)

    customers = CustomerService(database, orders)
    returns = GoodsReturns(
        database, outbox, orders, units, inventory, paying.refunding,
        lambda: profiles.current.return_window,
    )  # fmt: skip
    traces, kept = Traces(database, outbox), periods(base.settings)
    return AfterBuying(
        shipping=Shipping(database, outbox, orders, units, inventory),
        cancelling=Cancelling(
            database, orders, inventory, paying.payments, paying.settlement, paying.refunding,
            lambda: profiles.current.cancel_window,
        ),
        returns=returns,
        invoicing=Invoicing(database, orders, paying.refunding, seller),
        papers=PaperWriter(format_money, format_day),
        customers=customers,
        figures=CustomerFigures(database, people.accounts, people.groups),
        leaving=Leaving(
            database, people.accounts, people.sessions, selling.carts, orders, selling.reviews,
            selling.wishlists, goods.alerts, paying.credit, people.groups, customers,
            paying.refunding, returns, traces, kept.grace,
        ),
        traces=traces,
        retention=Retention(database, orders, traces, kept),
    )  # fmt: skip
