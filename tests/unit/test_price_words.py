"""Price words of three languages become limits; other numbers stay words."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.catalog.search import price_range


@pytest.mark.parametrize(
    ("query", "rest", "floor", "ceiling"),
    [
        ("hoodie under 50", "hoodie", None, "50"),
        ("below 20 mug", "mug", None, "20"),
        ("hemd unter 30", "hemd", None, "30"),
        ("hemd ab 30 €", "hemd", "30", None),
        ("shorts 50 से कम", "shorts", None, "50"),
        ("५० से कम", "", None, "50"),
        ("साड़ी 100 से ज्यादा", "साड़ी", "100", None),
        ("less than 15.50", "", None, "15.50"),
        ("lamp over $1,299.50", "lamp", "1299.50", None),
        ("lampe über 1.299,50 €", "lampe", "1299.50", None),
        ("lamp over 100", "lamp", "100", None),
        ("between 20 and 40 mug", "mug", "20", "40"),
        ("zwischen 20 und 40 euro", "", "20", "40"),
        ("20 से 40 के बीच", "", "20", "40"),
        ("between 40 and 20", "", "20", "40"),
        ("from 10 to 20", "", "10", "20"),
        ("over 10 under 20", "", "10", "20"),
        ("under armour", "under armour", None, None),
        ("vase under 50 cm", "vase under 50 cm", None, None),
        ("under 50% off", "under 50% off", None, None),
        ("jeans 32", "jeans 32", None, None),
        ("", "", None, None),
    ],
)
def test_limits(query: str, rest: str, floor: str | None, ceiling: str | None) -> None:
    found = price_range(query)
    assert found.rest == rest
    assert found.floor == (Decimal(floor) if floor else None)
    assert found.ceiling == (Decimal(ceiling) if ceiling else None)
