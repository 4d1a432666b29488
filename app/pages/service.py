"""Content pages: read from this process's memory, stored for all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from app.pages.errors import PageTaken
from app.pages.models import ContentPage
from app.shared.errors import Invalid, NotFound
from app.shared.languages import DEFAULT, LANGUAGES
from app.shared.slugs import NO_ADDRESS, slug_from
from app.shared.texts import Text
from app.shop.models import Stored
from app.shop.service import StoredSettings

_PREFIX = "page:"
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST_SLUG = 60
_RESERVED = frozenset({"new"})  # the panel's own address
_LONGEST_TITLE = 80
_LONGEST_BODY = 60_000
_MOST_POSITION = 1_000


class ContentPages:
    """Gives out the pages as they are now, and stores others."""

    def __init__(self, settings: StoredSettings) -> None:
        self._settings = settings

    def every(self) -> list[ContentPage]:
        """All of them in their order, from this process's memory."""
        found = [_page(each) for each in self._settings.named(_PREFIX) if each.values]
        return sorted(found, key=lambda each: (each.position, each.slug))

    def in_footer(self, market: str) -> list[ContentPage]:
        """Those that are linked at the foot of every page in a market."""
        return [each for each in self.every() if each.in_footer and each.is_for(market)]

    def at_checkout(self, market: str) -> list[ContentPage]:
        """Those that are linked before paying in a market, and in its mails."""
        return [each for each in self.every() if each.at_checkout and each.is_for(market)]

    def get(self, slug: str) -> ContentPage:
        """A page, from this process's memory. Raises ``NotFound``."""
        return _found(self._settings.find(_PREFIX + slug))

    def read(self, slug: str) -> ContentPage:
        """The same as the database has it now. Raises ``NotFound``."""
        return _found(self._settings.read(_PREFIX + slug))

    def ever_was(self, slug: str) -> bool:
        """Whether there is a page at this address, or was one that is taken down."""
        return self._settings.read(_PREFIX + slug).version > 0

    def add(self, page: ContentPage) -> ContentPage:
        """Store a new page, at an address made from its English title if it has none; the same
        again changes nothing. Raises ``Invalid`` with a message for each wrong field, and
        ``PageTaken`` where its address has another."""
        title = page.titles.get(DEFAULT, "")
        page = replace(page, slug=page.slug or slug_from(title, _LONGEST_SLUG))
        _check(page)
        known = self._settings.read(_PREFIX + page.slug)
        if known.values == plain(page):
            return _page(known)
        if known.values:
            raise PageTaken(page.slug)
        return self._store(replace(page, version=known.version))

    def change(self, page: ContentPage) -> ContentPage:
        """Store over the page's ``version``. Raises ``Invalid``, and ``Conflict`` if somebody else
        changed it."""
        _check(page)
        return self._store(page)

    def remove(self, slug: str, version: int) -> None:
        """Take it away, over the version that was read; again it changes nothing. Raises
        ``Conflict`` if somebody else changed it."""
        self._settings.store(_PREFIX + slug, {}, version)

    def _store(self, page: ContentPage) -> ContentPage:
        return _page(self._settings.store(_PREFIX + page.slug, plain(page), page.version))


def plain(page: ContentPage) -> dict[str, Any]:
    """The page as plain values, without its address and version."""
    return {
        "titles": {code: text for code, text in page.titles.items() if text},
        "bodies": {code: text for code, text in page.bodies.items() if text},
        "in_footer": page.in_footer,
        "at_checkout": page.at_checkout,
        "markets": list(page.markets),
        "position": page.position,
    }


def _found(stored: Stored | None) -> ContentPage:
    if stored is None or not stored.values:
        raise NotFound(Text("The page may have moved, or the link is mistyped."))
    return _page(stored)


def _page(stored: Stored) -> ContentPage:
    values: Mapping[str, Any] = stored.values
    return ContentPage(
        slug=stored.name.removeprefix(_PREFIX),
        titles=values["titles"],
        bodies=values["bodies"],
        in_footer=values["in_footer"],
        at_checkout=values["at_checkout"],
        markets=tuple(values.get("markets", ())),
        position=values["position"],
        version=stored.version,
    )


def _check(page: ContentPage) -> None:
    problems = dict(_problems(page))
    if problems:
        raise Invalid(Text("Please check the fields below."), problems)


def _problems(page: ContentPage) -> Iterator[tuple[str, str]]:
    if problem := _slug_problem(page):
        yield "slug", problem
    for field, texts, longest in (
        ("title", page.titles, _LONGEST_TITLE),
        ("body", page.bodies, _LONGEST_BODY),
    ):
        if not texts.get(DEFAULT):
            yield f"{field}_{DEFAULT}", Text("Please fill in the English: others fall back on it.")
        for code, text in texts.items():
            if code not in LANGUAGES:
                yield f"{field}_{DEFAULT}", Text("The shop does not speak this language.")
            elif len(text) > longest:
                yield (
                    f"{field}_{code}",
                    Text("Please use at most %(most)s characters.", most=longest),
                )
    if not 0 <= page.position <= _MOST_POSITION:
        yield "position", Text("Please enter 0 to 1000.")


def _slug_problem(page: ContentPage) -> str:
    if not page.slug:  # a missing title is told beside the title
        return NO_ADDRESS if page.titles.get(DEFAULT) else ""
    if len(page.slug) > _LONGEST_SLUG or not _SLUG.fullmatch(page.slug):
        return Text("Please use a-z, 0-9 and hyphens, such as shipping-and-returns.")
    return Text("Please choose another address.") if page.slug in _RESERVED else ""
