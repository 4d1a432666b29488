"""From the cart to the money: gateways, credit, checkout, refunds."""

from __future__ import annotations

from dataclasses import dataclass

from app.building.foundation import Foundation
from app.building.goods import Goods
from app.building.selling import Selling
from app.checkout.card_sending import CardSending
from app.checkout.crediting import Crediting
from app.checkout.disputing import Disputing
from app.checkout.money_back import MoneyBack
from app.checkout.placing import Placing
from app.checkout.reconciliation import Reconciler
from app.checkout.refund_credit import RefundCredit
from app.checkout.refunding import Refunding
from app.checkout.service import CheckoutService
from app.checkout.settlement import Settlement
from app.credit.givebacks import GiveBacks
from app.credit.holds import CreditHolds
from app.credit.service import CreditService
from app.credit.sources import CreditSources
from app.markets.context import format_money
from app.orders.units import OrderUnits
from app.payments.disputes import DisputeService
from app.payments.gateways.switchboard import Switchboard
from app.payments.inbox import WebhookInbox
from app.payments.keyring import KeyRing
from app.payments.refunds import RefundService
from app.payments.service import PaymentService
from app.providers import environment_keys, gateway_builders


@dataclass(frozen=True, kw_only=True, slots=True)
class Paying:
    """What takes money, and what pays it back."""

    switchboard: Switchboard
    keyring: KeyRing
    payments: PaymentService
    refunds: RefundService
    disputes: DisputeService
    inbox: WebhookInbox
    credit: CreditService
    card_sending: CardSending
    crediting: Crediting
    holds: CreditHolds
    units: OrderUnits
    refunding: Refunding
    disputing: Disputing
    money_back: MoneyBack
    settlement: Settlement
    checkout: CheckoutService
    reconciler: Reconciler


def build_paying(base: Foundation, goods: Goods, selling: Selling) -> Paying:
    """Paying for what is sold."""
    database, outbox, settings = base.database, base.outbox, base.settings
    keyring = KeyRing(base.stored, base.shop_keys, environment_keys(settings))
    switchboard = Switchboard(keyring, gateway_builders(settings))
    payments = PaymentService(database, switchboard, settings.base_url)
    disputes = DisputeService(database, switchboard)
    refunds = RefundService(database, switchboard, disputes)
    credit, units = CreditService(database, outbox, base.shop_keys), OrderUnits(database)
    holds = CreditHolds(database)
    orders, usage, inventory = selling.orders, selling.usage, goods.inventory
    refunding = Refunding(
        database, outbox, orders, inventory, payments, refunds, disputes, units,
        RefundCredit(credit, GiveBacks(database)), format_money,
    )  # fmt: skip
    settlement = Settlement(
        database, outbox, selling.carts, inventory, usage, holds, orders, payments
    )
    placing = Placing(
        database, base.keys, selling.carts, inventory, usage, holds, orders, payments,
        settlement, selling.drafts, settings.base_url,
    )  # fmt: skip
    return Paying(
        switchboard=switchboard,
        keyring=keyring,
        payments=payments,
        refunds=refunds,
        disputes=disputes,
        inbox=WebhookInbox(database, outbox, switchboard),
        credit=credit,
        card_sending=CardSending(database, outbox, orders, credit),
        crediting=Crediting(CreditSources(database), payments),
        holds=holds,
        units=units,
        refunding=refunding,
        disputing=Disputing(database, outbox, orders, payments, disputes, format_money),
        money_back=MoneyBack(payments, refunds, disputes, format_money),
        settlement=settlement,
        checkout=CheckoutService(base.keys, placing, orders, payments, outbox),
        reconciler=Reconciler(
            database, settlement, payments, orders, inventory, usage, holds, refunding
        ),
    )
