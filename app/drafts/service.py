"""Draft orders: prepared by staff, ordered by whoever has the link, once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from app.cart.service import CartService
from app.db.database import Database, Session
from app.db.errors import DuplicateKeyError
from app.db.outbox import Outbox
from app.drafts.errors import DraftMoved, DraftOver
from app.drafts.events import DRAFT_SENT
from app.drafts.models import Draft, DraftLine, DraftState, Wish
from app.drafts.repository import DraftRepository
from app.markets.models import Market
from app.markets.service import MarketService
from app.promotions.codes import make_code
from app.promotions.kinds import Benefit, FixedAmount, Percentage, Scope
from app.promotions.models import ANYBODY, Promotion
from app.promotions.service import PromotionService
from app.shared.clock import now
from app.shared.errors import Conflict, Invalid, NotFound
from app.shared.ids import CartId, PromotionId, new_id, new_secret
from app.shared.texts import Text

MOST_DAYS = 30  # a cart that nobody touches lives twice as long


class DraftService:
    """A draft is a cart of its own, which no browser's cookie names, with a link to its checkout.

    So everything that keeps a cart from being paid twice holds for it, whoever opens the link and
    however often; and whatever cart its shopper had stays as it is.
    """

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        carts: CartService,
        promotions: PromotionService,
        markets: MarketService,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._carts = carts
        self._promotions = promotions
        self._markets = markets
        self._drafts = DraftRepository(database)

    # --- making ---------------------------------------------------------------------------------

    def create(self, wish: Wish, *, by: str, key: str) -> Draft:
        """Prepare a draft; the same ``key`` again is the same draft.

        Raises ``Invalid`` beside ``sku-<n>`` or ``quantity-<n>`` for what cannot be sold like that,
        and for a discount that takes nothing off.
        """
        known = self._drafts.find(request_key=key)
        if known is not None:
            return known
        market = self._markets.get(wish.market)
        cart_id, lines = self._fill(wish, market)
        code = self._discount(wish, market, cart_id)
        moment = now()
        draft = Draft(
            id=new_id("drf"),
            number="",
            token=new_secret(),
            request_key=key,
            state=DraftState.OPEN,
            cart_id=cart_id,
            market=market.code,
            email=wish.email,
            address=wish.address,
            lines=lines,
            note=wish.note,
            discount=wish.discount if code else "",
            code=code,
            order_number="",
            created_by=by,
            created_at=moment,
            expires_at=moment + timedelta(days=wish.days),
        )

        def work(session: Session) -> Draft:
            numbered = replace(draft, number=self._drafts.next_number(session))
            self._drafts.insert(numbered, session)
            return numbered

        with suppress(DuplicateKeyError):  # the same form at the same moment was faster
            return self._database.in_transaction(work)
        return self.get_requested(key)

    def get_requested(self, key: str) -> Draft:
        """The draft that this request made. Raises ``NotFound``."""
        return _known(self._drafts.find(request_key=key))

    def _fill(self, wish: Wish, market: Market) -> tuple[CartId, tuple[DraftLine, ...]]:
        """A new cart with all that was wished for; one that is given up half-way ends by itself."""
        cart_id: CartId | None = None
        lines = []
        for at, (sku, quantity) in enumerate(wish.lines, 1):
            try:
                cart_id, line, _ = self._carts.add(cart_id, sku, quantity, market)
            except Invalid as refusal:
                field = "quantity" if "quantity" in refusal.fields else "sku"
                raise Invalid(refusal.message, {f"{field}-{at}": refusal.message}) from refusal
            name = ", ".join(filter(None, (line.title, line.variant_title)))
            lines.append(DraftLine(sku=sku, title=name, quantity=quantity))
        if cart_id is None:
            message = Text("Please add something to sell.")
            raise Invalid(message, {"sku-1": message})
        return cart_id, tuple(lines)

    def _discount(self, wish: Wish, market: Market, cart_id: CartId) -> str:
        """A coupon that is good for one order of these goods, kept with the cart; "" for none."""
        benefit: Benefit
        if wish.percent:
            benefit = Percentage(basis_points=wish.percent)
        elif wish.amount_off:
            benefit = FixedAmount(amounts={market.code: wish.amount_off})
        else:
            return ""
        promotion = Promotion(
            id=PromotionId(new_id("prm")),
            name="Your discount",
            automatic=False,
            benefit=benefit,
            scope=Scope(skus=tuple(dict.fromkeys(sku for sku, _ in wish.lines))),
            ends_at=now() + timedelta(days=wish.days + 1),
            limit_total=1,
        )
        code = make_code("DRAFT")
        self._promotions.create(promotion, [(code, 1)])
        try:
            self._carts.add_coupon(cart_id, code, market, ANYBODY)
        except Invalid as refusal:
            self._promotions.switch(promotion.id, active=False)
            raise Invalid(refusal.message, {"discount": refusal.message}) from refusal
        return code

    # --- reading --------------------------------------------------------------------------------

    def list(self, state: str, most: int, after: str = "") -> list[Draft]:
        """Drafts in a state, "" for any, the newest first, from the place ``after`` on."""
        return self._drafts.list(state, after, most)

    def get(self, number: str) -> Draft:
        """The draft with this number. Raises ``NotFound``."""
        return _known(self._drafts.find(number=number.strip().upper()))

    def get_by_id(self, draft_id: str) -> Draft:
        """The draft. Raises ``NotFound``."""
        return _known(self._drafts.find(id=draft_id))

    def find_by_token(self, token: str) -> Draft | None:
        """The draft behind a link, or None."""
        return self._drafts.find(token=token) if token else None

    def find_of_cart(self, cart_id: CartId) -> Draft | None:
        """The draft that a cart was made for, or None."""
        return self._drafts.find(cart_id=cart_id)

    # --- moving ---------------------------------------------------------------------------------

    def take(self, draft_id: str, order_number: str, session: Session) -> None:
        """Note that an order of it is placed, in the order's own transaction. Raises ``DraftOver``
        for one that is cancelled, expired or paid: then nothing is ordered."""
        if not self._drafts.take(draft_id, order_number, session):
            raise DraftOver

    def paid(self, cart_id: CartId, order_number: str) -> None:
        """An order of this cart was paid; nothing happens for one that is no draft's."""
        self._drafts.pay(cart_id, order_number)

    def not_paid(self, cart_id: CartId, order_number: str) -> None:
        """An order of this cart was cancelled: the link is open again, unless it was ordered
        anew."""
        self._drafts.move(DraftState.OPEN, cart_id=cart_id, order_number=order_number)

    def cancel(self, draft: Draft) -> Draft:
        """Close the link of a draft as it was read; its last order, if any, is cancelled already.
        Repeating it changes nothing. Raises ``DraftMoved`` if it was ordered since, or paid."""
        self._drafts.move(DraftState.CANCELLED, _id=draft.id, order_number=draft.order_number)
        current = self.get_by_id(draft.id)
        if current.state is not DraftState.CANCELLED:
            raise DraftMoved(current.state)
        return current

    def send(self, draft: Draft, key: str) -> None:
        """Have the link sent to the customer; the same ``key`` again is the same mail. Raises
        ``Conflict`` for one that is over, or without an address."""
        if draft.is_over:
            raise DraftMoved(draft.state)
        if not draft.email:
            raise Conflict(Text("This draft has no e-mail address to send its link to."))
        payload = {"draft_id": draft.id, "key": key}
        self._outbox.publish(DRAFT_SENT, payload, key=f"{DRAFT_SENT}:{draft.id}:{key}")


def _known(draft: Draft | None) -> Draft:
    if draft is None:
        raise NotFound(Text("There is no draft order with this number."))
    return draft
