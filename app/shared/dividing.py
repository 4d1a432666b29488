"""Dividing an amount to the last minor unit."""

from __future__ import annotations

from collections.abc import Mapping


def divide(amount: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Divide ``amount`` in proportion to ``weights`` by the largest remainder; all alike where
    these are nothing.

    The shares add up to exactly ``amount``. Equal remainders are served in the order of their
    keys, so the result does not depend on the order of the weights.
    """
    whole = sum(weights.values())
    if not whole:
        weights, whole = dict.fromkeys(weights, 1), len(weights)
    shares = {key: amount * weight // whole for key, weight in weights.items()}
    left = amount - sum(shares.values())
    by_remainder = sorted(weights, key=lambda key: (-(amount * weights[key] % whole), key))
    for key in by_remainder[:left]:
        shares[key] += 1
    return shares
