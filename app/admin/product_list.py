"""A list of chosen products in a form: found by words, put in order, taken out."""

from __future__ import annotations

from werkzeug.datastructures import MultiDict

from app.catalog.models import Product
from app.catalog.product_finding import ProductFinder
from app.web.registry import service

_MOST_FOUND = 12
BUTTONS = frozenset({"add", "up", "down", "drop", "find", "work_out"})


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
