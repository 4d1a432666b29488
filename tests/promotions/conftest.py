"""What tests of promotions begin with."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.support.catalog import CatalogMaker
from tests.support.promotions import PromotionMaker, enter
from tests.support.shopper import Shopper


@pytest.fixture
def promotions(app: Flask) -> PromotionMaker:
    """Puts promotions into the shop."""
    return PromotionMaker(app)


@pytest.fixture
def ready(shopper: Shopper, catalog: CatalogMaker, promotions: PromotionMaker) -> Shopper:
    """Two mugs in the cart; SAVE10, ten per cent off, once for all and once per customer."""
    promotions.add("SAVE10", name="Ten per cent off", limit_total=1, limit_per_customer=1)
    shopper.add(catalog.mug(stock=50), 2)
    assert enter(shopper, "SAVE10").status_code == 303
    return shopper
