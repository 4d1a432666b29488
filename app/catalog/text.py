"""Words of texts, folded so that spelling variants meet."""

from __future__ import annotations

import html
import re
import unicodedata

import nh3

_WORD = re.compile(r"\w+", re.UNICODE)
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
    """Keep what describes a product, drop scripts, styles and everything else."""
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


def fold(text: str) -> str:
    """Lower case without accents: ``Müsli`` and ``musli`` are the same (Unicode NFKD)."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def words(text: str) -> list[str]:
    """The folded words of a text, in order."""
    return _WORD.findall(fold(text))
