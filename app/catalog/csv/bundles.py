"""What a bundle is made of, in one field: JSON, since a SKU may hold any character."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter

from app.catalog.documents import pricing_from_document, pricing_to_document
from app.catalog.models import BundleComponent, BundlePricing, FixedPricing, PercentOff, Product

_MOST_UNITS = 1000  # of a part, as in the panel
_MOST_MINOR = 10**12
_LONGEST_SKU = 120
_KINDS = ("fixed", "percent_off")
_COMPONENTS = TypeAdapter(tuple[BundleComponent, ...])
Composition = tuple[tuple[BundleComponent, ...], BundlePricing]


def write_bundle(product: Product) -> str:
    """The field of a product, "" for what is no bundle."""
    if not product.is_bundle or product.pricing is None:
        return ""
    return json.dumps(
        {
            "components": [asdict(each) for each in product.components],
            "pricing": pricing_to_document(product.pricing),
        },
        ensure_ascii=False,
    )


def read_bundle(text: str, currencies: Mapping[str, str]) -> Composition | None:
    """What the field says, None if it is empty. Raises ``ValueError``; ``currencies`` by market."""
    if not text:
        return None
    try:
        given: dict[str, Any] = json.loads(text)
        components = _COMPONENTS.validate_python(given["components"])
        kind = given["pricing"]["kind"]
        pricing = pricing_from_document(given["pricing"])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"the bundle cannot be read ({type(error).__name__})") from error
    if kind not in _KINDS:
        raise ValueError(f"the bundle's pricing must be one of {', '.join(_KINDS)}")
    _check_components(components)
    if isinstance(pricing, PercentOff) and type(pricing.basis_points) is not int:
        raise ValueError("the bundle's basis_points must be a whole number")
    if isinstance(pricing, FixedPricing):
        if not pricing.prices:
            raise ValueError("the bundle has no price")
        for market, price in pricing.prices.items():
            if not 0 <= price.minor < _MOST_MINOR:
                raise ValueError(f"the bundle's price in {market} is out of range")
            if currencies.get(market) != price.currency:
                raise ValueError(f"the bundle's price in {market} is not in its currency")
    return components, pricing


def _check_components(components: Iterable[BundleComponent]) -> None:
    for each in components:
        if each.quantity > _MOST_UNITS:
            raise ValueError(f"a part of the bundle has more than {_MOST_UNITS} units")
        if not all(0 < len(sku) <= _LONGEST_SKU for sku in each.choices):
            raise ValueError(f"the bundle's SKUs must have 1 to {_LONGEST_SKU} characters")
