"""Markup that people wrote: cleaned, and as plain text."""

from __future__ import annotations

import html
import re

import nh3

LONGEST_SUMMARY = 160  # characters; search engines cut off more
_ALLOWED_TAGS = {
    "a", "b", "blockquote", "br", "caption", "code", "dd", "div", "dl", "dt", "em", "h2", "h3",
    "h4", "hr", "i", "li", "ol", "p", "small", "span", "strong", "sub", "sup", "table", "tbody",
    "td", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
_ALLOWED_ATTRIBUTES = {
    "a": {"href", "title"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}


def clean_html(markup: str) -> str:
    """Keep what makes up a text, drop scripts, styles and everything else."""
    return nh3.clean(
        markup,
        tags=_ALLOWED_TAGS,
        attributes=_ALLOWED_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener nofollow",
    ).strip()


def plain_text(markup: str) -> str:
    """The text of some markup."""
    return html.unescape(nh3.clean(markup.replace("<", " <"), tags=set())).strip()


def text_of(markup: str) -> str:
    """Markup as one line of text."""
    line = " ".join(plain_text(markup).split())
    return re.sub(r" ([,.;:!?)])", r"\1", line)


def shorten(text: str, most: int = LONGEST_SUMMARY) -> str:
    """The text, cut between words (or, without any, anywhere) if it is longer than ``most``."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    kept = line[: most - 1]
    words = kept.rpartition(" ")[0] if line[most - 1] != " " else kept
    return (words or kept).rstrip(" ,;:.–-") + "…"
