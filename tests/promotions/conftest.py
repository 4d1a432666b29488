"""What tests of promotions begin with."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.support.promotions import PromotionMaker


@pytest.fixture
def promotions(app: Flask) -> PromotionMaker:
    """Puts promotions into the shop."""
    return PromotionMaker(app)
