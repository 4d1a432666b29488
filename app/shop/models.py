"""Settings as they are stored, and what the shop says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from app.shared.texts import current_language

MOST_CANCEL_MINUTES = 10_080
MOST_RETURN_DAYS = 3_650


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """Plain values under a name; ``version`` counts their changes, 0 for what nobody stored."""

    name: str
    version: int
    values: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class ShopProfile:
    """Who sells, by which rules, and what the shop tells everybody.

    ``seller`` is a name and an address in lines, ``contact`` an e-mail address or "",
    ``announcement`` the bar's text by language. ``by_hand`` is what somebody stored, else it is the
    environment's; ``version`` counts the changes from one to the other as well.
    """

    seller: tuple[str, ...]
    tax_id: str = ""
    cancel_minutes: int  # after paying
    return_days: int  # after delivery
    contact: str = ""
    announcement: Mapping[str, str] = field(default_factory=dict)
    version: int = 0
    by_hand: bool = False

    @property
    def cancel_window(self) -> timedelta:
        """How long after paying a shopper may cancel."""
        return timedelta(minutes=self.cancel_minutes)

    @property
    def return_window(self) -> timedelta:
        """How long after delivery a return can be asked for."""
        return timedelta(days=self.return_days)

    @property
    def announced(self) -> str:
        """The bar's text for whoever reads now, "" for no bar."""
        return self.announcement.get(current_language(), "")
