"""A process of the shop that dies by kill -9 at a named point.

``python -m tests.support.crash POINT ACTION …`` builds the shop as ever, arms the point, and does
one thing. The point is a method: the process dies just before or just after it runs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial

from flask import Flask

from app import create_app
from app.checkout.audit_repository import AuditRepository
from app.checkout.placing import Placing
from app.checkout.refund_rules import RefundWish
from app.checkout.refunding import Refunding
from app.checkout.settlement import Settlement
from app.checkout.voiding import Voids
from app.fulfilment.cancelling import Cancelling
from app.fulfilment.returns import GoodsReturns
from app.notifications.mail import FolderMailer
from app.payments.gateways.guard import GuardedGateway
from app.payments.refund_repository import RefundRepository
from app.payments.refunds import RefundService
from app.payments.repository import PaymentRepository
from app.payments.service import PaymentService
from app.shared.ids import AttemptId, OrderId
from app.shared.money import Money
from app.web.registry import service
from app.worker import Worker
from tests.support.dying import Point, arm

POINTS: dict[str, Point] = {
    "earlier order withdrawn, none placed": (Settlement, "cancel", True),
    "order stored, gateway not called": (PaymentService, "open", False),
    "nothing due: paid, not answered": (Placing, "place", True),
    "gateway's page opened, not noted": (GuardedGateway, "open", True),
    "authorised, unclaimed": (Settlement, "_claim", False),
    "claimed, unsent": (PaymentService, "send_capture", False),
    "fence taken, unsent": (PaymentRepository, "take_fence", True),
    "sent, answer lost": (GuardedGateway, "capture", True),
    "captured, database stale": (Settlement, "_book", False),
    "booked half-way": (PaymentService, "record", False),
    "paid, mail not sent": (FolderMailer, "send", False),
    "mail sent, not noted": (FolderMailer, "send", True),
    "loser not given back": (PaymentService, "give_back", False),
    "loser given back, nobody told": (PaymentService, "give_back", True),
    "payment over, claim standing": (PaymentService, "void_capture", False),
    "claim ended, nobody told": (Voids, "end", True),
    "refund stored, unsent": (RefundService, "carry_out", False),
    "refund's fence taken, unsent": (RefundRepository, "take_fence", True),
    "refund sent, outcome unknown": (GuardedGateway, "refund", True),
    "refund seen, not booked": (RefundService, "carry_out", True),
    "repaired, not noted": (AuditRepository, "move", False),
    "repair noted, books not compared": (AuditRepository, "move", True),
}


def arm_all(strikes: Callable[[], bool], note: Callable[[str], None]) -> None:
    """Arm every point at once."""
    for name, point in POINTS.items():
        arm(point, strikes, partial(note, name))


def _check_out(app: Flask, cookies: str, form: str) -> None:
    client = app.test_client()
    for name, value in json.loads(cookies).items():
        client.set_cookie(name, value)
    client.post("/checkout", data=json.loads(form))


def _settle(app: Flask, attempt_id: str) -> None:
    service(Settlement, app).settle(AttemptId(attempt_id))


def _refund(app: Flask, order_id: str, minor: str = "") -> None:
    amount = Money(int(minor), "USD") if minor else None
    wish = RefundWish(quantities={1: 1}, amount=amount)
    service(Refunding, app).request(
        OrderId(order_id), wish, key="k", reason="", restock=True, by="Eve"
    )


def _cancel(app: Flask, order_id: str) -> None:
    service(Cancelling, app).cancel(OrderId(order_id))


def _receive(app: Flask, return_id: str) -> None:
    service(GoodsReturns, app).receive(return_id, restock=[1])


def _work(app: Flask) -> None:
    while service(Worker, app).round():
        pass


def main() -> None:
    """Arm the point and act."""
    point, action, *rest = sys.argv[1:]
    app = create_app()
    arm(POINTS[point])
    {
        "checkout": _check_out,
        "settle": _settle,
        "refund": _refund,
        "cancel": _cancel,
        "receive": _receive,
        "work": _work,
    }[action](app, *rest)


if __name__ == "__main__":
    main()
