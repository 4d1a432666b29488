"""Forms as a browser without scripts would send them."""

from __future__ import annotations

from bs4 import Tag

_PRESSED = {"submit", "button", "file", "image", "reset"}


def sent_by(form: Tag | None) -> dict[str, list[str]]:
    """Every field of a form as it stands, none of its buttons."""
    assert form is not None, "there is no such form"
    found: dict[str, list[str]] = {}
    for each in form.select("input[name], select[name], textarea[name]"):
        for value in _values(each):
            found.setdefault(str(each["name"]), []).append(value)
    found.pop("csrf_token", None)
    return found


def _values(field: Tag) -> list[str]:
    if field.name == "textarea":
        return [field.get_text()]
    if field.name == "select":
        options = field.select("option")
        chosen = [each for each in options if each.has_attr("selected")] or options[:1]
        return [str(each.get("value", each.get_text())) for each in chosen]
    kind = field.get("type", "text")
    if kind in _PRESSED or (kind in {"checkbox", "radio"} and not field.has_attr("checked")):
        return []
    return [str(field.get("value", ""))]
