"""Working out what a cart's promotions come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from app.catalog.service import CatalogService
from app.db.database import Database
from app.groups.service import GroupService
from app.markets.models import Market
from app.promotions.eligibility import (
    BETTER,
    CHECKED_LATER,
    NOTHING_OFF,
    SAME,
    SPENT,
    UNKNOWN,
    USED_UP,
    Facts,
    is_checked_later,
    why_not,
)
from app.promotions.history import OrderHistory
from app.promotions.kinds import BuyGet
from app.promotions.models import (
    NO_DISCOUNTS,
    CouponCode,
    CouponState,
    Customer,
    Discounts,
    Item,
    Promotion,
    Reduction,
)
from app.promotions.repository import PromotionRepository
from app.promotions.stacking import Basket, Candidate, choose
from app.promotions.usage_repository import UsageRepository
from app.shared.clock import now
from app.shared.ids import OrderId, ProductId, PromotionId
from app.shared.money import Money

_TRIAL = "TRIAL"
MoneyText = Callable[[Money, str], str]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Own:
    """What the cart's own open orders hold: it counts as free for this cart."""

    orders: frozenset[OrderId]
    promotions: Counter[str]
    codes: Counter[str]


class DiscountService:
    """The discounts of carts, and why a code does not apply. Reads only: see ``usage``."""

    def __init__(
        self,
        database: Database,
        catalog: CatalogService,
        history: OrderHistory,
        money_text: MoneyText,
        groups: GroupService,
    ) -> None:
        self._catalog = catalog
        self._history = history
        self._money_text = money_text
        self._groups = groups
        self._promotions = PromotionRepository(database)
        self._uses = UsageRepository(database)

    def work_out(
        self,
        items: Sequence[Item],
        market: Market,
        codes: Sequence[str],
        customer: Customer,
        holders: Collection[OrderId] = (),
    ) -> Discounts:
        """The discounts of a cart with these lines and codes, and what to say of each code.

        ``holders`` are the cart's own orders.
        """
        automatic = self._promotions.automatic(now()) if items else []
        known = self._promotions.codes(codes) if codes else {}
        by_id = self._promotions.by_ids(code.promotion_id for code in known.values())
        if not automatic and not codes:
            return NO_DISCOUNTS
        candidates: list[Candidate] = [(each, "") for each in automatic]
        candidates += [
            (by_id[known[code].promotion_id], code)
            for code in codes
            if code in known and known[code].promotion_id in by_id
        ]
        basket = self._basket(items, market, [promotion for promotion, _ in candidates])
        own = self._own(holders, candidates, known)
        refusals, reductions = self._choose(candidates, known, basket, customer, own)
        states = []
        for code in codes:
            promotion = by_id.get(known[code].promotion_id) if code in known else None
            refusal = refusals[promotion.id, code] if promotion else UNKNOWN
            states.append(_state(code, promotion, refusal, reductions, customer, basket))
        return Discounts(reductions=reductions, coupons=tuple(states))

    def try_out(
        self, promotion: Promotion, items: Sequence[Item], market: Market, customer: Customer
    ) -> Discounts:
        """What a promotion, kept or not, comes to beside the automatic ones of now: as if it were
        on, had begun, and had no limits. The one coupon state says what there is to say of it."""
        tried = replace(
            promotion, active=True, starts_at=None, ends_at=None,
            limit_total=None, limit_per_customer=None,
        )  # fmt: skip
        others = [each for each in self._promotions.automatic(now()) if each.id != tried.id]
        code = "" if tried.automatic else _TRIAL
        candidates = [*((each, "") for each in others), (tried, code)]
        basket = self._basket(items, market, [each for each, _ in candidates])
        refusals, reductions = self._choose(
            candidates, {}, basket, customer, self._own((), candidates, {})
        )
        waits = not code and _waits(tried, customer)
        refusal = refusals[tried.id, code] or (CHECKED_LATER if waits else "")
        state = _state(code, tried, refusal, reductions, customer, basket)
        applied = any(each.promotion_id == tried.id for each in reductions)
        return Discounts(reductions=reductions, coupons=(replace(state, applied=applied),))

    def _choose(
        self,
        candidates: Sequence[Candidate],
        known: Mapping[str, CouponCode],
        basket: Basket,
        customer: Customer,
        own: _Own,
    ) -> tuple[dict[tuple[PromotionId, str], str], tuple[Reduction, ...]]:
        """Why each cannot be used ("" if it can), and what those that can take off together."""
        refusals = {
            (promotion.id, code): self._why_not(promotion, known.get(code), basket, customer, own)
            for promotion, code in candidates
        }
        usable = [
            (promotion, code)
            for promotion, code in candidates
            if not refusals[promotion.id, code] and not (not code and _waits(promotion, customer))
        ]
        return refusals, choose(usable, basket)

    def has_code(self, code: str) -> bool:
        """Whether there is such a code."""
        return bool(self._promotions.codes([code]))

    def _basket(
        self, items: Sequence[Item], market: Market, promotions: Iterable[Promotion]
    ) -> Basket:
        slugs = {slug for promotion in promotions for slug in _collections_of(promotion)}
        ids = [ProductId(item.product_id) for item in items]
        members = self._catalog.members_of(slugs, ids, market.code) if slugs and items else {}
        placed = tuple(
            replace(
                item,
                collections=frozenset(
                    slug for slug, products in members.items() if item.product_id in products
                ),
            )
            for item in items
        )
        goods = Money(sum(item.value for item in items), market.currency)
        grams = sum(item.weight_grams * item.quantity for item in items)
        shipping = market.shipping_estimate(goods, grams).minor
        return Basket(
            items=placed,
            market=market.code,
            shipping=shipping,
            money=lambda minor: self._money_text(Money(minor, market.currency), market.locale),
        )

    def _own(
        self,
        holders: Collection[OrderId],
        candidates: Iterable[Candidate],
        known: dict[str, CouponCode],
    ) -> _Own:
        limited = any(
            promotion.limit_total is not None or promotion.uses_per_customer is not None
            for promotion, _ in candidates
        ) or any(code.limit is not None for code in known.values())
        held = self._uses.held_by(holders) if holders and limited else []
        return _Own(
            orders=frozenset(holders),
            promotions=Counter(use["promotion_id"] for use in held),
            codes=Counter(use["code"] for use in held),
        )

    def _why_not(
        self,
        promotion: Promotion,
        code: CouponCode | None,
        basket: Basket,
        customer: Customer,
        own: _Own,
    ) -> str:
        facts = Facts(
            moment=now(),
            customer=customer,
            has_ordered=self._has_ordered(promotion, customer),
            uses=self._uses_of(promotion, customer, own),
            used_up=self._used_up(promotion, code, own),
            code_is_off=code is not None and not code.active,
            groups=self._groups_of(promotion, customer),
        )
        return why_not(promotion, basket, facts)

    def _has_ordered(self, promotion: Promotion, customer: Customer) -> bool:
        if not promotion.conditions.first_order or not customer.is_known:
            return False
        return self._history.has_ordered(customer.account_id, customer.emails)

    def _groups_of(self, promotion: Promotion, customer: Customer) -> frozenset[str]:
        if not promotion.conditions.groups:
            return frozenset()
        return self._groups.codes_of(customer.emails)

    def _uses_of(self, promotion: Promotion, customer: Customer, own: _Own) -> int:
        """How often the customer has used it, whichever of their names was used most."""
        if promotion.uses_per_customer is None:
            return 0
        most = 0
        for key in customer.keys:
            slots = self._uses.slots(promotion.id, key)
            most = max(most, sum(order_id not in own.orders for order_id in slots.values()))
        return most

    def _used_up(self, promotion: Promotion, code: CouponCode | None, own: _Own) -> str:
        if code is not None and code.left is not None and code.left + own.codes[code.code] <= 0:
            return SPENT if code.limit == 1 else USED_UP
        if promotion.limit_total is None:
            return ""
        left = self._promotions.left([promotion.id]).get(promotion.id, 0)
        return USED_UP if left + own.promotions[promotion.id] <= 0 else ""


def _waits(promotion: Promotion, customer: Customer) -> bool:
    """Whether an automatic promotion is left out until the shop knows whose cart this is."""
    return promotion.conditions.names_customers and not customer.is_known


def _collections_of(promotion: Promotion) -> Iterable[str]:
    yield from promotion.scope.collections
    if isinstance(promotion.benefit, BuyGet) and promotion.benefit.get_scope is not None:
        yield from promotion.benefit.get_scope.collections


def _state(
    code: str,
    promotion: Promotion | None,
    refusal: str,
    reductions: Sequence[Reduction],
    customer: Customer,
    basket: Basket,
) -> CouponState:
    name = promotion.name if promotion else ""
    if promotion is None or refusal:
        return CouponState(code=code, name=name, applied=False, note=refusal)
    if any(each.code == code for each in reductions):
        note = CHECKED_LATER if is_checked_later(promotion, customer) else ""
        return CouponState(code=code, name=name, applied=True, note=note)
    if any(each.promotion_id == promotion.id for each in reductions):  # by itself, or another code
        return CouponState(code=code, name=name, applied=False, note=SAME)
    alone = choose([(promotion, code)], basket)
    return CouponState(code=code, name=name, applied=False, note=BETTER if alone else NOTHING_OFF)
