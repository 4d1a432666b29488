"""What of a product can be searched."""

from __future__ import annotations

from dataclasses import dataclass

from app.catalog.text import words

WEIGHTS = (("title", 12), ("vendor", 6), ("kind", 6), ("tags", 3), ("options", 3), ("text", 1))


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchText:
    """The searchable texts of one product. ``text`` is its description without markup."""

    title: str
    vendor: str = ""
    type: str = ""
    category: str = ""
    tags: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    text: str = ""
    skus: tuple[str, ...] = ()


def weighted_words(text: SearchText) -> dict[str, int]:
    """Each word with the weight of the best place it stands in."""
    parts = {
        "title": text.title,
        "vendor": text.vendor,
        "kind": f"{text.type} {text.category}",
        "tags": " ".join(text.tags),
        "options": " ".join(text.options),
        "text": text.text,
    }
    found: dict[str, int] = {}
    for name, weight in WEIGHTS:
        for word in words(parts[name]):
            found.setdefault(word, weight)
    return found
