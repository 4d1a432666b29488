"""What is shown while a query is typed, and where to go when it finds nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from app.catalog.models import Category
from app.catalog.query import MOST_MINOR, ListingQuery
from app.catalog.search import Hits, Marks
from app.catalog.search.marking import marks_of_text
from app.catalog.text import words
from app.catalog.views import ProductCard, SearchHelp, SearchLink, Suggestion
from app.markets.models import Market
from app.shared.money import Money

_MOST_CATEGORIES = 3


def completed_queries(queries: Iterable[str], hits: Hits) -> tuple[Suggestion, ...]:
    """Whole queries that what was typed can become."""
    return tuple(
        Suggestion(
            label=query,
            url=ListingQuery(q=query).url("/search"),
            kind="search",
            image=None,
            price=None,
            marked=hits.marks.on(query),
        )
        for query in queries
    )


def fitting_categories(categories: Iterable[Category], text: str) -> tuple[Suggestion, ...]:
    """Categories whose names have every word that was typed; the last may be unfinished."""
    *whole, last = words(text) or [""]
    marks = marks_of_text(text)
    fitting = [
        each
        for each in categories
        if last
        and set(whole) <= set(words(each.name))
        and any(word.startswith(last) for word in words(each.name))
    ]
    return tuple(
        Suggestion(
            label=each.name,
            url=f"/categories/{each.slug}",
            kind="category",
            image=each.image,
            price=None,
            marked=marks.on(each.name),
        )
        for each in fitting[:_MOST_CATEGORIES]
    )


def fitting_products(cards: Iterable[ProductCard], marks: Marks) -> tuple[Suggestion, ...]:
    """Products that fit what was typed."""
    return tuple(
        Suggestion(
            label=card.title,
            url=f"/products/{card.slug}",
            kind="product",
            image=card.image,
            price=card.price,
            marked=marks.on(card.title),
        )
        for card in cards
    )


def search_help(
    hits: Hits,
    query: ListingQuery,
    path: str,
    categories: Iterable[tuple[Category, int]],
    *,
    found: bool,
) -> SearchHelp:
    """What to say of the query, and where to go from it; ``found`` says whether anything is
    shown, which prices may have emptied."""
    if found and not hits.missing:
        return SearchHelp()
    return SearchHelp(
        missing=hits.missing,
        shorter=tuple(
            SearchLink(
                label=each.query,
                url=ListingQuery(q=each.query, sort=query.sort).url(path),
                count=each.count,
            )
            for each in hits.shorter
        ),
        categories=tuple(
            SearchLink(label=each.name, url=f"/categories/{each.slug}", count=count)
            for each, count in categories
        ),
    )


def with_prices(query: ListingQuery, hits: Hits, market: Market) -> ListingQuery:
    """The query with the prices its words ask for, where its price fields ask for none."""
    return replace(
        query,
        floor=query.floor or _money(hits.floor, market),
        ceiling=query.ceiling or _money(hits.ceiling, market),
    )


def _money(amount: Decimal | None, market: Market) -> Money | None:
    """Beyond what the currency can say, a price is rounded; ``15.999`` is no amount of dollars.
    One beyond all prices is as good as the highest."""
    if amount is None:
        return None
    highest = Money(MOST_MINOR, market.currency)
    if amount >= highest.to_major():
        return highest
    try:
        return Money.from_major(str(amount), market.currency)
    except ValueError:
        return Money.from_major(str(round(amount)), market.currency)
