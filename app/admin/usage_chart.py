"""A promotion's uses by day, as a picture and as rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from markupsafe import Markup

from app.admin.charts import Point, columns
from app.promotions.models import UsedOn


def every_day(found: Sequence[UsedOn], since: date, until: date) -> list[UsedOn]:
    """The days from ``since`` to ``until``, those without a use as well."""
    by_day = {each.day: each for each in found}
    days = (since + timedelta(days=number) for number in range((until - since).days + 1))
    return [by_day.get(day) or UsedOn(day=day, used=0, given=()) for day in days]


def usage_chart(title: str, days: Sequence[UsedOn]) -> Markup:
    """Orders by day, as columns."""
    points = [
        Point(label=f"{each.day:%d %b}" if each.day else "", value=each.used, shown=str(each.used))
        for each in days
    ]
    return columns("uses", title, points, str)
