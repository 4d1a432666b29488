"""A process of the shop that dies by kill -9 while it puts carts together, or apart again.

``python -m tests.support.cart_crash POINT ACTION …``, as ``tests.support.crash``.
"""

from __future__ import annotations

import sys

from flask import Flask

from app import create_app
from app.cart.merge_repository import MergeRepository
from app.cart.merging import Merging
from app.cart.repository import CartRepository
from app.cart.service import CartService
from app.markets.service import UNITED_STATES
from app.shared.ids import AccountId, CartId
from app.web.registry import service
from tests.support.dying import Point, arm

MERGING: dict[str, Point] = {
    "signed in, not merged": (Merging, "merge", False),
    "guest's cart claimed, uncommitted": (CartRepository, "replace", True),
    "receipt stored, uncommitted": (MergeRepository, "insert", True),
    "merged, answer lost": (Merging, "merge", True),
}
UNDOING: dict[str, Point] = {
    "undo asked, nothing done": (Merging, "undo", False),
    "undo noted, uncommitted": (MergeRepository, "mark_undone", True),
    "account's cart given back, uncommitted": (CartRepository, "replace", True),
    "undone, answer lost": (Merging, "undo", True),
}


def _merge(app: Flask, guest_cart_id: str, account_id: str) -> None:
    service(CartService, app).merge(CartId(guest_cart_id), AccountId(account_id), UNITED_STATES)


def _undo(app: Flask, receipt_id: str, account_id: str) -> None:
    service(CartService, app).undo_merge(receipt_id, AccountId(account_id))


def main() -> None:
    """Arm the point and act."""
    point, action, *rest = sys.argv[1:]
    app = create_app()
    arm({**MERGING, **UNDOING}[point])
    {"merge": _merge, "undo": _undo}[action](app, *rest)


if __name__ == "__main__":
    main()
