"""Codes of carts that are put together and apart again: none is lost or invented."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from app.cart.merge_rules import bring_coupons, give_back, is_changed, restore
from app.cart.models import CouponOutcome
from app.promotions.codes import MOST_IN_CART
from tests.unit.test_merge_rules import cart, line, receipt_of

CODES = st.lists(
    st.sampled_from([f"CODE-{number}" for number in range(8)]), unique=True, max_size=MOST_IN_CART
).map(tuple)


@given(CODES, CODES, st.booleans())
def test_every_code_is_brought_or_named_and_an_undo_gives_it_back(
    own: tuple[str, ...], brought: tuple[str, ...], changed: bool
) -> None:
    account = replace(cart("cart_of_acc", line("A", 1)), coupons=own)
    guest = replace(cart("cart_guest"), coupons=brought)
    codes, entries = bring_coupons(account, guest)
    assert codes[: len(own)] == own
    assert len(codes) == len(set(codes)) <= MOST_IN_CART
    assert [entry.code for entry in entries] == list(brought)
    for entry in entries:
        assert (entry.code in codes) is (entry.outcome is not CouponOutcome.DROPPED)
        assert (entry.code in own) is (entry.outcome is CouponOutcome.KNOWN)
        assert entry.code in entry.text
    merged = replace(account, coupons=codes)
    receipt = replace(receipt_of(guest, account, merged, ()), coupons=entries)
    later = replace(merged, lines=(*merged.lines, line("B", 1))) if changed else merged
    assert give_back(later, receipt).coupons == own
    assert restore(replace(guest, coupons=()), later, receipt).coupons == brought


def test_entering_a_code_counts_as_a_change_of_the_cart() -> None:
    before = cart("cart_guest")
    assert is_changed(before, replace(before, coupons=("CODE",)))
    assert not is_changed(before, before)
    assert not replace(before, coupons=("CODE",)).is_empty
