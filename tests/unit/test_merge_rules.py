"""Carts put together and apart again: no unit is lost or invented without being named."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.cart.documents import contents
from app.cart.lines import find_goods
from app.cart.merge_rules import bring, give_back, is_changed, merge_carts, restore
from app.cart.models import Cart, CartLine, Goods, Kin, MergeEntry, MergeReceipt, Outcome
from app.cart.offers import Offer
from app.cart.rules import MAX_LINES, MAX_QUANTITY
from app.markets.service import UNITED_STATES
from app.shared.ids import AccountId, CartId, LineId, ProductId, Sku, new_id

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
SKUS = [Sku(f"SKU-{number}") for number in range(5)]


def line(sku: str, quantity: int, *, seen: int = 2000, days: int = 0) -> CartLine:
    return CartLine(
        id=LineId(new_id("line")), sku=Sku(sku), product_id=ProductId("p"), quantity=quantity,
        seen_prices={"US": seen}, added_at=_NOW + timedelta(days=days),
    )  # fmt: skip


def cart(name: str, *lines: CartLine, saved: tuple[CartLine, ...] = ()) -> Cart:
    return Cart(id=CartId(name), lines=lines, version=1, updated_at=_NOW, saved=saved)


def offer(sku: str, limit: int | None = 10, **prices: int) -> Offer:
    return Offer(
        sku=Sku(sku), product_id=ProductId("p"), title=f"Title of {sku}", variant_title="",
        prices=prices or {"US": 2000}, stock={} if limit is None else {Sku(sku): limit},
    )  # fmt: skip


def gone(sku: str) -> Offer:
    return replace(offer(sku, 0), prices={})


def receipt_of(
    guest: Cart, before: Cart, after: Cart, entries: tuple[MergeEntry, ...]
) -> MergeReceipt:
    return MergeReceipt(
        id="r", account_id=AccountId("acc"), guest_cart_id=guest.id, guest_version=1,
        account_cart_id=before.id, account_version=2, at=_NOW, entries=entries,
        guest_before=contents(guest), account_before=contents(before),
        account_after=contents(after),
    )  # fmt: skip


def units(lines: tuple[CartLine, ...]) -> Counter[Sku]:
    count: Counter[Sku] = Counter()
    for each in lines:
        count[each.sku] += each.quantity
    return count


@st.composite
def filled(draw: st.DrawFn, name: str) -> Cart:
    def some() -> tuple[CartLine, ...]:
        skus = draw(st.lists(st.sampled_from(SKUS), unique=True))
        return tuple(line(sku, draw(st.integers(1, MAX_QUANTITY))) for sku in skus)

    return cart(name, *some(), saved=some())


@st.composite
def offers(draw: st.DrawFn) -> dict[Goods, Offer]:
    limits = st.one_of(st.none(), st.integers(0, 150))
    prices = st.sampled_from([{}, {"US": 2000}, {"DE": 2000}, {"US": 1500, "DE": 1}])
    return {(sku, ()): replace(offer(sku, draw(limits)), prices=draw(prices)) for sku in SKUS}


ACCOUNT, GUEST = filled("cart_of_acc"), filled("cart_guest")


@given(ACCOUNT, GUEST, offers())
def test_every_unit_is_where_the_receipt_says(
    account: Cart, guest: Cart, stock: dict[Goods, Offer]
) -> None:
    after, entries = merge_carts(account, guest, stock, UNITED_STATES)
    for saved, before, incoming, result in (
        (False, account.lines, guest.lines, after.lines),
        (True, account.saved, guest.saved, after.saved),
    ):
        named = [entry for entry in entries if entry.saved is saved]
        assert [(entry.sku, entry.wanted) for entry in named] == [
            (each.sku, each.quantity) for each in incoming
        ]
        got = Counter({entry.sku: entry.got for entry in named})
        assert units(result) == units(before) + got
        for entry in named:
            assert 0 <= entry.got <= entry.wanted
            assert entry.before == units(before)[entry.sku]
            assert bool(entry.why) is (entry.got < entry.wanted)
            assert (entry.outcome in {Outcome.CLAMPED, Outcome.DROPPED}) is bool(entry.why)


@given(ACCOUNT, GUEST, offers())
def test_limits_hold_and_no_line_of_the_account_is_lowered(
    account: Cart, guest: Cart, stock: dict[Goods, Offer]
) -> None:
    after, _ = merge_carts(account, guest, stock, UNITED_STATES)
    for old in account.lines:
        kept = find_goods(after.lines, old.goods)
        assert kept is not None
        assert kept.id == old.id
        assert kept.quantity >= old.quantity
    for each in after.lines:
        old_line = find_goods(account.lines, each.goods)
        limit = stock[each.goods].limit
        most = MAX_QUANTITY if limit is None else min(limit, MAX_QUANTITY)
        assert each.quantity <= max(most, old_line.quantity if old_line else 0)
    ids = [each.id for each in (*after.lines, *after.saved)]
    assert len(ids) == len(set(ids))


@given(ACCOUNT, GUEST, offers())
def test_merging_what_is_merged_changes_nothing(
    account: Cart, guest: Cart, stock: dict[Goods, Offer]
) -> None:
    once, _ = merge_carts(account, guest, stock, UNITED_STATES)
    emptied = replace(guest, lines=(), saved=(), merged_into=account.id)
    twice, entries = merge_carts(once, emptied, stock, UNITED_STATES)
    assert entries == ()
    assert contents(twice) == contents(once)


@given(ACCOUNT, GUEST, offers())
def test_undo_gives_both_carts_back_exactly(
    account: Cart, guest: Cart, stock: dict[Goods, Offer]
) -> None:
    after, entries = merge_carts(account, guest, stock, UNITED_STATES)
    receipt = receipt_of(guest, account, after, entries)
    shown = tuple(replace(each, seen_prices={"US": 1}) for each in after.lines)
    later = replace(after, lines=shown)
    assert contents(give_back(later, receipt)) == contents(account)
    emptied = replace(guest, lines=(), saved=(), version=2, merged_into=account.id)
    parted = restore(emptied, later, receipt)
    assert contents(parted) == contents(guest)
    assert parted.merged_into is None
    assert parted.apart


@given(ACCOUNT, GUEST, offers(), st.sampled_from(SKUS), st.integers(0, MAX_QUANTITY))
def test_undo_after_a_change_takes_out_no_more_than_came(
    account: Cart, guest: Cart, stock: dict[Goods, Offer], sku: Sku, quantity: int
) -> None:
    after, entries = merge_carts(account, guest, stock, UNITED_STATES)
    others = tuple(each for each in after.lines if each.sku != sku)
    changed = replace(after, lines=(*others, *([line(sku, quantity)] if quantity else [])))
    left = give_back(changed, receipt_of(guest, account, after, entries))
    if not is_changed(after, changed):
        return
    came = Counter({each.sku: each.got for each in entries if not each.saved})
    for each in SKUS:
        assert units(left.lines)[each] >= units(changed.lines)[each] - came[each]
        assert units(left.lines)[each] <= units(changed.lines)[each]


def test_undo_finds_what_was_put_aside_in_the_meantime() -> None:
    account, guest = cart("cart_of_acc", line("A", 1)), cart("cart_guest", line("A", 2))
    after, entries = merge_carts(account, guest, {(Sku("A"), ()): offer("A")}, UNITED_STATES)
    aside = replace(after, lines=(), saved=after.lines)
    left = give_back(aside, receipt_of(guest, account, after, entries))
    assert (units(left.lines), units(left.saved)) == (Counter(), Counter({Sku("A"): 1}))


def test_each_outcome_is_said_in_plain_words() -> None:
    account = cart("cart_of_acc", line("B", 1), line("C", 2), line("F", 99))
    guest = cart(
        "cart_guest",
        *(line(sku, 3) for sku in "ABCDEFG"),
        saved=(line("A", 1),),
    )
    stock = {
        (Sku("A"), ()): offer("A"),
        (Sku("B"), ()): offer("B", None),
        (Sku("C"), ()): offer("C", 3),
        (Sku("D"), ()): gone("D"),
        (Sku("E"), ()): offer("E", 9, DE=100),
        (Sku("F"), ()): offer("F", None),
        (Sku("G"), ()): offer("G", 0),
    }
    _, entries = merge_carts(account, guest, stock, UNITED_STATES)
    assert [(entry.outcome.value, entry.text) for entry in entries] == [
        ("added", "Title of A: 3 added."),
        ("raised", "Title of B: raised from 1 to 4."),
        ("clamped", "Title of C: 1 of 3 added, only 3 left, and you had 2 already."),
        ("dropped", "Title of D: not added, no longer sold."),
        ("dropped", "Title of E: not added, not sold in United States."),
        (
            "clamped",
            "Title of F: none of 3 added, up to 99 of one item, and you had 99 already.",
        ),
        ("dropped", "Title of G: not added, sold out."),
        ("added", "Title of A: 1 added to your saved list."),
    ]


def test_a_full_cart_takes_no_further_item_but_more_of_those_in_it() -> None:
    full = cart("cart_of_acc", *(line(f"N{number}", 1) for number in range(MAX_LINES)))
    wanted = (line("N0", 2), line("NEW", 1))
    stock = {(Sku("N0"), ()): offer("N0"), (Sku("NEW"), ()): offer("NEW")}
    lines, entries = bring(full.lines, wanted, stock, UNITED_STATES)
    assert [entry.outcome for entry in entries] == [Outcome.RAISED, Outcome.DROPPED]
    assert "100 different items" in entries[1].why
    assert len(lines) == MAX_LINES


def test_a_price_that_changed_for_either_is_still_told() -> None:
    for mine, theirs, expected in ((1800, 2000, 1800), (2000, 1800, 1800), (1700, 1800, 1700)):
        account = cart("cart_of_acc", line("A", 1, seen=mine))
        guest = cart("cart_guest", line("A", 1, seen=theirs, days=1))
        after, _ = merge_carts(account, guest, {(Sku("A"), ()): offer("A")}, UNITED_STATES)
        assert after.lines[0].seen_prices == {"US": expected}


def test_an_account_remembers_its_newest_carts_and_where_theirs_came_from() -> None:
    account = cart("cart_of_acc")
    stock = {(Sku("A"), ()): offer("A", None)}
    for number in range(30):
        elsewhere = Kin(cart_id=CartId("cart_of_other"), since=1, until=number)
        guest = replace(cart(f"g{number}", line("A", 1)), parted_from=elsewhere)
        account, _ = merge_carts(account, guest, stock, UNITED_STATES)
    assert len(account.absorbed) == 20
    assert account.absorbed[-1] == Kin(cart_id=CartId("g29"), since=0, until=1)
    assert account.absorbed[-2] == Kin(cart_id=CartId("cart_of_other"), since=1, until=29)
    assert account.absorbed[0].cart_id == "g11"
