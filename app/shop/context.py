"""The shop's profile for templates."""

from __future__ import annotations

from flask import Flask

from app.shop.models import ShopProfile
from app.shop.profile import ShopProfiles
from app.web.registry import service


def shop_profile() -> ShopProfile:
    """What the shop says of itself now."""
    return service(ShopProfiles).current


def init_app(app: Flask) -> None:
    """Offer ``shop_profile()`` to templates."""
    app.jinja_env.globals["shop_profile"] = shop_profile
