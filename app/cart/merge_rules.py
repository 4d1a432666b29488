"""Putting two carts together and apart again: pure, and silent about nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from app.cart.lines import Lines, find_goods, others, prices_seen, shape, swapped, without
from app.cart.models import (
    Cart,
    CartLine,
    CouponEntry,
    CouponOutcome,
    Goods,
    Kin,
    MergeEntry,
    MergeReceipt,
    Outcome,
)
from app.cart.offers import Offer
from app.cart.rules import MAX_LINES, MAX_QUANTITY, MAX_SAVED
from app.markets.models import Market
from app.promotions.codes import MOST_IN_CART
from app.shared.ids import LineId, new_id
from app.shared.texts import Text

MAX_ABSORBED = 20
_LIMIT = Text("up to %(most)s of one item", most=MAX_QUANTITY)
_NO_LONGER_SOLD = Text("no longer sold")
_SOLD_OUT = Text("sold out")
_ALL_TAKEN = Text("what is left of it is in your cart already")
_CART_FULL = Text("a cart holds up to %(most)s different items", most=MAX_LINES)
_LIST_FULL = Text("you can save up to %(most)s different items", most=MAX_SAVED)

Entries = tuple[MergeEntry, ...]
CouponEntries = tuple[CouponEntry, ...]


def merge_carts(
    account: Cart, guest: Cart, offers: Mapping[Goods, Offer], market: Market
) -> tuple[Cart, Entries]:
    """The account's cart with all of the guest's that fits, and an entry for each guest's line.
    Codes are brought by ``bring_coupons``.

    No line of the account's cart is ever lowered.
    """
    taken = {line.id for line in (*account.lines, *account.saved)}
    lines, entries = bring(account.lines, _renamed(guest.lines, taken), offers, market)
    saved, later = _bring_saved(account.saved, _renamed(guest.saved, taken), offers)
    kin = (*guest.rivals, Kin(cart_id=guest.id, since=0, until=guest.version))
    new = {each.cart_id: each for each in kin if each.cart_id != account.id}
    known = tuple(each for each in account.absorbed if each.cart_id not in new)
    absorbed = (*known, *new.values())[-MAX_ABSORBED:]
    return replace(account, lines=lines, saved=saved, absorbed=absorbed), (*entries, *later)


def bring_coupons(account: Cart, guest: Cart) -> tuple[tuple[str, ...], CouponEntries]:
    """The account's codes with the guest's behind them, and an entry for each of the guest's."""
    codes, entries = account.coupons, []
    for code in guest.coupons:
        if code in codes:
            outcome = CouponOutcome.KNOWN
        elif len(codes) >= MOST_IN_CART:
            outcome = CouponOutcome.DROPPED
        else:
            codes, outcome = (*codes, code), CouponOutcome.ADDED
        entries.append(CouponEntry(code=code, outcome=outcome))
    return codes, tuple(entries)


def bring(
    lines: Lines, wanted: Iterable[CartLine], offers: Mapping[Goods, Offer], market: Market
) -> tuple[Lines, Entries]:
    """Bring lines into a cart's, as far as stock and limits allow, with an entry for each."""
    entries = []
    for line in wanted:
        offer = offers[line.goods]
        known = find_goods(lines, line.goods)
        room = _room(offer, known.quantity if known else 0, others(lines, known), market)
        if known is None and len(lines) >= MAX_LINES and not room.barred:
            room = _Room(units=0, why=_CART_FULL, barred=True)
        entry = _entry(line, offer, known, room)
        entries.append(entry)
        lines = _with_units(lines, known, line, entry.got, offer)
    return lines, tuple(entries)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Room:
    """How many units can still come, and what stops more; ``barred``: none ever could."""

    units: int
    why: str
    barred: bool = False


def _room(offer: Offer, before: int, beside: Lines, market: Market) -> _Room:
    if not offer.in_range:
        return _Room(units=0, why=_NO_LONGER_SOLD, barred=True)
    if market.code not in offer.prices:
        return _Room(units=0, why=Text("not sold in %(market)s", market=market.name), barred=True)
    if offer.limit == 0:
        return _Room(units=0, why=_SOLD_OUT, barred=True)
    limit = offer.limit_beside(beside)
    if limit is None or limit >= MAX_QUANTITY:
        return _Room(units=max(MAX_QUANTITY - before, 0), why=_LIMIT)
    why = _only_left(limit, sets=bool(offer.parts)) if limit else _ALL_TAKEN
    return _Room(units=max(limit - before, 0), why=why)


def _bring_saved(
    saved: Lines, wanted: Iterable[CartLine], offers: Mapping[Goods, Offer]
) -> tuple[Lines, Entries]:
    """The same for the list for later, where stock does not matter."""
    entries = []
    for line in wanted:
        offer = offers[line.goods]
        known = find_goods(saved, line.goods)
        room = _Room(units=MAX_QUANTITY - (known.quantity if known else 0), why=_LIMIT)
        if known is None and len(saved) >= MAX_SAVED:
            room = _Room(units=0, why=_LIST_FULL, barred=True)
        entry = replace(_entry(line, offer, known, room), saved=True)
        entries.append(entry)
        saved = _with_units(saved, known, line, entry.got, offer)
    return saved, tuple(entries)


def _with_units(
    lines: Lines, known: CartLine | None, line: CartLine, got: int, offer: Offer
) -> Lines:
    if known is not None:
        seen = prices_seen(known, line, offer.prices)
        grown = replace(known, quantity=known.quantity + got, seen_prices=seen)
        return swapped(lines, known, grown) if got else lines
    return (*lines, replace(line, quantity=got)) if got else lines


def _entry(line: CartLine, offer: Offer, known: CartLine | None, room: _Room) -> MergeEntry:
    got = min(line.quantity, room.units)
    all_came = got == line.quantity
    if all_came:
        outcome = Outcome.RAISED if known else Outcome.ADDED
    else:
        outcome = Outcome.DROPPED if room.barred else Outcome.CLAMPED
    return MergeEntry(
        sku=line.sku,
        title=offer.title,
        variant_title=offer.variant_title,
        outcome=outcome,
        wanted=line.quantity,
        before=known.quantity if known else 0,
        got=got,
        why="" if all_came else room.why,
        parts=line.parts,
    )


def _renamed(lines: Lines, taken: set[LineId]) -> Lines:
    """The lines with new ids where the other cart uses theirs."""
    return tuple(
        replace(line, id=LineId(new_id("line"))) if line.id in taken else line for line in lines
    )


# --- apart again ----------------------------------------------------------------------------------


def give_back(account: Cart, receipt: MergeReceipt) -> Cart:
    """The account's cart without what the merge brought.

    Exactly as it was, if nobody changed it since; else the brought units go, from wherever they
    are now, and every later change stays.
    """
    before, after = receipt.account_before, receipt.account_after
    account = _without_brought(account, receipt)
    same = shape(account.lines) == shape(after.lines) and shape(account.saved) == shape(after.saved)
    brought = {each.code for each in receipt.coupons if each.outcome is CouponOutcome.ADDED}
    coupons = tuple(code for code in account.coupons if code not in brought)
    if same:
        return replace(account, lines=before.lines, saved=before.saved, coupons=coupons)
    lines, moved_aside = without(account.lines, units_got(receipt.entries, saved=False))
    later = Counter(units_got(receipt.entries, saved=True))
    saved, taken_up = without(account.saved, later)
    saved, _ = without(saved, moved_aside)
    lines, _ = without(lines, taken_up)
    return replace(account, lines=lines, saved=saved, coupons=coupons)


def bring_cards(after: Cart, account: Cart, guest: Cart, entries: Entries) -> Cart:
    """``after`` with the gift cards of both, to pay with and to send. All of a variant go to one
    address: the guest's where the guest named one and some came, else the account's."""
    cards = tuple(dict.fromkeys((*account.gift_cards, *guest.gift_cards)))
    had = {line.sku for line in (*account.lines, *account.saved)}
    came = {entry.sku for entry in entries if entry.got}
    notes = {note.sku: note for note in account.gift_notes if note.sku in had}
    notes |= {note.sku: note for note in guest.gift_notes if note.sku in came}
    return replace(after, gift_cards=cards, gift_notes=tuple(notes.values()))


def _without_brought(account: Cart, receipt: MergeReceipt) -> Cart:
    """The account's cart without the gift cards that the merge brought, its own for whom they were
    before."""
    had, guests = receipt.account_before, receipt.guest_before
    brought = set(guests.gift_cards) - set(had.gift_cards)
    cards = tuple(each for each in account.gift_cards if each not in brought)
    own = {note.sku: note for note in had.gift_notes}
    notes = (
        own.get(each.sku) if each in guests.gift_notes else each for each in account.gift_notes
    )
    return replace(account, gift_cards=cards, gift_notes=tuple(filter(None, notes)))


def restore(guest: Cart, account: Cart, receipt: MergeReceipt) -> Cart:
    """The guest's cart as it was, marked so that it stays apart until its guest changes it."""
    kin = Kin(cart_id=account.id, since=receipt.account_version, until=account.version)
    return replace(
        guest,
        lines=receipt.guest_before.lines,
        saved=receipt.guest_before.saved,
        coupons=receipt.guest_before.coupons,
        gift_cards=receipt.guest_before.gift_cards,
        gift_notes=receipt.guest_before.gift_notes,
        merged_into=None,
        apart=True,
        parted_from=kin,
    )


def units_got(entries: Iterable[MergeEntry], *, saved: bool) -> dict[Goods, int]:
    """How many units of all goods a merge brought into the cart, or onto the list for later."""
    units: Counter[Goods] = Counter()
    for entry in entries:
        if entry.saved is saved and entry.got:
            units[entry.goods] += entry.got
    return dict(units)


def is_changed(before: Cart, after: Cart) -> bool:
    """Whether somebody put in, took out or moved something, or entered or removed a code."""
    return (
        shape(before.lines) != shape(after.lines)
        or shape(before.saved) != shape(after.saved)
        or before.coupons != after.coupons
        or before.gift_cards != after.gift_cards
    )


def _only_left(limit: int, *, sets: bool) -> Text:
    """The same as ``only_left``, in the middle of a sentence."""
    if sets:
        return Text.counted("only %(num)s set left", "only %(num)s sets left", limit)
    return Text.counted("only %(num)s left", "only %(num)s left", limit)
