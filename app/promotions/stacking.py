"""Which promotions are used together: the best for the shopper that the rules allow.

The levels are worked out one after the other: item, order, shipping. At each one the choice is all
combinable promotions together, or one that stands alone there; the better one is taken. Choosing by
level is as good as trying every combination, since what a level leaves less of a line can only make
the sum of all discounts higher. Then whatever is exclusive is tried by itself. Between equals the
first by rank wins, so the result depends on nothing but the cart and the promotions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from app.promotions.benefits import amounts_off
from app.promotions.kinds import FreeShipping, Level, Stacking
from app.promotions.models import Item, Promotion, Reduction

Candidate = tuple[Promotion, str]  # with the code that unlocked it, or ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Basket:
    """What promotions are worked out for. ``shipping`` is what the market's first method costs,
    so that the choice does not change with the method."""

    items: tuple[Item, ...]
    market: str
    shipping: int
    money: Callable[[int], str] = str  # minor units as the market writes them

    @property
    def value(self) -> int:
        """All lines before any discount."""
        return sum(item.value for item in self.items)


@dataclass(frozen=True, slots=True)
class _Plan:
    reductions: tuple[Reduction, ...]
    saved: int
    left: dict[str, int]
    shipping: int


def choose(candidates: Iterable[Candidate], basket: Basket) -> tuple[Reduction, ...]:
    """The reductions to use, in the order in which they are worked out.

    A promotion that takes nothing off is not used, except that free shipping stays: what it is
    worth depends on the method. Of two codes for one promotion the first by name is used.
    """
    ranked = _once_each(candidates)
    together = [each for each in ranked if each[0].stacking is not Stacking.EXCLUSIVE]
    plan = _empty(basket)
    for level in Level:
        plan = _best_of_level(plan, [each for each in together if each[0].level is level], basket)
    for candidate in ranked:
        if candidate[0].stacking is Stacking.EXCLUSIVE:
            alone = _with(_empty(basket), [candidate], basket)
            if alone.saved > plan.saved or (alone.reductions and not plan.reductions):
                plan = alone
    return plan.reductions


def _once_each(candidates: Iterable[Candidate]) -> list[Candidate]:
    found: dict[str, Candidate] = {}
    for promotion, code in sorted(candidates, key=lambda each: (each[0].rank, each[1])):
        found.setdefault(promotion.id, (promotion, code))
    return list(found.values())


def _empty(basket: Basket) -> _Plan:
    left = {item.key: item.value for item in basket.items}
    return _Plan(reductions=(), saved=0, left=left, shipping=basket.shipping)


def _best_of_level(plan: _Plan, candidates: list[Candidate], basket: Basket) -> _Plan:
    combinable = [each for each in candidates if each[0].stacking is Stacking.COMBINABLE]
    best = _with(plan, combinable, basket)
    for candidate in candidates:
        if candidate[0].stacking is Stacking.ALONE_IN_LEVEL:
            alone = _with(plan, [candidate], basket)
            more = len(alone.reductions) > len(plan.reductions) == len(best.reductions)
            if alone.saved > best.saved or more:
                best = alone
    return best


def _with(plan: _Plan, candidates: Sequence[Candidate], basket: Basket) -> _Plan:
    """The plan with these worked out one after the other on what it leaves."""
    reductions, left = list(plan.reductions), dict(plan.left)
    saved, shipping = plan.saved, plan.shipping
    for promotion, code in candidates:
        reduction = _reduce(promotion, code, left, basket)
        if promotion.level is not Level.SHIPPING and not reduction.amounts:
            continue
        reductions.append(reduction)
        for key, minor in reduction.amounts.items():
            left[key] -= minor
        saved += reduction.amount
        if promotion.level is Level.SHIPPING:
            saved, shipping = saved + shipping, 0
    return _Plan(tuple(reductions), saved, left, shipping)


def _reduce(promotion: Promotion, code: str, left: dict[str, int], basket: Basket) -> Reduction:
    benefit = promotion.benefit
    return Reduction(
        promotion_id=promotion.id,
        revision=promotion.revision,
        name=promotion.name,
        code=code,
        level=promotion.level,
        amounts=amounts_off(promotion, basket.items, left, basket.market),
        methods=benefit.methods if isinstance(benefit, FreeShipping) else (),
    )
