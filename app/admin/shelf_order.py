"""Putting categories or collections in another order."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response as BaseResponse

from app.admin.guard import changed
from app.admin.product_list import move
from app.catalog.models import Category, Collection
from app.catalog.shelving import Shelving
from app.shared.texts import Text
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to


def rearranged(kind: type[Category] | type[Collection], path: str) -> BaseResponse:
    """Do what the form of a list says: ``order`` as it stands there, after ``up`` or ``down`` has
    moved one of it. Pressed twice, the same order comes out."""
    was = request.form.get("was", "").split()
    order = request.form.getlist("order")
    move(order, request.form.get("up", ""), -1)
    move(order, request.form.get("down", ""), 1)
    name = "categories" if kind is Category else "collections"
    if service(Shelving).arrange(kind, was, order):
        changed(f"{name}:order", f"Order of {name}", {"order": was}, {"order": order})
        leave_message(Text("The new order is saved."))
    return leave_to(path)
