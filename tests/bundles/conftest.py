"""A set of two mugs, a bowl and perhaps a spoon."""

from __future__ import annotations

import pytest

from app.catalog.models import BundleComponent, PercentOff, Product
from app.shared.ids import Sku
from tests.support.catalog import CatalogMaker, make_product, make_variant

BREAKFAST = Sku("BREAKFAST")
COMPONENTS = (
    BundleComponent(sku=Sku("RED"), quantity=2, alternatives=(Sku("BLUE"),)),
    BundleComponent(sku=Sku("BOWL"), quantity=1),
    BundleComponent(sku=Sku("SPOON"), quantity=1, optional=True),
)


@pytest.fixture
def breakfast(catalog: CatalogMaker) -> Product:
    """Ten of everything. A set is a tenth off 60.00, with blue mugs off 68.00; it comes to 5.00
    less, and a tenth, without its spoon."""
    mugs = (
        make_variant("RED", {"Colour": "Red"}, US=2000, DE=2000),
        make_variant("BLUE", {"Colour": "Blue"}, US=2400, DE=2400),
    )
    catalog.add(
        make_product("Mug", *mugs),
        make_product("Bowl", make_variant("BOWL", US=1500, DE=1500)),
        make_product("Spoon", make_variant("SPOON", US=500, DE=500)),
    )
    return catalog.bundle("Breakfast", *COMPONENTS, pricing=PercentOff(basis_points=1000))
