"""Links to the owner's pages, for templates."""

from __future__ import annotations

from flask import Flask

from app.markets.context import current_market
from app.pages.models import ContentPage
from app.pages.service import ContentPages
from app.web.registry import service


def footer_pages() -> list[ContentPage]:
    """What is linked at the foot of every page in the shopper's market."""
    return service(ContentPages).in_footer(current_market().code)


def checkout_pages() -> list[ContentPage]:
    """What is linked before paying in the shopper's market."""
    return service(ContentPages).at_checkout(current_market().code)


def init_app(app: Flask) -> None:
    """Offer both to templates."""
    app.jinja_env.globals.update(footer_pages=footer_pages, checkout_pages=checkout_pages)
