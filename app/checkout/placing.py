"""From a cart to an order with a payment attempt: once, however often it is asked."""

from __future__ import annotations

from datetime import timedelta

from app.cart.models import Cart
from app.cart.service import CartService
from app.checkout.errors import AlreadyOrdered, CartChanged, MaybePaidAlready
from app.checkout.parts import demands_of
from app.checkout.purchase import Purchase, new_order
from app.checkout.settlement import Settlement
from app.credit.holds import CreditHolds
from app.db.database import Database, Session
from app.db.errors import DuplicateKeyError
from app.db.idempotency import IdempotencyKeys
from app.drafts.service import DraftService
from app.inventory.service import InventoryService
from app.orders.models import Order, OrderState
from app.orders.service import OrderService
from app.payments.errors import GatewayNotOffered, PaymentInProgress
from app.payments.gateways.base import PaymentRequest
from app.payments.models import Attempt, AttemptState
from app.payments.service import PaymentService
from app.promotions.usage import UsageService
from app.shared.clock import now
from app.shared.errors import Conflict
from app.shared.ids import OrderId, new_id
from app.shared.texts import Text

PAYMENT_WINDOW = timedelta(minutes=45)  # how long the hosted page can be paid
_TRIES = 5
_OPENING = timedelta(seconds=20)  # how long a page may take to open before it is given up
_TWIN = timedelta(minutes=30)  # how long an order alike is asked about
HOLD_LIFE = PAYMENT_WINDOW + timedelta(minutes=30)  # a hold outlives its payment window


class _Rivalled(Exception):
    """An order of the same goods came back to life while this one was placed."""


class Placing:
    """Places orders and opens payment attempts for them."""

    def __init__(
        self,
        database: Database,
        keys: IdempotencyKeys,
        carts: CartService,
        inventory: InventoryService,
        usage: UsageService,
        credit: CreditHolds,
        orders: OrderService,
        payments: PaymentService,
        settlement: Settlement,
        drafts: DraftService,
        base_url: str,
    ) -> None:
        self._database = database
        self._keys = keys
        self._carts = carts
        self._inventory = inventory
        self._usage = usage
        self._credit = credit
        self._orders = orders
        self._payments = payments
        self._settlement = settlement
        self._drafts = drafts
        self._base_url = base_url

    def place(self, purchase: Purchase, key: str) -> Attempt | Order:
        """The stored attempt with which this purchase is to be paid, nothing being sent yet; or,
        if credit and discounts leave nothing to pay, its order, which is paid.

        The cart's earlier, unpaid order is gone on with if it says the same, else closed first,
        and so are those of carts whose goods are in this one now. Raises ``OutOfStock``,
        ``GatewayNotOffered``, ``CartChanged``, ``PromotionChanged``, ``PromotionUsedUp``,
        ``CreditChanged``, ``NotDelivered``, ``AmountTooSmall``, ``DraftOver``, and
        ``PaymentInProgress`` while an earlier attempt may still be paid.
        """
        if purchase.credit.due and not self._payments.offered((purchase.gateway,)):
            raise GatewayNotOffered
        if purchase.credit.due:
            self._payments.check_amount(purchase.gateway, purchase.credit.due)
        withdrawn: list[OrderId] = []
        try:
            return self._attempt_for(purchase, key, withdrawn)
        finally:
            if withdrawn:
                self._let_go(withdrawn)

    def _attempt_for(
        self, purchase: Purchase, key: str, withdrawn: list[OrderId]
    ) -> Attempt | Order:
        """The same; what the orders ``withdrawn`` on the way hold of promotions and credit is
        still held, so that it goes to this order and to nobody else."""
        for _ in range(_TRIES):
            earlier = self._orders.find_open_of_cart(purchase.cart_id)
            try:
                if earlier is not None:
                    if earlier.fingerprint != purchase.fingerprint:
                        self._withdraw(earlier, withdrawn)
                    elif attempt := self._go_on(earlier, purchase, key):
                        return attempt
                for rival in self._open_rivals(self._carts.find(purchase.cart_id)):
                    self._withdraw(rival, withdrawn)
                self._refuse_twin(purchase)
                return self._place(purchase, key, withdrawn)
            except (DuplicateKeyError, _Rivalled):
                self._refuse_paid(purchase)  # another tab was faster: read again
            except CartChanged:
                self._refuse_paid(purchase)
                raise
        raise Conflict(Text("Your order is being placed in another window."), retry_after=2)

    def _let_go(self, withdrawn: list[OrderId]) -> None:
        """Give back what no new order has taken over of withdrawn orders' promotions and
        credit."""

        def work(session: Session) -> None:
            for order_id in withdrawn:
                if self._is_cancelled(order_id, session):  # no late payment brought it back
                    self._usage.release(order_id, session)
                    self._credit.release(order_id, session)

        self._database.in_transaction(work)

    def _open_rivals(self, cart: Cart | None, session: Session | None = None) -> list[Order]:
        """Unpaid orders of other carts for goods that are in this one now."""
        rivals = []
        for kin in cart.rivals if cart else ():
            order = self._orders.find_open_of_cart(kin.cart_id, session)
            if order is not None and kin.covers(order.cart_version):
                rivals.append(order)
        return rivals

    def _refuse_paid(self, purchase: Purchase) -> None:
        paid = self._orders.find_paid_of_cart(purchase.cart_id, purchase.cart.version)
        if paid is not None:
            raise AlreadyOrdered(paid)

    def _refuse_twin(self, purchase: Purchase) -> None:
        """Warn before the same goods are ordered again while a payment for them is unknown."""
        if purchase.wants_twice:
            return
        for order in self._orders.unpaid_like(purchase.email, purchase.content, _TWIN):
            attempt = self._payments.find_open(order.id)
            if attempt is not None and self._settlement.look(attempt.id).uncertain:
                raise MaybePaidAlready(order.number)

    # --- a new order --------------------------------------------------------------------

    def _place(self, purchase: Purchase, key: str, withdrawn: list[OrderId]) -> Attempt | Order:
        """Hold stock, promotions and credit, store order and attempt, note the recovery point: all
        or nothing. With nothing due the order is paid by that, and there is no attempt."""

        def work(session: Session) -> Attempt | Order:
            cart, order_id = purchase.cart, OrderId(new_id("ord"))
            pinned = self._pin(purchase, order_id, session)
            instead_of = [*withdrawn, *self._left_behind(pinned, purchase, session)]
            rounds = self._orders.times_cancelled(purchase.cart_id, cart.version, session)
            demands = [demand for line in cart.lines for demand in demands_of(line)]
            held_until = now() + HOLD_LIFE
            self._inventory.hold(
                order_id, demands, held_until, session, country=purchase.address.country
            )
            self._usage.take(
                order_id,
                purchase.quote.uses,
                purchase.customer,
                held_until,
                session,
                instead_of=instead_of,
                given={each.promotion_id: each.amount for each in purchase.quote.reductions},
            )
            uses = purchase.credit.uses
            self._credit.take(order_id, uses, held_until, session, instead_of=instead_of)
            # Every order waits for the number before it, so it is taken as late as possible.
            order = new_order(
                purchase,
                order_id,
                token=f"{cart.id}:{cart.version}:{rounds}",
                number=self._orders.next_number(session),
            )
            self._orders.place(order, session)
            if purchase.draft_id:
                self._drafts.take(purchase.draft_id, order.number, session)
            if order.due:
                return self._store_attempt(order, purchase, key, session)
            self._settlement.sell(order, session)
            self._keys.reach(key, {"order_id": order.id}, session)
            return order

        return self._database.in_transaction(work, in_turn=True)  # stock and order numbers

    def _pin(self, purchase: Purchase, order_id: OrderId, session: Session) -> Cart:
        """Make sure that the cart is still the one that was shown, and its goods in no other
        order; a merge or a late payment at the same moment conflicts."""
        pinned = self._carts.ordering.pin(
            purchase.cart_id, purchase.cart.version, order_id, session
        )
        if pinned is None:
            raise CartChanged
        if self._open_rivals(pinned, session):
            raise _Rivalled
        return pinned

    def _left_behind(self, cart: Cart, purchase: Purchase, session: Session) -> list[OrderId]:
        """Cancelled orders of this cart, which may still hold promotions or credit: the server that
        withdrew them died before it gave these back."""
        if not (purchase.quote.uses or purchase.credit.uses):
            return []
        return [each for each in cart.holders if self._is_cancelled(each, session)]

    def _is_cancelled(self, order_id: OrderId, session: Session) -> bool:
        return self._orders.get(order_id, session).state is OrderState.CANCELLED

    def _store_attempt(
        self, order: Order, purchase: Purchase, key: str, session: Session
    ) -> Attempt:
        attempt = self._payments.prepare(
            order_id=order.id,
            order_number=order.number,
            access_token=order.access_token,
            gateway=purchase.gateway,
            request=self._request(order),
            cart_version=order.cart_version,
        )
        self._payments.store(attempt, session)
        self._keys.reach(key, {"attempt_id": attempt.id}, session)
        return attempt

    def _request(self, order: Order) -> PaymentRequest:
        attempt_id = new_id("pay")
        return PaymentRequest(
            attempt_id=attempt_id,
            order_number=order.number,
            receipt=attempt_id,
            description=f"Order {order.number}",
            amount=order.due,
            email=order.email,
            name=order.address.name,
            phone=order.address.phone,
            return_url=f"{self._base_url}/payments/stripe/return",
            cancel_url=f"{self._base_url}/payments/{attempt_id}/cancelled",
            expires_at=int((now() + PAYMENT_WINDOW).timestamp()),
        )

    # --- an order that is there already ---------------------------------------------------

    def _go_on(self, order: Order, purchase: Purchase, key: str) -> Attempt | None:
        """Pay the same order: with its open attempt, or with a new one once that is closed.

        None if the order itself came to its end by that.
        """
        attempt = self._payments.find_open(order.id)
        if attempt is not None:
            if attempt.gateway == purchase.gateway and not self._worn_out(attempt):
                return attempt
            self._close(attempt)

        def work(session: Session) -> Attempt | None:
            if self._orders.get(order.id, session).state is not OrderState.PENDING:
                return None
            self._inventory.hold_again(order.id, now() + HOLD_LIFE, session)
            self._usage.prolong(order.id, now() + HOLD_LIFE, session)
            self._credit.prolong(order.id, now() + HOLD_LIFE, session)
            return self._store_attempt(order, purchase, key, session)

        return self._database.in_transaction(work)

    def _worn_out(self, attempt: Attempt) -> bool:
        """Whether a fresh page is kinder: this one never opened, or its time is nearly over."""
        age = now() - attempt.created_at
        if attempt.state is AttemptState.CREATED:
            return age > _OPENING
        return age > PAYMENT_WINDOW - timedelta(minutes=5)

    def _withdraw(self, order: Order, withdrawn: list[OrderId]) -> None:
        """Cancel an unpaid order whose cart has changed, so that it can never be paid; its
        promotions and credit stay held, and it is added to ``withdrawn``."""
        attempt = self._payments.find_open(order.id)
        if attempt is not None:
            self._close(attempt)
        reason = Text("Replaced by a newer order of the same cart")
        benefits = bool(order.reductions or order.credit)
        if self._settlement.cancel(order, reason, keep_benefits=True) and benefits:
            withdrawn.append(order.id)

    def _close(self, attempt: Attempt) -> None:
        """Close an attempt for good. Raises ``PaymentInProgress`` if it may still be paid."""
        if not self._settlement.close(attempt):
            raise PaymentInProgress(attempt.id)
