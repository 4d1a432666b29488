"""What a strict policy refuses in a page: scripts, styles and handlers that are written into it."""

from __future__ import annotations

from bs4 import BeautifulSoup, Tag

_DATA = {"application/ld+json", "application/json"}


def inline_code(markup: str) -> list[str]:
    """Every tag of a page that has code or a style in it."""
    page = BeautifulSoup(markup, "html.parser")
    return [str(tag)[:200] for tag in page.find_all(True) if isinstance(tag, Tag) and _is_code(tag)]


def _is_code(tag: Tag) -> bool:
    if tag.name == "style" or "style" in tag.attrs:
        return True
    if tag.name == "script" and not tag.get("src") and tag.get("type") not in _DATA:
        return True
    if any(name.startswith(("on", "hx-on")) for name in tag.attrs):
        return True
    addresses = (str(tag.get(name, "")).strip().lower() for name in ("href", "src", "action"))
    return any(each.startswith(("javascript:", "data:", "vbscript:")) for each in addresses)
