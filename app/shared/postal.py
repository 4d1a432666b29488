"""Postal addresses."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Where an order goes; ``country`` is an ISO 3166-1 alpha-2 code."""

    name: str
    phone: str
    line1: str
    line2: str
    city: str
    state: str
    postal_code: str
    country: str
