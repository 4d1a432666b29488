"""What a bundle is made of, in one field: JSON, since a SKU may hold any character."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter

from app.catalog.documents import pricing_from_document, pricing_to_document
from app.catalog.models import BundleComponent, BundlePricing, FixedPricing, PercentOff, Product

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
        pricing = pricing_from_document(given["pricing"])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"the bundle cannot be read ({type(error).__name__})") from error
    if isinstance(pricing, PercentOff) and type(pricing.basis_points) is not int:
        raise ValueError("the bundle's basis_points must be a whole number")
    if isinstance(pricing, FixedPricing):
        for market, price in pricing.prices.items():
            if currencies.get(market) != price.currency:
                raise ValueError(f"the bundle's price in {market} is not in its currency")
    return components, pricing
