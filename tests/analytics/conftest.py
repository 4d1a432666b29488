"""What tests of the figures begin with."""

from __future__ import annotations

import pytest

from tests.support.catalog import CatalogMaker
from tests.support.promotions import PromotionMaker
from tests.support.shopper import Shopper


@pytest.fixture
def ready(shopper: Shopper, catalog: CatalogMaker) -> Shopper:
    """A shopper with two mugs in the cart: 40.00, tax 2.90, shipping 6.00, together 48.90."""
    shopper.add(catalog.mug(stock=500), 2)
    return shopper


@pytest.fixture
def promotions(shopper: Shopper) -> PromotionMaker:
    """Puts promotions into the shop."""
    return PromotionMaker(shopper.client.application)
