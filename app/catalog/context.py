"""What the shop's header needs of the catalog."""

from __future__ import annotations

from typing import Any

from flask import Flask

from app.catalog.models import Category, Collection
from app.catalog.service import CatalogService
from app.db.errors import PyMongoError
from app.web.registry import service


def _navigation() -> dict[str, Any]:
    """The header's links. An error page is shown even while the database is away."""
    categories: tuple[Category, ...] = ()
    collections: tuple[Collection, ...] = ()
    try:
        categories = service(CatalogService).categories()
        collections = service(CatalogService).collections()
    except PyMongoError:
        pass
    return {"nav_categories": categories, "nav_collections": collections}


def init_app(app: Flask) -> None:
    """Offer ``nav_categories`` and ``nav_collections`` to templates."""
    app.context_processor(_navigation)
