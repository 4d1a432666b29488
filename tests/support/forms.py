"""Forms as a browser without scripts would send them."""

from __future__ import annotations

from bs4 import Tag
from werkzeug.test import TestResponse

from tests.support.shopper import soup

_PRESSED = {"submit", "button", "file", "image", "reset"}


def sent_by(form: Tag | None) -> dict[str, list[str]]:
    """Every field of a form as it stands, none of its buttons, and not its token."""
    assert form is not None, "there is no such form"
    found: dict[str, list[str]] = {}
    for each in form.select("input[name], select[name], textarea[name]"):
        for value in _values(each):
            found.setdefault(str(each["name"]), []).append(value)
    found.pop("csrf_token", None)
    return found


def filled_form(page: TestResponse, action: str, **changes: str) -> dict[str, str]:
    """Every field of the page's form with this action as it stands, but for ``changes``."""
    fields = sent_by(soup(page).select_one(f'form[action="{action}"][method=post]'))
    return {**{name: values[-1] for name, values in fields.items()}, **changes}


def errors(page: TestResponse) -> dict[str, str]:
    """The messages beside fields, by the field."""
    return {
        str(each["id"]).removesuffix("-error"): each.text
        for each in soup(page).select("p.error[id]")
    }


def _values(field: Tag) -> list[str]:
    if field.name == "textarea":
        return [field.get_text().removeprefix("\n")]
    if field.name == "select":
        options = field.select("option")
        chosen = [each for each in options if each.has_attr("selected")] or options[:1]
        return [str(each.get("value", each.get_text())) for each in chosen]
    kind = field.get("type", "text")
    if kind in _PRESSED or (kind in {"checkbox", "radio"} and not field.has_attr("checked")):
        return []
    return [str(field.get("value", ""))]
