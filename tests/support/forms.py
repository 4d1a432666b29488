"""Forms as a browser would send them."""

from __future__ import annotations

from bs4 import Tag
from werkzeug.test import TestResponse

from tests.support.shopper import soup


def filled_form(page: TestResponse, action: str, **changes: str) -> dict[str, str]:
    """Every field of the page's form with this action as it stands, but for ``changes``."""
    form = soup(page).select_one(f'form[action="{action}"][method=post]')
    assert form is not None, page.text
    fields = {name: value for name, value in map(_field, form.select("[name]")) if name}
    return {**fields, **changes}


def _field(field: Tag) -> tuple[str, str]:
    name, kind = str(field["name"]), field.get("type")
    if field.name == "button" or (kind in {"checkbox", "radio"} and not field.has_attr("checked")):
        return "", ""
    if field.name == "select":
        chosen = field.select_one("option[selected]") or field.select_one("option")
        return name, str(chosen["value"]) if chosen else ""
    if field.name == "textarea":
        return name, field.text.removeprefix("\n")
    return name, str(field.get("value", ""))


def errors(page: TestResponse) -> dict[str, str]:
    """The messages beside fields, by the field."""
    return {
        str(each["id"]).removesuffix("-error"): each.text
        for each in soup(page).select("p.error[id]")
    }
