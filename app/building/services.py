"""The services by their classes, as views ask for them."""

from __future__ import annotations

from dataclasses import fields

from jinja2 import Environment

from app.building.jobs import build_worker
from app.building.shop import build_shop
from app.building.subscribing import subscribe
from app.config import Settings


def build_services(settings: Settings, templates: Environment) -> tuple[object, ...]:
    """Every service of the shop, wired, subscribed, and with the worker that runs its jobs."""
    shop = build_shop(settings, templates)
    subscribe(shop)
    areas = (getattr(shop, area.name) for area in fields(shop))
    services = (getattr(area, each.name) for area in areas for each in fields(area))
    return (*services, build_worker(shop))
