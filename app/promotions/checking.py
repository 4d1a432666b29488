"""Whether what a promotion names exists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.catalog.service import CatalogService
from app.groups.service import GroupService
from app.promotions.kinds import BundleSet, BuyGet, Scope
from app.promotions.models import Promotion
from app.shared.ids import Sku
from app.shared.texts import Text


class PromotionChecks:
    """Looks up what promotions name in the catalog, and their groups of customers."""

    def __init__(self, catalog: CatalogService, groups: GroupService) -> None:
        self._catalog = catalog
        self._groups = groups

    def problems(self, promotion: Promotion) -> Mapping[str, str]:
        """What is not there, by place: ``scope.skus``, ``get_scope.products``, ``parts`` or
        ``groups``."""
        found = self._in_scope("scope", promotion.scope)
        found |= _named("groups", self._unknown_groups(promotion.conditions.groups))
        match promotion.benefit:
            case BuyGet(get_scope=scope) if scope is not None:
                found |= self._in_scope("get_scope", scope)
            case BundleSet(parts=parts):
                found |= _named("parts", self._unknown_skus(part.sku for part in parts))
        return found

    def _in_scope(self, place: str, scope: Scope) -> dict[str, str]:
        return {
            **_named(f"{place}.products", self._catalog.unknown_products(scope.products)),
            **_named(f"{place}.skus", self._unknown_skus(scope.skus)),
            **_named(f"{place}.collections", self._catalog.unknown_collections(scope.collections)),
        }

    def _unknown_groups(self, codes: Iterable[str]) -> list[str]:
        wanted = list(codes)
        known = {each.code for each in self._groups.every()} if wanted else set()
        return [code for code in wanted if code not in known]

    def _unknown_skus(self, skus: Iterable[str]) -> list[str]:
        wanted = list(map(Sku, skus))
        known = self._catalog.names_of(wanted) if wanted else {}
        return [sku for sku in wanted if sku not in known]


def _named(place: str, unknown: Iterable[str]) -> dict[str, str]:
    names = ", ".join(unknown)
    return {place: Text("Not in the shop: %(names)s.", names=names)} if names else {}
