"""Numbers as people type them."""

from __future__ import annotations

import pytest

from app.shared.money import Money
from app.shared.numbers import basis_points, exact, whole

BEYOND = [
    "1e999999",
    "-1e999999",
    "1e-999999",
    "1e31",
    "NaN",
    "sNaN",
    "Infinity",
    "9" * 5_000,
    "",
    "x",
]


@pytest.mark.parametrize(
    "text", ["9" * 5_000, "9" * 10, "²", "１２", "-1", "+1", "1.0", " 1", "", "x"]
)
def test_what_is_no_plain_number_is_something_else(text: str) -> None:
    assert whole(text, None) is None


def test_a_plain_number_is_itself() -> None:
    assert (whole("0", 7), whole("00012", 7), whole("9" * 9, 7)) == (0, 12, 999_999_999)


@pytest.mark.parametrize("text", BEYOND)
def test_what_cannot_be_reckoned_with_is_refused(text: str) -> None:
    for read in (exact, basis_points, lambda text: Money.from_major(text, "USD")):
        with pytest.raises(ValueError, match=r"number|amount"):
            read(text)


def test_per_cent_are_exact() -> None:
    assert [basis_points(text) for text in ("12.5", "12.5 %", "0.01%", "100")] == [
        1250,
        1250,
        1,
        10_000,
    ]
    with pytest.raises(ValueError, match="two decimals"):
        basis_points("1.005")
