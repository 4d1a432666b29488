"""MossX: a hypermedia storefront that never charges twice, never loses a cart, and is fast."""

from __future__ import annotations

from app.factory import create_app

__all__ = ["create_app"]
