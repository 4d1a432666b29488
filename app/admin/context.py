"""What every page of the panel needs."""

from __future__ import annotations

from flask import Flask

from app.admin import undoing
from app.admin.guard import allowed, staff
from app.admin.navigation import menu
from app.admin.permissions import Permission


def _action_words(endpoint: str) -> str:
    """An endpoint as words: ``admin_orders.add_note`` is "Orders: add note"."""
    where, _, what = endpoint.removeprefix("admin_").partition(".")
    return f"{where.replace('_', ' ').capitalize()}: {what.replace('_', ' ')}"


def init_app(app: Flask) -> None:
    """Offer the menu and what the person may do to templates."""
    app.jinja_env.globals["admin_menu"] = menu
    app.jinja_env.globals["staff"] = staff
    app.jinja_env.globals["allowed"] = allowed
    app.jinja_env.globals["Permission"] = Permission
    app.jinja_env.filters["action_words"] = _action_words
    undoing.init_app(app)
