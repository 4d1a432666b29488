"""What a collection's rule would find, before it is saved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.catalog.models import CollectionRule, RuleField
from app.catalog.readmodel.membership import by_rule
from app.catalog.readmodel.model import CatalogModel
from app.shared.ids import ProductId

_MOST_KNOWN = 40  # values that are suggested


@dataclass(frozen=True, kw_only=True, slots=True)
class RulePreview:
    """How many published products a rule finds, in each market if that decides, the newest of
    them, and what its conditions name that no product has."""

    total: int
    by_market: Mapping[str, int]
    newest: tuple[ProductId, ...]
    unknown: tuple[str, ...]


def preview_rule(model: CatalogModel, rule: CollectionRule, most: int) -> RulePreview:
    """Try a rule on the catalog as it is now; ``most`` products are named."""
    found = by_rule(model, rule)
    newest = model.newest.page(found.rows, 0, most).tolist()
    return RulePreview(
        total=len(found.rows),
        by_market={code: len(rows) for code, rows in (found.by_market or {}).items()},
        newest=tuple(model.ids[row] for row in newest),
        unknown=tuple(
            value
            for each in rule.conditions
            for value in each.values
            if value not in known_values(model, each.subject, each.option)
        ),
    )


def known_values(model: CatalogModel, subject: RuleField, option: str = "") -> set[str]:
    """The values that published products have where a condition asks; of an option its values."""
    held: Mapping[RuleField, Iterable[str]] = {
        RuleField.TYPE: model.types,
        RuleField.VENDOR: model.vendors,
        RuleField.CATEGORY: model.in_category,
        RuleField.TAG: model.tags,
        RuleField.OPTION: model.options.get(option, ()),
    }
    return set(held.get(subject, ()))


def suggested_values(model: CatalogModel, subject: str, option: str) -> list[str]:
    """Some values to choose from, by the alphabet."""
    return sorted(known_values(model, RuleField(subject), option))[:_MOST_KNOWN]


def known_options(model: CatalogModel) -> list[str]:
    """The names of options that products have."""
    return sorted(model.options)[:_MOST_KNOWN]
