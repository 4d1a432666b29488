"""Lists hold each thing once, are bounded, and lose nothing when they join."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.shared.ids import AccountId, Sku
from app.wishlists.models import Item
from app.wishlists.rules import (
    MOST,
    WishlistFull,
    is_guests,
    joined,
    list_of_account,
    list_of_visitor,
    with_item,
    without_item,
)

_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def _item(sku: str, minute: int = 0) -> Item:
    return Item(sku=Sku(sku), added_at=_DAY + timedelta(minutes=minute))


LISTS = st.lists(
    st.builds(_item, st.sampled_from("ABCDEFGH"), st.integers(0, 9)),
    unique_by=lambda item: item.sku,
    max_size=8,
).map(tuple)


@given(LISTS, LISTS)
def test_a_joined_list_has_everything_once_in_the_order_it_was_added(
    one: tuple[Item, ...], other: tuple[Item, ...]
) -> None:
    both = joined(one, other)
    skus = [item.sku for item in both]
    assert len(skus) == len(set(skus))
    assert set(skus) == {item.sku for item in (*one, *other)}
    assert [i.added_at for i in both] == sorted(i.added_at for i in both)
    assert joined(both, other) == both
    assert {i.sku for i in joined(other, one)} == set(skus)


@given(LISTS, st.sampled_from("ABCXYZ"))
def test_adding_and_removing_repeat(items: tuple[Item, ...], sku: str) -> None:
    added = with_item(items, _item(sku))
    assert with_item(added, _item(sku, 5)) == added
    assert sum(each.sku == sku for each in added) == 1
    assert without_item(without_item(added, Sku(sku)), Sku(sku)) == without_item(items, Sku(sku))


def test_a_full_list_takes_what_it_has_and_nothing_new() -> None:
    full = tuple(_item(f"S{n}") for n in range(MOST))
    assert with_item(full, _item("S3")) == full
    with pytest.raises(WishlistFull):
        with_item(full, _item("new"))
    assert len(joined(full, (_item("new"),))) == MOST + 1


def test_no_visitor_has_an_account_s_list() -> None:
    assert is_guests(list_of_visitor("ann"))
    assert not is_guests(list_of_account(AccountId("acc_1")))
