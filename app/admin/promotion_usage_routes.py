"""How a promotion is used: by day, and by which orders."""

from __future__ import annotations

from datetime import timedelta

from flask import Response

from app.admin.guard import area, needs
from app.admin.lists import Slice, cut, list_state
from app.admin.permissions import Permission
from app.admin.promotion_pages import LOOKS, listed_rows
from app.admin.usage_chart import every_day, usage_chart
from app.orders.service import OrderService
from app.promotions.models import Use
from app.promotions.service import PromotionService
from app.promotions.tallies import UsageTallies
from app.shared.clock import now
from app.shared.texts import Text
from app.web.registry import service
from app.web.rendering import page

blueprint = area("promotion_usage", __name__, "/promotions")
_PAGE = 50
_PERIODS = {"30": Text("30 days"), "90": Text("90 days"), "365": Text("a year")}


@blueprint.get("/<promotion_id>/usage")
@needs(Permission.PROMOTIONS_VIEW)
def usage(promotion_id: str) -> Response:
    """Uses by day (UTC) as a picture and as a table, and the orders that used it."""
    promotions = service(PromotionService)
    known = promotions.get(promotion_id)
    state = list_state(filters={"days": list(_PERIODS)})
    today = now().date()
    since = today - timedelta(days=int(state.filters.get("days", "30")) - 1)
    days = every_day(service(UsageTallies).days(known.id, since), since, today)
    found: Slice[Use] = cut(promotions.uses(known.id, state.after, _PAGE + 1), _PAGE, "place")
    return page(
        "admin/promotions/usage.html",
        "list",
        known=known,
        row=listed_rows([known])[0],
        looks=LOOKS,
        state=state,
        found=found,
        numbers=service(OrderService).numbers_of(each.order_id for each in found.items),
        periods=list(_PERIODS.items()),
        chosen=state.filters.get("days", "30"),
        days=[each for each in reversed(days) if each.used],
        picture=usage_chart(Text("Orders by day"), days),
    )
