"""What pages recommend: read from lists made before, checked against today's range and stock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice

from app.catalog.picks import Pick, Picks
from app.catalog.service import CatalogService
from app.catalog.views import Companions
from app.db.database import Database
from app.markets.models import Market
from app.recommendations.models import Ground, Neighbourhood, Recommended, Tastes
from app.recommendations.repository import CompanionLists
from app.recommendations.rules import LEAST_ORDERS, fading, mixed, ranked, summed
from app.shared.ids import ProductId

BESIDE = 4  # cards beside a product
FOR_SHOPPER = 8
FOR_CART = 4

# What each kind of interest weighs, and how much of it is left one product further back.
_CART = (1.0, 0.95)
_VIEWED = (0.6, 0.85)
_BOUGHT = (0.4, 0.9)


class RecommendationService:
    """Recommendations for a product, for a cart and for a shopper."""

    def __init__(self, database: Database, catalog: CatalogService) -> None:
        self._lists = CompanionLists(database)
        self._catalog = catalog

    # --- beside a product -----------------------------------------------------------------------

    def together(self, product_id: ProductId, market: Market) -> Companions:
        """What is often bought with a product and, where orders do not say enough, what is like
        it: others of its category, then its category's bestsellers."""
        picks = self._catalog.picks()
        solid = _solid(self._lists.find(product_id))
        buyable = picks.buyable(solid, market.code)
        bought = [each.id for each in islice(buyable, BESIDE)]
        alike: list[ProductId] = []
        if len(bought) < BESIDE:
            likely = (each.id for each in picks.beside(product_id, market.code))
            alike = list(islice((each for each in likely if each not in bought), BESIDE))
        return Companions(
            together=self._catalog.cards_of(bought, market, BESIDE),
            alike=self._catalog.cards_of(alike, market, BESIDE),
            product_ids=tuple(dict.fromkeys((*solid, *alike))),
        )

    # --- for a shopper --------------------------------------------------------------------------

    def for_shopper(
        self, tastes: Tastes, market: Market, besides: Iterable[ProductId] = ()
    ) -> Recommended:
        """What this shopper may like, never what they have to do with already; bestsellers where
        nothing is known of them. ``besides`` are shown elsewhere."""
        weights = summed(
            fading(tastes.cart, *_CART),
            fading(tastes.viewed, *_VIEWED),
            fading(tastes.bought, *_BOUGHT),
        )
        strongest = max(weights.values(), default=1.0)
        weights = {name: weight / strongest for name, weight in weights.items()}
        return self._recommend(weights, tastes.all | set(besides), market, FOR_SHOPPER)

    def for_cart(self, cart: Iterable[ProductId], market: Market) -> Recommended:
        """What is bought with the things in a cart."""
        weights = dict.fromkeys(cart, 1.0)
        return self._recommend(weights, weights.keys(), market, FOR_CART)

    def _recommend(
        self,
        weights: Mapping[ProductId, float],
        never: Iterable[ProductId],
        market: Market,
        most: int,
    ) -> Recommended:
        picks = self._catalog.picks()
        barred = frozenset(never)
        learnt = self._learnt(weights, picks, market, most, barred)
        grounds = _take(chain(learnt, _fallbacks(picks, market)), most, barred)
        return Recommended(
            ground=_prevailing(grounds),
            cards=self._catalog.cards_of(grounds, market, most),
            product_ids=tuple(grounds),
        )

    def _learnt(
        self,
        weights: Mapping[ProductId, float],
        picks: Picks,
        market: Market,
        most: int,
        barred: frozenset[ProductId],
    ) -> Iterator[tuple[Ground, Pick]]:
        """What orders say about these products; nothing where they are new to them."""
        sources = [
            (
                weights[found.product_id],
                [(near.product_id, near.score) for near in found.neighbours],
            )
            for found in self._lists.find_all(weights).values()
        ]
        near = {name for _, neighbours in sources for name, _ in neighbours}
        if near - barred:
            order = ranked(sources, self._lists.popular().shares)
            wanted = (each for each in order if each not in barred)
            for pick in mixed(list(picks.buyable(wanted, market.code)), most, _category):
                yield (Ground.PERSONAL if pick.id in near else Ground.BESTSELLING), pick


def _solid(neighbourhood: Neighbourhood) -> list[ProductId]:
    return [each.product_id for each in neighbourhood.neighbours if each.orders >= LEAST_ORDERS]


def _fallbacks(picks: Picks, market: Market) -> Iterator[tuple[Ground, Pick]]:
    """For somebody of whom nothing is known, in order."""
    for pick in picks.bestselling(market.code):
        yield Ground.BESTSELLING, pick
    for pick in picks.featured(market.code):
        yield Ground.FEATURED, pick
    for pick in picks.newest(market.code):
        yield Ground.NEW, pick


def _take(
    offered: Iterable[tuple[Ground, Pick]], most: int, barred: frozenset[ProductId]
) -> dict[ProductId, Ground]:
    """The first of them that are allowed, each once."""
    taken: dict[ProductId, Ground] = {}
    for ground, pick in offered:
        if len(taken) == most:
            break
        if pick.id not in barred:
            taken.setdefault(pick.id, ground)
    return taken


def _prevailing(grounds: Mapping[ProductId, Ground]) -> Ground:
    """What may be said over all of them: personal only if at least half are."""
    counted = Counter(grounds.values())
    personal = counted.pop(Ground.PERSONAL, 0)
    if not counted or personal * 2 >= len(grounds):
        return Ground.PERSONAL if personal else Ground.NEW
    return max(counted, key=lambda ground: counted[ground])


def _category(pick: Pick) -> str:
    return pick.category
