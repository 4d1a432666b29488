"""From an owner's words to a page's markup."""

from __future__ import annotations

import re
from functools import lru_cache

from markdown_it import MarkdownIt
from markupsafe import Markup

from app.shared.markup import clean_html

_PARSER = MarkdownIt("commonmark", {"html": True}).enable("table")
_FIRST_HEADING = re.compile(r"<(/?)h1\b")


@lru_cache(maxsize=128)
def format_body(text: str) -> Markup:
    """Markdown (CommonMark with tables) and HTML as markup that is safe in a page. The page's title
    is its only heading of the first level."""
    made = _FIRST_HEADING.sub(r"<\1h2", _PARSER.render(text))
    return Markup(clean_html(made))  # noqa: S704 - cleaned
