"""Wishlists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from app.catalog.models import Image
from app.shared.ids import Sku
from app.shared.money import Money

WishlistId = NewType("WishlistId", str)


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """A variant on a list."""

    sku: Sku
    added_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Wishlist:
    """A list, the item added last at the end. ``version`` 0: not stored yet.

    ``share_token``: whoever holds it may see the list; empty while it is not shared.
    """

    id: WishlistId
    items: tuple[Item, ...] = ()
    version: int = 0
    share_token: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """An item as a page shows it. Without ``url`` it has left the shop."""

    sku: Sku
    url: str
    title: str
    variant_title: str
    image: Image | None
    price: Money | None  # None where it is not sold in the market
    buyable: bool
