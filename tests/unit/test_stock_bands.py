"""Which changes of stock the shop's pages show."""

from __future__ import annotations

import pytest

from app.inventory.models import StockLevel
from app.inventory.rules import rebanded
from app.shared.ids import Sku


@pytest.mark.parametrize(
    ("before", "change", "shown"),
    [
        (10, -3, False), (10, -4, False), (10, -5, True), (6, -1, True), (5, -1, True),
        (1, -1, True), (0, 1, True), (5, 1, True), (6, 1, False), (0, -2, False), (-2, 1, False),
        (3, 0, False), (None, 0, False), (None, 4, True),
    ],
)  # fmt: skip
def test_a_change_is_told_where_a_page_says_something_else(
    before: int | None, change: int, shown: bool
) -> None:
    sku = Sku("A")
    known = {}
    if before is not None:
        known[sku] = StockLevel(sku=sku, on_hand=before, reserved=0, available=before)
    assert rebanded(known, {sku: change}) == ([sku] if shown else [])
