"""What gift cards and store credit pay of a cart."""

from __future__ import annotations

from dataclasses import dataclass

from app.cart.models import PricedCart
from app.checkout.rules import fingerprint
from app.credit.models import CreditSource
from app.credit.rules import CreditPlan, plan_credit
from app.credit.sources import CreditSources
from app.markets.models import Market
from app.payments.service import PaymentService
from app.shared.credit import CreditKind
from app.shared.ids import AccountId
from app.shared.money import Money


@dataclass(frozen=True, kw_only=True, slots=True)
class Sources:
    """The gift cards of a cart, and the store credit of its shopper."""

    cards: tuple[CreditSource, ...]
    store: tuple[CreditSource, ...]

    @property
    def seen(self) -> str:
        """What a page shows of them, to tell whether the next one would show the same."""
        return fingerprint([(each.id, each.free.minor) for each in (*self.cards, *self.store)])


class Crediting:
    """Works out what credit pays."""

    def __init__(self, sources: CreditSources, payments: PaymentService) -> None:
        self._sources = sources
        self._payments = payments

    def sources(self, cart: PricedCart, owner: AccountId | None) -> Sources:
        """What the shopper may pay this cart with."""
        found = self._sources.of(cart.gift_cards, owner, cart.currency, cart.holders)
        return Sources(
            cards=tuple(each for each in found if each.kind is CreditKind.GIFT_CARD),
            store=tuple(
                each for each in found if each.kind is CreditKind.STORE_CREDIT and not each.note
            ),
        )

    def plan(
        self,
        cart: PricedCart,
        whole: Money,
        sources: Sources,
        market: Market | None,
        *,
        with_store: bool,
    ) -> CreditPlan:
        """Who pays how much of ``whole``; gift cards are not bought with credit.

        What is left for a gateway is no less than those of the ``market`` charge; None asks for
        no such thing.
        """
        zero = Money.zero(cart.currency)
        return plan_credit(
            whole,
            whole - cart.gift_card_total,
            (*sources.cards, *(sources.store if with_store else ())),
            self._payments.least(market.gateways, cart.currency) if market else zero,
        )
