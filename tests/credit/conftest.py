"""What tests of credit begin with."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.support.catalog import CatalogMaker
from tests.support.credit import Bank
from tests.support.shopper import Shopper


@pytest.fixture
def bank(app: Flask) -> Bank:
    """Issues credit, and looks into the ledger."""
    return Bank(app)


@pytest.fixture
def ready(shopper: Shopper, catalog: CatalogMaker) -> Shopper:
    """A shopper with two mugs in the cart: 40.00, tax 2.90, shipping 6.00, together 48.90."""
    shopper.add(catalog.mug(stock=500), 2)
    return shopper
