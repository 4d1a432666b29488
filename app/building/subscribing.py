"""Who hears of which event."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from app.analytics.subscriptions import AnalyticsSubscriptions
from app.building.shop import Shop
from app.catalog.repricing import Repricing
from app.checkout.card_issuing import CardIssuing
from app.checkout.draft_following import DraftFollowing
from app.checkout.subscriptions import CheckoutSubscriptions
from app.customers.subscriptions import CustomerSubscriptions
from app.db.outbox import Outbox
from app.notifications.draft_mails import DraftMails
from app.notifications.gift_card_mails import GiftCardMails
from app.notifications.identity_mails import IdentityMails
from app.notifications.invitation_mails import InvitationMails
from app.notifications.order_mails import OrderMails
from app.notifications.staff_mails import StaffMails
from app.notifications.stock_mails import StockMails
from app.recommendations.subscriptions import CompanionSubscriptions


class _Handlers(Protocol):
    """Says by itself which events it handles."""

    def subscribe(self, outbox: Outbox) -> None:
        """Ask the outbox for them."""


def subscribe(shop: Shop) -> None:
    """Have everything that happens told to those who handle it. Of one event they are called in
    this order."""
    for handlers in (*_doing(shop), *_mailing(shop), *_counting(shop)):
        handlers.subscribe(shop.base.outbox)


def _doing(shop: Shop) -> Iterable[_Handlers]:
    """What goes on with orders, prices and stock."""
    database, goods, selling, paying = shop.base.database, shop.goods, shop.selling, shop.paying
    yield Repricing(database, goods.inventory, goods.markets)
    yield CheckoutSubscriptions(
        paying.settlement, paying.payments, selling.orders, goods.catalog, paying.refunding,
        paying.disputing,
    )  # fmt: skip
    yield CompanionSubscriptions(selling.counting)
    yield shop.messages.mail
    yield goods.alerts
    yield shop.after.invoicing
    yield shop.after.traces
    yield CardIssuing(database, selling.orders, paying.credit)
    yield DraftFollowing(selling.drafts, selling.orders)


def _mailing(shop: Shop) -> Iterable[_Handlers]:
    """What sends a mail."""
    mail, people, goods, selling = shop.messages.mail, shop.people, shop.goods, shop.selling
    yield IdentityMails(mail, people.accounts, people.links)
    yield GiftCardMails(mail, shop.paying.credit)
    yield OrderMails(
        mail, selling.orders, shop.after.shipping, shop.after.returns, shop.paying.refunding,
        shop.paying.money_back,
    )  # fmt: skip
    yield StockMails(mail, goods.alerts, shop.base.settings.base_url)
    yield StaffMails(mail, shop.base.outbox, people.accounts, goods.catalog)
    yield DraftMails(mail, selling.drafts, goods.markets)
    yield InvitationMails(mail, people.invitations)


def _counting(shop: Shop) -> Iterable[_Handlers]:
    """What counts, and what repairs the books."""
    yield AnalyticsSubscriptions(shop.watching.sales)
    yield shop.watching.repairs
    yield CustomerSubscriptions(shop.base.database, shop.after.figures, shop.goods.markets)
