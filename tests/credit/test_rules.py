"""Codes, and who pays how much: rules without a database."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.credit.codes import derive_code, digest_of, normal_code, show_code
from app.credit.models import CreditSource
from app.credit.rules import plan_credit, shares_back
from app.shared.credit import CreditKind, CreditUse
from app.shared.ids import CreditId
from app.shared.money import Money

_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
codes = st.text(min_size=1, max_size=20).map(lambda text: derive_code("secret", text))
amounts = st.integers(0, 10_000)


def usd(minor: int) -> Money:
    return Money(minor, "USD")


@given(codes)
def test_a_code_is_read_in_any_spelling(code: str) -> None:
    shown = show_code(code)
    assert len(code) == 16
    assert [len(group) for group in shown.split("-")] == [4, 4, 4, 4]
    for typed in (code, shown, shown.lower(), f"  {shown.replace('-', ' ')} "):
        assert normal_code(typed) == code
    assert set(code) <= set(_LETTERS)


@given(codes, st.integers(0, 15), st.sampled_from(_LETTERS))
def test_one_wrong_character_is_noticed(code: str, place: int, letter: str) -> None:
    typed = code[:place] + letter + code[place + 1 :]
    assert normal_code(typed) == (code if typed == code else "")


@given(codes, st.integers(0, 13))
def test_two_swapped_neighbours_are_noticed(code: str, place: int) -> None:
    typed = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert normal_code(typed) == (code if typed == code else "")


def test_a_code_is_made_again_from_its_secret_and_is_not_kept() -> None:
    assert derive_code("s", "crd_1") == derive_code("s", "crd_1")
    assert len({derive_code("s", f"crd_{n}") for n in range(1000)}) == 1000
    assert derive_code("s", "crd_1") != derive_code("t", "crd_1")
    assert derive_code("s", "crd_1") not in digest_of(derive_code("s", "crd_1"))


@given(amounts, amounts, st.lists(amounts, max_size=6), st.sampled_from((0, 50, 100)))
def test_credit_and_what_is_due_are_the_total(
    whole: int, not_coverable: int, free: list[int], least: int
) -> None:
    coverable = max(whole - not_coverable, 0)
    sources = [
        CreditSource(id=CreditId(str(at)), kind=CreditKind.GIFT_CARD, last4="", free=usd(minor))
        for at, minor in enumerate(free)
    ]
    plan = plan_credit(usd(whole), usd(coverable), sources, usd(least))
    paid = sum(use.amount.minor for use in plan.uses)
    assert paid + plan.due.minor == whole
    assert paid <= coverable
    assert all(0 < use.amount.minor <= free[int(use.credit_id)] for use in plan.uses)
    # A gateway is asked for nothing, for no less than it charges, or for all there is.
    assert plan.due.minor == 0 or plan.due.minor >= least or not plan.uses
    if plan.withheld:
        assert plan.due.minor == least or not plan.uses
    else:
        assert paid == min(coverable, sum(free))


def test_the_least_that_a_gateway_charges_is_left_to_it() -> None:
    card = CreditSource(id=CreditId("a"), kind=CreditKind.GIFT_CARD, last4="", free=usd(4880))
    plan = plan_credit(usd(4890), usd(4890), [card], usd(50))
    assert (plan.due, plan.withheld) == (usd(50), usd(40))
    assert [use.amount for use in plan.uses] == [usd(4840)]


@given(st.lists(st.integers(1, 5_000), min_size=1, max_size=5), st.data())
def test_any_refunds_give_back_exactly_what_was_paid_last_first(
    paid: list[int], data: st.DataObject
) -> None:
    uses = [
        CreditUse(
            credit_id=CreditId(str(at)), kind=CreditKind.GIFT_CARD, last4="", amount=usd(minor)
        )
        for at, minor in enumerate(paid)
    ]
    left, given_back = list(paid), dict.fromkeys(range(len(paid)), 0)
    for last in (*(False,) * 6, True):
        amount = sum(left) if last else data.draw(st.integers(0, sum(left)))
        shares, left = shares_back(list(zip(uses, left, strict=True)), usd(amount))
        assert sum(share.amount.minor for share in shares) == amount
        for share in shares:
            given_back[int(share.credit_id)] += share.amount.minor
        touched = [at for at, minor in enumerate(paid) if left[at] < minor]
        assert all(left[at] == 0 for at in touched[1:])
    assert list(given_back.values()) == paid
