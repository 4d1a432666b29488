"""What every page of the panel needs."""

from __future__ import annotations

from flask import Flask

from app.admin import undoing, words
from app.admin.guard import allowed, staff
from app.admin.navigation import menu
from app.admin.permissions import Permission


def init_app(app: Flask) -> None:
    """Offer the menu, words and what the person may do to templates."""
    app.jinja_env.globals["admin_menu"] = menu
    app.jinja_env.globals["staff"] = staff
    app.jinja_env.globals["allowed"] = allowed
    app.jinja_env.globals["Permission"] = Permission
    words.init_app(app)
    undoing.init_app(app)
