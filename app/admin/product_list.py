"""A list of chosen products in a form: found by words, put in order, taken out."""

from __future__ import annotations

from flask import request
from werkzeug.datastructures import MultiDict

from app.catalog.models import Product
from app.catalog.product_finding import ProductFinder
from app.shared.ids import ProductId
from app.web.registry import service

_MOST_FOUND = 12
_MOST_SHOWN = 200
BUTTONS = frozenset({"add", "up", "down", "drop", "find", "work_out", "show_all"})


def move_product(products: list[str], form: MultiDict[str, str]) -> None:
    """Do what the button that was pressed says: ``add``, ``drop``, ``up`` or ``down`` an id."""
    added = form.get("add", "")
    if added and added not in products:
        products.append(added)
    for button, step in (("up", -1), ("down", 1)):
        move(products, form.get(button, ""), step)
    if form.get("drop") in products:
        products.remove(form["drop"])


def move(items: list[str], item: str, step: int) -> None:
    """Move an item of a list by one place, if it is there and there is such a place."""
    place = items.index(item) if item in items else -1
    if place >= 0 and 0 <= place + step < len(items):
        items.insert(place + step, items.pop(place))


def shown_products(ids: list[str]) -> tuple[list[Product], list[str]]:
    """The products of a list, and the ids of those that are left for "Show all" in a long one."""
    whole = "show_all" in request.form or "all_shown" in request.form
    shown = ids if whole else ids[:_MOST_SHOWN]
    return service(ProductFinder).by_ids(map(ProductId, shown)), ids[len(shown) :]


def only_arranges(form: MultiDict[str, str]) -> bool:
    """Whether what was pressed stores nothing: a button of the list, or Enter after typing words
    to look for."""
    if any(name in form for name in (*BUTTONS, "add_condition", "drop_condition")):
        return True
    return "enter" in form and form.get("q", "").strip() != form.get("searched", "").strip()


def found_products(text: str, without: list[str]) -> list[Product]:
    """Products to choose from, those chosen already left out."""
    found = service(ProductFinder).find(text, _MOST_FOUND + len(without) if text else 0)
    return [each for each in found if each.id not in without][:_MOST_FOUND]
