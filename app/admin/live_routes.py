"""What is happening just now."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.admin.given_up import MOST, try_again
from app.admin.guard import allowed, area, needs
from app.admin.permissions import Permission
from app.analytics.sketches import LATELY
from app.analytics.visits import Visits
from app.cart.service import CartService
from app.db.outbox import Outbox
from app.db.schedules import Schedules
from app.markets.context import all_markets
from app.orders.service import OrderService
from app.payments.inbox import WebhookInbox
from app.payments.service import PaymentService
from app.shared.clock import now
from app.web.registry import service
from app.web.rendering import leave_to, page

blueprint = area("live", __name__, "/live")
_ORDERS, _PAYMENTS, _WEBHOOKS, _EVENTS, _CARTS = 12, 20, 10, 100, 500
_CART_ACTIVE = timedelta(minutes=10)
_LATE = timedelta(minutes=1)  # a job that is so late has no worker


@blueprint.get("")
@needs(Permission.REPORTS)
def live() -> Response:
    """Orders, payments, carts, visitors, webhooks and the worker, as they are now."""
    moment = now()
    due = service(Schedules).due()
    return page(
        "admin/analytics/live.html",
        "figures",
        at=moment,
        visitors=service(Visits).lately(),
        minutes=LATELY,
        carts=_carts_by_market(moment),
        orders=service(OrderService).latest(_ORDERS),
        payments=service(PaymentService).stale(timedelta(0), _PAYMENTS),
        webhooks=service(WebhookInbox).latest(_WEBHOOKS),
        events=service(Outbox).waiting(_EVENTS),
        most_events=_EVENTS,
        given_up=service(Outbox).given_up(MOST),
        late=sorted(name for name, at in due.items() if at < moment - _LATE),
        works=bool(due),
        may_see_orders=allowed(Permission.ORDERS_VIEW),
    )


@blueprint.post("/given-up")
@needs(Permission.ORDERS_EDIT)
def send_again() -> BaseResponse:
    """Try once more what was given up."""
    event = request.form.get("event", "")
    try_again(event, subject=f"event:{event}", label=event)
    return leave_to("/admin/live")


def _carts_by_market(moment: datetime) -> dict[str, int]:
    """Carts in use, by the market whose prices they showed last."""
    default = all_markets()[0].code
    counted: Counter[str] = Counter()
    for cart in service(CartService).used_since(moment - _CART_ACTIVE, _CARTS):
        seen = [market for line in cart.lines for market in line.seen_prices]
        if cart.lines:
            counted[seen[-1] if seen else default] += 1
    return dict(counted)
