"""What a browser sends of a form, read quickly: a crowd reads thousands of them on the machine
that serves it."""

from __future__ import annotations

import re
from html import unescape

BUY = 'class="buy"'  # of a product page
MAIN = "<main"  # the first form of the page itself

_INPUT = re.compile(r"<input\b[^>]*>")
_ATTRIBUTE = re.compile(r'\s(name|value|type)="([^"]*)"')


def form_of(page: str, mark: str) -> dict[str, str]:
    """The fields of the first form that ends after ``mark``, as they stand."""
    _, found, rest = page.partition(mark)
    form, closed, _ = rest.partition("</form>")
    if not found or not closed:
        raise RuntimeError(f"no form after {mark} on the page")
    inputs = (dict(_ATTRIBUTE.findall(each)) for each in _INPUT.findall(form))
    return {
        each["name"]: unescape(each.get("value", ""))
        for each in inputs
        if "name" in each and each.get("type") != "radio"
    }
