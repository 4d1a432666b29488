"""A process that dies by kill -9 while it gives out a number.

``python -m tests.support.numbering POINT ACTION …``
"""

from __future__ import annotations

import sys

from flask import Flask

from app import create_app
from app.fulfilment.invoicing import Invoicing
from app.fulfilment.paper_repository import PaperRepository
from app.orders.repository import OrderRepository
from app.orders.service import OrderService
from app.shared.ids import OrderId
from app.web.registry import service
from tests.support.dying import Point, arm

POINTS: dict[str, Point] = {
    "order number taken": (OrderRepository, "next_number", True),
    "invoice number taken": (PaperRepository, "next_number", True),
    "invoice stored": (PaperRepository, "insert_invoice", True),
}


def _place(app: Flask) -> None:
    from tests.integration.test_numbers import place

    place(app)


def _issue(app: Flask, order_id: str) -> None:
    order = service(OrderService, app).get(OrderId(order_id))
    service(Invoicing, app).issue(order)


def main() -> None:
    """Arm the point and act."""
    point, action, *rest = sys.argv[1:]
    app = create_app()
    arm(POINTS[point])
    {"place": _place, "issue": _issue}[action](app, *rest)


if __name__ == "__main__":
    main()
