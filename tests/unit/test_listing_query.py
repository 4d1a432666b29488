"""The query string of listings, both ways."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.query import SORTS, parse_query
from app.shared.money import Money

TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=20)


@given(
    TEXT,
    st.lists(st.tuples(TEXT, TEXT), max_size=4),
    st.lists(TEXT, max_size=3),
    st.sampled_from(["", *SORTS]),
    st.integers(1, 50),
)
def test_a_query_survives_its_own_url(
    words: str, options: list[tuple[str, str]], vendors: list[str], sort: str, page: int
) -> None:
    pairs = [("q", words), ("sort", sort), ("page", str(page))]
    pairs += [(f"option.{name}", value) for name, value in options]
    pairs += [("vendor", vendor) for vendor in vendors]
    first = parse_query(pairs, "USD")
    again = parse_query(parse_qsl(urlsplit(first.url("/products")).query), "USD")
    assert again.url("/products") == first.url("/products")


@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=30)), max_size=12))
def test_no_input_breaks_the_parser(pairs: list[tuple[str, str]]) -> None:
    query = parse_query([*pairs, *(("page", value) for _, value in pairs)], "USD")
    assert query.page >= 1


def test_bad_prices_are_named_beside_their_field() -> None:
    assert "min_price" in parse_query([("min_price", "cheap")], "USD").errors
    assert "max_price" in parse_query([("min_price", "20"), ("max_price", "10")], "USD").errors
    assert "max_price" in parse_query([("max_price", "-1")], "USD").errors
    assert parse_query([("min_price", "12.50")], "USD").errors == {}
    assert "min_price" in parse_query([("min_price", "1,250")], "EUR").errors


@pytest.mark.parametrize("typed", ["12,50", "12,5", "12.5"])
def test_a_price_may_have_a_comma_for_its_decimals(typed: str) -> None:
    query = parse_query([("min_price", typed)], "EUR")
    assert (query.floor, query.errors) == (Money(1250, "EUR"), {})
    assert query.url("/products") == f"/products?{urlencode({'min_price': typed})}"


def test_toggling_twice_changes_nothing() -> None:
    query = parse_query([("option.Size", "M"), ("vendor", "A")], "USD")
    for name, value in (("option.Size", "L"), ("vendor", "B"), ("in_stock", "1")):
        assert query.toggled(name, value).toggled(name, value) == query
