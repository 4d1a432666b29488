"""Groups and who is in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """A group. ``code`` names it in promotions and never changes; ``version`` counts changes of
    its name, ``size`` its members."""

    code: str
    name: str
    size: int
    version: int
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """An address in a group, in its normal spelling."""

    email: str
    added_at: datetime
