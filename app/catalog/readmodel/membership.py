"""What is in a collection: named by hand, or found by its rule in the model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
from pyroaring import BitMap

from app.catalog.models import Collection, CollectionRule, RuleCondition, RuleField
from app.catalog.readmodel.bits import Numbers, bitmap, members, union
from app.catalog.readmodel.pricing import PriceSpan
from app.shared.ids import ProductId

if TYPE_CHECKING:
    from app.catalog.readmodel.model import CatalogModel

_BY_MARKET = frozenset({RuleField.PRICE, RuleField.STOCK})  # what differs from market to market


@dataclass(frozen=True, kw_only=True, slots=True)
class Membership:
    """The rows of a collection. ``order`` is the owner's, None where a rule says what belongs;
    ``by_market`` has the rows of each market where that depends on it."""

    rows: BitMap
    order: Numbers | None = None
    by_market: Mapping[str, BitMap] | None = None

    def rows_in(self, market: str) -> BitMap:
        """What belongs to it in a market, sold there or not."""
        return self.rows if self.by_market is None else self.by_market.get(market, BitMap())


def by_hand(collection: Collection, row_of: Mapping[ProductId, int]) -> Membership:
    """The products that the owner named; those that are not published are left out."""
    ids = dict.fromkeys(collection.product_ids)
    order = [row_of[each] for each in ids if each in row_of]
    return Membership(order=np.array(order, np.int32), rows=BitMap(order))


def by_rule(model: CatalogModel, rule: CollectionRule) -> Membership:
    """The products that a rule finds. One without conditions finds none."""
    if _BY_MARKET.isdisjoint(each.subject for each in rule.conditions):
        return Membership(rows=_found(model, rule, ""))
    by_market = {code: _found(model, rule, code) for code in model.markets}
    return Membership(rows=union(by_market.values()), by_market=by_market)


def _found(model: CatalogModel, rule: CollectionRule, market: str) -> BitMap:
    sets = [_meeting(model, each, market) for each in rule.conditions]
    if rule.any_of or not sets:
        return union(sets)
    return reduce(BitMap.__and__, sets)


def _meeting(model: CatalogModel, condition: RuleCondition, market: str) -> BitMap:
    if condition.subject is RuleField.PRICE:
        found = _priced(model, condition, market)
    elif condition.subject is RuleField.STOCK:
        found = model.buyable_in(market) & model.market(market).rows
    elif condition.subject is RuleField.OPTION:
        pairs = ((condition.option, value) for value in condition.values)
        found = _any(model.option_rows.get(pair) for pair in pairs)
    else:
        known = {
            RuleField.TYPE: model.types,
            RuleField.VENDOR: model.vendors,
            RuleField.CATEGORY: model.in_category,
            RuleField.TAG: model.tags,
        }[condition.subject]
        found = _any(known.get(value) for value in condition.values)
    return model.present - found if condition.negated else found


def _priced(model: CatalogModel, condition: RuleCondition, market: str) -> BitMap:
    """The rows with a variant in the condition's range of prices in a market."""
    floor, ceiling = condition.least.get(market), condition.most.get(market)
    if floor is None and ceiling is None:
        return BitMap()
    sold, wanted = model.market(market), PriceSpan(floor=floor, ceiling=ceiling)
    possible, certain = wanted.rows(sold, sold.rows)
    variants = members(model.variants_of(possible - certain) & sold.variants)
    fitting = variants[wanted.holds(sold.prices[variants])]
    return certain | bitmap(np.unique(model.row_of_variant[fitting]))


def _any(sets: Iterable[BitMap | None]) -> BitMap:
    return union(each for each in sets if each is not None)
