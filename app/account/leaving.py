"""Taking one's data along, and going."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from app.cart.models import CartLine
from app.cart.service import CartService
from app.checkout.refunding import Refunding
from app.credit.service import CreditService
from app.customers.service import CustomerService
from app.db.database import Database, Session
from app.fulfilment.models import ReturnRequest, ReturnState
from app.fulfilment.returns import GoodsReturns
from app.groups.service import GroupService
from app.identity.errors import OwnerCannotLeave, StillOpen
from app.identity.models import Account, Role
from app.identity.service import AccountService
from app.identity.sessions import SessionService
from app.orders.models import Order, OrderState
from app.orders.service import OrderService
from app.payments.models import RefundState
from app.privacy.erasing import Traces
from app.reviews.models import Review
from app.reviews.service import ReviewService
from app.shared.clock import now
from app.shared.errors import ShopError
from app.shared.money import Money
from app.stock_alerts.service import StockAlertService
from app.wishlists.rules import list_of_account
from app.wishlists.service import WishlistService

_BATCH = 100
_ANOTHER_TRY = timedelta(days=1)
_REFUNDED = frozenset({RefundState.SUCCEEDED, RefundState.FAILED})
_RETURNED = frozenset({ReturnState.RECEIVED, ReturnState.REFUSED})


class Leaving:
    """Exports and deletes what belongs to an account.

    Orders stay, without the account: they are records that a merchant must keep (for tax, six to
    ten years in the shop's markets), with the name and address that their invoices must have, and
    without anything else that names somebody.
    """

    def __init__(
        self,
        database: Database,
        accounts: AccountService,
        sessions: SessionService,
        carts: CartService,
        orders: OrderService,
        reviews: ReviewService,
        wishlists: WishlistService,
        alerts: StockAlertService,
        credit: CreditService,
        groups: GroupService,
        customers: CustomerService,
        refunding: Refunding,
        returns: GoodsReturns,
        traces: Traces,
        grace: timedelta,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._sessions = sessions
        self._carts = carts
        self._orders = orders
        self._reviews = reviews
        self._wishlists = wishlists
        self._alerts = alerts
        self._credit = credit
        self._groups = groups
        self._customers = customers
        self._refunding = refunding
        self._returns = returns
        self._traces = traces
        self._grace = grace

    def export(self, account: Account) -> dict[str, Any]:
        """Everything known, as plain data; money as text in major units."""
        cart = self._carts.of_account(account.id)
        return {
            "account": {
                "email": account.email,
                "email_confirmed": account.verified,
                "name": account.name,
                "created_at": _plain(account.created_at),
                "second_factor": account.has_second_factor,
                "to_be_deleted_at": _plain(account.leaves_at) if account.leaves_at else None,
            },
            "addresses": [asdict(each.address) for each in account.addresses],
            "sessions": [
                {
                    "browser": each.agent,
                    "network": each.network,
                    "began": _plain(each.created_at),
                    "last_seen": _plain(each.last_seen_at),
                }
                for each in self._sessions.of_account(account.id)
            ],
            "cart": _lines(cart.lines if cart else ()),
            "saved_for_later": _lines(cart.saved if cart else ()),
            "gift_cards_to_send": [asdict(each) for each in (cart.gift_notes if cart else ())],
            "codes": list(cart.coupons if cart else ()),
            "wishlist": [
                {"sku": item.sku, "added_at": _plain(item.added_at)}
                for item in self._wishlists.find(list_of_account(account.id)).items
            ],
            "waits_for": self._alerts.waits_for(account.email) if account.verified else [],
            "reviews": [_review(each) for each in self._reviews.of_account(account.id)],
            "store_credit": [_plain(each.balance) for each in self._credit.of_account(account.id)],
            "store_credit_history": [
                {"at": _plain(entry.at), "cause": entry.cause.value, "amount": _plain(entry.amount)}
                for each in self._credit.of_account(account.id)
                for entry in self._credit.history(each.id)
            ],
            "groups": sorted(self._groups.codes_of([account.email])) if account.verified else [],
            "orders": [
                {**_order(each), "returns": [_return(x) for x in self._returns.of_order(each.id)]}
                for each in self._orders_of(account)
            ],
        }

    def _orders_of(self, account: Account) -> list[Order]:
        """Every order that is the account's, with those that its owner placed as a guest since."""
        self._orders.adopt(account.id, account.email if account.verified else "")
        return self._orders.every_of_account(account.id)

    # --- asking, and staying after all ----------------------------------------------------------

    def ask(self, account: Account) -> datetime:
        """Have the account deleted after some days, in which its owner may stay; when that is.
        Asking again changes nothing.

        Raises ``OwnerCannotLeave`` and ``StillOpen``.
        """
        self._check(account)
        moment = account.leaves_at or now() + self._grace
        self._accounts.set_leaving(account, moment)
        self._sessions.revoke_all(account.id, "The account is to be deleted")
        return moment

    def lost_credit(self, account: Account) -> list[Money]:
        """What would be lost of store credit, by currency."""
        return [each.balance for each in self._credit.of_account(account.id) if each.balance]

    def close_due(self) -> int:
        """Delete the accounts whose time has come; how many. Those of which something is open by
        then wait another day."""
        done = 0
        for account in self._accounts.leaving(_BATCH):
            try:
                self.close(account)
                done += 1
            except ShopError:
                self._accounts.postpone(account, now() + _ANOTHER_TRY)
        return done

    def _check(self, account: Account) -> None:
        if account.role is Role.OWNER:
            raise OwnerCannotLeave
        self._check_orders(self._orders_of(account))

    def _check_orders(self, orders: Iterable[Order]) -> None:
        for order in orders:
            if self._is_open(order):
                raise StillOpen(order.number)

    def _is_open(self, order: Order) -> bool:
        """Whether somebody still has to do something about it that takes knowing whose it is."""
        if order.state is OrderState.PENDING:
            return True
        if order.state is OrderState.PAID and any(order.to_send.values()):
            return True
        refunds = (each.state for each in self._refunding.of_order(order.id))
        returns = (each.state for each in self._returns.of_order(order.id))
        return any(state not in _REFUNDED for state in refunds) or any(
            state not in _RETURNED for state in returns
        )

    # --- going ----------------------------------------------------------------------------------

    def close(self, account: Account) -> None:
        """Delete the account, its cart, wishlist and reviews, its place in groups and what staff
        noted, and end its sessions; take its owner out of its orders, as far as the law allows, and
        have every other trace removed.

        Raises ``OwnerCannotLeave``, ``StillOpen``, and ``Conflict`` if its role is another by now,
        or its owner stays; then nothing changes but that it is logged out.
        """
        self._check(account)
        # First, so that no request that is still signed in begins another cart of this name.
        self._sessions.revoke_all(account.id, "The account was deleted")

        def work(session: Session) -> None:
            self._check_orders(self._orders.every_of_account(account.id, session))
            self._carts.forget(account.id, session)
            self._wishlists.forget(account.id, session)
            if account.verified:  # else the address may be somebody else's
                self._alerts.forget(account.email, session)
                self._groups.forget(account.email, session)
            self._customers.forget(account.id, session)
            self._reviews.forget(account.id, session)
            orders = self._orders.erase_of_account(account.id, session)
            self._credit.disown(account.id, session)
            self._sessions.forget(account.id, session)
            self._accounts.close(account, session)
            email = account.email if account.verified else ""
            self._traces.forget(account.id, email, orders, session)

        self._database.in_transaction(work)


def _lines(lines: Iterable[CartLine]) -> list[dict[str, Any]]:
    return [{"sku": line.sku, "quantity": line.quantity} for line in lines]


def _order(order: Order) -> dict[str, Any]:
    return {
        "number": order.number,
        "state": order.state.value,
        "placed_at": _plain(order.placed_at),
        "email": order.email,
        "address": asdict(order.address),
        "lines": [
            {
                "sku": line.sku,
                "title": line.title,
                "variant": line.variant_title,
                "quantity": line.quantity,
                "total": _plain(line.total),
                **(
                    {"for": line.gift_email, "message": line.gift_message} if line.gift_card else {}
                ),
            }
            for line in order.lines
        ],
        "discounts": [
            {"name": each.name, "code": each.code, "amount": _plain(each.amount)}
            for each in order.reductions
        ],
        "total": _plain(order.totals.total),
    }


def _return(wanted: ReturnRequest) -> dict[str, Any]:
    return {
        "number": wanted.id,
        "reason": wanted.reason.value,
        "comment": wanted.comment,
        "state": wanted.state.value,
        "asked_at": _plain(wanted.created_at),
    }


def _review(review: Review) -> dict[str, Any]:
    return {
        "product_id": review.product_id,
        **asdict(review.draft),
        "state": review.state.value,
        "written_at": _plain(review.updated_at),
    }


def _plain(value: datetime | Money) -> str:
    if isinstance(value, Money):
        return f"{value.to_major()} {value.currency}"
    return value.isoformat()
