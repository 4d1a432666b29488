"""What tests of payments begin with."""

from __future__ import annotations

import pytest

from tests.support.catalog import CatalogMaker
from tests.support.odd_mail import mailing, odd_server
from tests.support.shopper import Shopper

__all__ = ["mailing", "odd_server"]


@pytest.fixture
def ready(shopper: Shopper, catalog: CatalogMaker) -> Shopper:
    """A shopper with two mugs (40.00, tax 2.90, shipping 6.00) in the cart."""
    shopper.add(catalog.mug(stock=50), 2)
    return shopper
