"""Dividing an amount over lines to the last minor unit."""

from __future__ import annotations

from collections.abc import Mapping

from app.shared.dividing import divide


def apportion(amount: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Divide ``amount`` in proportion to ``weights`` by the largest remainder.

    The shares add up to exactly ``amount``, and no share is above its weight: an amount above all
    weights together is cut to them. Equal remainders are served in the order of their keys, so
    the result does not depend on the order of the lines. Shares of nothing are left out.
    """
    whole = sum(weights.values())
    amount = min(max(amount, 0), whole)
    if not amount:
        return {}
    return {key: share for key, share in divide(amount, weights).items() if share}


def share_of(amount: int, basis_points: int) -> int:
    """A share of an amount, half up."""
    return (2 * amount * basis_points + 10_000) // 20_000
