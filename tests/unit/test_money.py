"""Money is exact."""

from __future__ import annotations

from decimal import Decimal

import pytest
from bson.int64 import Int64
from hypothesis import given
from hypothesis import strategies as st

from app.shared.money import Money, exponent, total

CURRENCIES = st.sampled_from(["USD", "EUR", "INR", "JPY", "KWD"])


@given(st.integers(-(10**15), 10**15), CURRENCIES)
def test_major_units_come_back_as_the_same_minor_units(minor: int, currency: str) -> None:
    assert Money.from_major(str(Money(minor, currency).to_major()), currency) == Money(
        minor, currency
    )


def test_decimals_follow_the_currency() -> None:
    assert (exponent("USD"), exponent("JPY"), exponent("KWD")) == (2, 0, 3)
    assert Money.from_major("1500", "JPY") == Money(1500, "JPY")
    assert Money.from_major("1.234", "KWD") == Money(1234, "KWD")


@pytest.mark.parametrize("text", ["29.999", "", "abc", "1,5", "NaN", "Infinity", "1e-9", "--1"])
def test_what_is_no_exact_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        Money.from_major(text, "USD")


@pytest.mark.parametrize("other", [19.99, True, "5"])
def test_only_whole_numbers_are_money(other: object) -> None:
    with pytest.raises(TypeError):
        Money(other, "USD")


def test_a_long_number_of_the_database_is_money_like_any_other() -> None:
    much = Money(Int64(3_000_000_000), "INR")
    assert much == Money(3_000_000_000, "INR")
    assert type(much.minor) is int


def test_currencies_do_not_mix() -> None:
    with pytest.raises(ValueError, match="do not mix"):
        Money(1, "USD") + Money(1, "EUR")


@given(st.lists(st.integers(-(10**9), 10**9)))
def test_a_total_is_the_sum(amounts: list[int]) -> None:
    assert total((Money(each, "EUR") for each in amounts), "EUR") == Money(sum(amounts), "EUR")
    assert Money(sum(amounts), "EUR").to_major() == sum(map(Decimal, amounts)) / 100
