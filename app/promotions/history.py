"""What promotions ask about earlier orders; those lie above, so the root hands the answer in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from app.shared.ids import AccountId


class OrderHistory(Protocol):
    """The shop's order book."""

    def has_ordered(self, account_id: AccountId | None, emails: Iterable[str]) -> bool:
        """Whether this account, or anybody with one of these addresses, ever paid an order."""
