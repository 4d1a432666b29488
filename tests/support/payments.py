"""What tests of payments ask again and again."""

from __future__ import annotations

import pytest

from app.db.database import Database, Document
from tests.support.gateways import Sandbox

GATEWAYS = pytest.mark.parametrize("gateway", ["stripe", "razorpay"])
OTHER = {"stripe": "razorpay", "razorpay": "stripe"}


def kept(sandbox: Sandbox) -> list[int]:
    """The amounts that the gateways took and kept."""
    return sorted(amount for _, amount in sandbox.captures())


def attempt_of(database: Database, **query: str) -> Document:
    """The one payment attempt that fits."""
    found = database["payment_attempts"].find_one(query)
    assert found
    return found
