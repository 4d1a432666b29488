"""Addresses of products that have moved, and everything below these."""

from __future__ import annotations

from flask import abort, redirect, request, url_for

from app.catalog.editing import ProductEditing
from app.web.registry import service


def follow_move(slug: str) -> None:
    """Where ``slug`` is what a product was once called, end this request with the way to the same
    page of it as it is called now; what was chosen or written on the way comes along."""
    moved = service(ProductEditing).slug_of_past(slug)
    if moved is None:
        return
    path = url_for(request.endpoint or "", **{**(request.view_args or {}), "slug": moved})
    query = request.query_string.decode("ascii", "replace")
    reads = request.method in {"GET", "HEAD"}
    abort(redirect(f"{path}?{query}" if query else path, 301 if reads else 308))
