"""Markets for tests: those a shop starts with by code, and others."""

from __future__ import annotations

from app.markets.models import Market
from app.markets.starting import STARTING

BY_CODE = {market.code: market for market in STARTING}


def find_market(code: str) -> Market | None:
    """The market a shop starts with that has this code, or None."""
    return BY_CODE.get(code)
