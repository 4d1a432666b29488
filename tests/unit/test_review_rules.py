"""Ratings to the decimal, what is counted of a step, and text that is only text."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.models import Ratings
from app.reviews.models import Buyer, Draft, Review, ReviewId, ReviewState
from app.reviews.rules import (
    TRANSITIONS,
    buyer_of_guest,
    clean_line,
    clean_text,
    counted,
    parse_handle,
)
from app.shared.clock import now
from app.shared.ids import OrderId, ProductId

COUNTS = st.tuples(*[st.integers(0, 5000)] * 5)
STATES = st.sampled_from(list(ReviewState))


def _review(state: ReviewState, stars: int) -> Review:
    return Review(
        id=ReviewId("rev_1"), product_id=ProductId("prd_1"), buyer=Buyer("account:1"),
        order_id=OrderId("ord_1"), account_id=None, state=state, version=1, created_at=now(),
        updated_at=now(), draft=Draft(stars=stars, title="Good", text="Very.", name="Ann"),
    )  # fmt: skip


@given(COUNTS)
def test_the_average_is_exact_to_one_decimal(counts: tuple[int, ...]) -> None:
    ratings = Ratings(counts)
    if not ratings.total:
        assert ratings.average == 0
        return
    exact = Decimal(sum(s * c for s, c in enumerate(counts, 1))) / ratings.total
    assert ratings.average == exact.quantize(Decimal("0.1"), ROUND_HALF_UP)
    assert 1 <= ratings.average <= 5


@given(COUNTS)
def test_the_distribution_has_every_review_with_five_stars_first(counts: tuple[int, ...]) -> None:
    rows = Ratings(counts).distribution
    assert [stars for stars, _, _ in rows] == [5, 4, 3, 2, 1]
    assert sum(count for _, count, _ in rows) == sum(counts)
    assert all(0 <= share <= 100 for _, _, share in rows)
    if sum(counts):
        assert 97 <= sum(share for _, _, share in rows) <= 103


@given(st.lists(st.tuples(STATES, st.integers(1, 5)), min_size=1, max_size=20))
def test_steps_add_up_to_what_is_published_now(life: list[tuple[ReviewState, int]]) -> None:
    total: dict[int, int] = {}
    steps = [None, *(_review(*each) for each in life)]
    for before, after in pairwise(steps):
        for stars, step in counted(before, after).items():
            total[stars] = total.get(stars, 0) + step
    state, stars = life[-1]
    shown = {stars: 1} if state is ReviewState.PUBLISHED else {}
    assert {stars: count for stars, count in total.items() if count} == shown


def test_a_decision_never_goes_back_to_waiting_by_itself_and_edits_always_may() -> None:
    for state in ReviewState:
        if state is not ReviewState.WAITING:
            assert ReviewState.WAITING in TRANSITIONS[state]


@given(st.text(max_size=300))
def test_cleaning_is_done_once(text: str) -> None:
    assert clean_text(clean_text(text)) == clean_text(text)
    assert clean_line(clean_line(text)) == clean_line(text)
    assert "\n" not in clean_line(text)
    assert "\n\n\n" not in clean_text(text)


def test_what_only_turns_other_letters_around_is_taken_out() -> None:
    assert clean_line(" so \u202e good\x00 \n👨‍👩 ") == "so good 👨‍👩"


def test_a_guest_is_the_same_however_the_address_is_written() -> None:
    assert buyer_of_guest(" Ann@Example.com") == buyer_of_guest("ann@example.com")
    assert "ann" not in buyer_of_guest("ann@example.com")


@pytest.mark.parametrize("text", ["", "rev_1", "rev_1:", "rev_1:x"])
def test_a_handle_names_what_was_read(text: str) -> None:
    assert parse_handle("rev_1:3") == ("rev_1", 3)
    with pytest.raises(ValueError, match="invalid literal"):
        parse_handle(text)
