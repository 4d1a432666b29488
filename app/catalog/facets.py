"""The filters beside a listing, with how many products each value has."""

from __future__ import annotations

from dataclasses import replace
from heapq import nsmallest

from app.catalog.query import OPTION, ListingQuery
from app.catalog.readmodel.model import CatalogModel
from app.catalog.readmodel.selection import Selector
from app.catalog.sizes import value_order
from app.catalog.views import Facet, FacetValue
from app.markets.models import Market
from app.shared.texts import Text

_MOST_VALUES = 20
_MOST_OPTIONS = 12  # a page must stay small, however many options a catalog has


def build_facets(
    model: CatalogModel, selector: Selector, query: ListingQuery, path: str
) -> tuple[Facet, ...]:
    """Every filter that can narrow the list, or is in use."""
    total = len(selector.full.rows)
    names = ["in_stock", *_option_names(model, query), "vendor"]
    facets = (_facet(name, selector, query, path, total) for name in names)
    return tuple(facet for facet in facets if facet)


def _option_names(model: CatalogModel, query: ListingQuery) -> list[str]:
    """The filters by option: the most common ones and those in use, by name."""
    chosen = {name for name in query.filter_names if name.startswith(OPTION)}
    common = list(model.options)
    if len(common) > _MOST_OPTIONS:
        spread = {
            name: sum(len(model.option_rows[name, value]) for value in values)
            for name, values in model.options.items()
        }
        common = nsmallest(_MOST_OPTIONS, common, key=lambda name: (-spread[name], name))
    return sorted(chosen | {OPTION + name for name in common})


def _facet(
    name: str, selector: Selector, query: ListingQuery, path: str, total: int
) -> Facet | None:
    chosen = query.values_of(name)
    values = {**dict.fromkeys(chosen, 0), **selector.counts(name)}
    # A filter that cannot narrow the list any further is no choice.
    if not chosen and (len(values) < 2 if name != "in_stock" else values.get("1") == total):
        return None
    shown = _most_common(values, chosen)
    facet = Facet(
        name=name,
        label=_label(name),
        values=tuple(
            _facet_value(query, path, name, value, values[value])
            for value in sorted(shown, key=value_order)
        ),
        left_out=len(values) - len(shown),
    )
    return facet if facet.values else None


def _most_common(values: dict[str, int], chosen: tuple[str, ...]) -> set[str]:
    """The values with most products; chosen ones always."""
    if len(values) <= _MOST_VALUES:
        return set(values)
    others = [value for value in values if value not in chosen]
    room = max(_MOST_VALUES - len(set(chosen)), 0)
    best = nsmallest(room, others, key=lambda value: (-values[value], value))
    return {*chosen, *best}


def _facet_value(query: ListingQuery, path: str, name: str, value: str, count: int) -> FacetValue:
    return FacetValue(
        value=value,
        label=Text("In stock") if name == "in_stock" else value,
        count=count,
        active=value in query.values_of(name),
        url=query.toggled(name, value).url(path),
    )


def _label(name: str) -> str:
    return {"in_stock": Text("Availability"), "vendor": Text("Maker")}.get(
        name, name.removeprefix(OPTION)
    )


def active_filters(query: ListingQuery, path: str, market: Market) -> tuple[FacetValue, ...]:
    """The filters in use; each link takes its filter away."""
    chips = [
        _facet_value(query, path, name, value, 0)
        for name in query.filter_names
        for value in query.values_of(name)
    ]
    for name, label in (("min_price", Text("From")), ("max_price", Text("Up to"))):
        text = getattr(query, name)
        if text and name not in query.errors:
            cleared = (
                replace(query, page=1, min_price="")
                if name == "min_price"
                else replace(query, page=1, max_price="")
            )
            chips.append(
                FacetValue(
                    value=text,
                    label=f"{label} {text} {market.currency}",
                    count=0,
                    active=True,
                    url=cleared.url(path),
                )
            )
    return tuple(chips)
