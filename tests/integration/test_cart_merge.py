"""A guest's cart becomes part of an account's: once, whole, and whoever interferes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask

from app.cart.models import Cart, MergeReceipt, Outcome
from app.cart.rules import account_cart_id
from app.cart.service import CartService
from app.db.database import Database
from app.db.migrations import all_migrations
from app.inventory.service import InventoryService
from app.markets.service import GERMANY, UNITED_STATES
from app.shared.clock import now
from app.shared.errors import Invalid, NotFound
from app.shared.ids import AccountId, CartId, LineId, Sku
from app.web.registry import service
from tests.support.cart_crash import MERGING, UNDOING
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.dying import die

ANN, BOB = AccountId("acc_ann"), AccountId("acc_bob")
MUG, PLATE = Sku("MUG"), Sku("PLATE")


@pytest.fixture
def carts(app: Flask, catalog: CatalogMaker) -> CartService:
    """Carts of a shop with mugs and plates."""
    catalog.add(make_product("Dune Mug", make_variant(MUG)), stock=10)
    catalog.add(make_product("Dune Plate", make_variant(PLATE)), stock=10)
    return service(CartService, app)


def guest_with(carts: CartService, **quantities: int) -> CartId:
    """A new guest's cart."""
    cart_id = None
    for sku, quantity in quantities.items():
        cart_id, _, _ = carts.add(cart_id, Sku(sku), quantity, UNITED_STATES)
    assert cart_id is not None
    return cart_id


def fill(carts: CartService, account_id: AccountId, **quantities: int) -> None:
    """Put something in an account's cart."""
    for sku, quantity in quantities.items():
        carts.add(account_cart_id(account_id), Sku(sku), quantity, UNITED_STATES)


def units(cart: Cart | None) -> dict[str, int]:
    """What is in a cart."""
    return {line.sku: line.quantity for line in cart.lines} if cart else {}


def merged(carts: CartService, guest: CartId, account_id: AccountId = ANN) -> MergeReceipt:
    """The receipt of a merge that happens."""
    receipt = carts.merge(guest, account_id, UNITED_STATES)
    assert receipt is not None
    return receipt


def at_once(work: Callable[[int], object], times: int, threads: int = 32) -> list[object]:
    """Do it many times, all at the same moment as far as that goes."""
    barrier = threading.Barrier(threads)

    def run(number: int) -> object:
        if number < threads:
            barrier.wait()
        return work(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(times)))


# --- together -----------------------------------------------------------------------------------


def test_quantities_add_up_and_the_receipt_names_each_line(
    carts: CartService, database: Database
) -> None:
    fill(carts, ANN, MUG=2)
    guest = guest_with(carts, MUG=3, PLATE=1)
    receipt = merged(carts, guest)
    assert units(carts.of_account(ANN)) == {"MUG": 5, "PLATE": 1}
    assert [(each.title, each.outcome, each.before, each.got) for each in receipt.entries] == [
        ("Dune Mug", Outcome.RAISED, 2, 3),
        ("Dune Plate", Outcome.ADDED, 0, 1),
    ]
    left = carts.find(guest)
    assert left is not None
    assert (left.lines, left.merged_into) == ((), account_cart_id(ANN))
    assert carts.open_receipt(ANN) == receipt
    assert merged(carts, guest) == receipt
    assert units(carts.of_account(ANN)) == {"MUG": 5, "PLATE": 1}
    assert database["cart_merges"].count_documents({}) == 1


def test_two_hundred_logins_at_once_merge_once(carts: CartService, database: Database) -> None:
    fill(carts, ANN, MUG=1)
    guest = guest_with(carts, MUG=4, PLATE=2)
    receipts = at_once(lambda _: carts.merge(guest, ANN, UNITED_STATES), 200)
    assert units(carts.of_account(ANN)) == {"MUG": 5, "PLATE": 2}
    assert database["cart_merges"].count_documents({}) == 1
    assert {receipt.id for receipt in receipts if isinstance(receipt, MergeReceipt)} == {
        f"{guest}-2"
    }


def test_two_accounts_race_for_one_cart_and_one_gets_it(
    carts: CartService, database: Database
) -> None:
    guest = guest_with(carts, MUG=4)
    people = (ANN, BOB)
    receipts = at_once(lambda n: carts.merge(guest, people[n % 2], UNITED_STATES), 32)
    owners = {each.account_id for each in receipts if isinstance(each, MergeReceipt)}
    assert len(owners) == 1
    (winner,) = owners
    loser = BOB if winner == ANN else ANN
    assert units(carts.of_account(winner)) == {"MUG": 4}
    assert carts.of_account(loser) is None
    assert database["cart_merges"].count_documents({}) == 1


def test_many_guests_carts_come_into_one_account_at_once(carts: CartService) -> None:
    guests = [guest_with(carts, MUG=1) for _ in range(8)]
    at_once(lambda n: carts.merge(guests[n], ANN, UNITED_STATES), 8, threads=8)
    assert units(carts.of_account(ANN)) == {"MUG": 8}


def test_two_devices_that_add_first_share_the_account_s_cart(carts: CartService) -> None:
    at_once(lambda _: fill(carts, ANN, MUG=1), 8, threads=8)
    assert units(carts.of_account(ANN)) == {"MUG": 8}


def test_what_is_added_while_it_is_merged_is_lost_by_nobody(carts: CartService) -> None:
    guest = guest_with(carts, MUG=1)
    ids: list[CartId] = []

    def work(number: int) -> None:
        if number == 3:
            carts.merge(guest, ANN, UNITED_STATES)
        else:
            ids.append(carts.add(guest, PLATE, 1, UNITED_STATES)[0])

    at_once(work, 8, threads=8)
    late = {cart_id for cart_id in ids if cart_id != guest}
    for cart_id in late:
        merged(carts, cart_id)
    assert units(carts.of_account(ANN)) == {"MUG": 1, "PLATE": 7}


def test_stock_and_reasons_clamp_and_no_line_of_the_account_is_lowered(
    carts: CartService, app: Flask, database: Database
) -> None:
    fill(carts, ANN, MUG=8)
    guest = guest_with(carts, MUG=2, PLATE=2)
    service(InventoryService, app).set_on_hand({MUG: 5}, "count")
    database["products"].update_one({"slug": "dune-plate"}, {"$set": {"status": "archived"}})
    receipt = merged(carts, guest)
    assert units(carts.of_account(ANN)) == {"MUG": 8}
    assert [entry.text for entry in receipt.entries] == [
        "Dune Mug: none of 2 added, only 5 left, and you had 8 already.",
        "Dune Plate: not added, no longer sold.",
    ]


def test_a_price_that_changed_before_the_merge_is_told_after_it(
    carts: CartService, database: Database
) -> None:
    guest = guest_with(carts, MUG=1)
    database["products"].update_one(
        {"slug": "dune-mug"}, {"$set": {"variants.0.prices.US.amount": 2500}}
    )
    merged(carts, guest)
    cart = carts.view(account_cart_id(ANN), UNITED_STATES)
    assert "$20.00 to $25.00" in cart.lines[0].notice


def test_saved_lines_come_along(carts: CartService) -> None:
    guest = guest_with(carts, MUG=1, PLATE=3)
    cart = carts.find(guest)
    assert cart is not None
    carts.save(guest, cart.lines[1].id, UNITED_STATES)
    receipt = merged(carts, guest)
    account = carts.of_account(ANN)
    assert account is not None
    assert units(account) == {"MUG": 1}
    assert [(line.sku, line.quantity) for line in account.saved] == [("PLATE", 3)]
    assert [(each.sku, each.saved) for each in receipt.entries] == [("MUG", False), ("PLATE", True)]


def test_nothing_is_nothing_to_merge(carts: CartService, database: Database) -> None:
    guest = guest_with(carts, MUG=1)
    cart = carts.find(guest)
    assert cart is not None
    carts.set_quantity(guest, cart.lines[0].id, 0, UNITED_STATES)
    assert carts.merge(guest, ANN, UNITED_STATES) is None
    assert carts.merge(CartId("cart_unknown"), ANN, UNITED_STATES) is None
    assert carts.merge(account_cart_id(BOB), ANN, UNITED_STATES) is None
    assert carts.of_account(ANN) is None
    assert database["cart_merges"].count_documents({}) == 0


def test_a_cart_in_a_market_that_does_not_sell_it_is_told(
    carts: CartService, catalog: CatalogMaker
) -> None:
    catalog.add(make_product("Lamp", make_variant("LAMP", US=100)))
    receipt = carts.merge(guest_with(carts, LAMP=1), ANN, GERMANY)
    assert receipt is not None
    assert receipt.entries[0].text == "Lamp: not added, not sold in Germany."


# --- apart again --------------------------------------------------------------------------------


def test_undo_gives_both_carts_back(carts: CartService) -> None:
    fill(carts, ANN, MUG=2)
    guest = guest_with(carts, MUG=3, PLATE=1)
    before = carts.of_account(ANN), carts.find(guest)
    receipt = merged(carts, guest)
    at_once(lambda _: carts.undo_merge(receipt.id, ANN), 8, threads=8)
    after = carts.of_account(ANN), carts.find(guest)
    for old, new in zip(before, after, strict=True):
        assert old is not None
        assert new is not None
        assert old.lines == new.lines
    assert after[1] is not None
    assert after[1].apart
    assert carts.merge(guest, ANN, UNITED_STATES) is None


def test_undo_leaves_what_was_changed_since(carts: CartService) -> None:
    fill(carts, ANN, MUG=2)
    guest = guest_with(carts, MUG=3)
    receipt = merged(carts, guest)
    fill(carts, ANN, MUG=1, PLATE=4)
    carts.undo_merge(receipt.id, ANN)
    assert units(carts.of_account(ANN)) == {"MUG": 3, "PLATE": 4}
    assert units(carts.find(guest)) == {"MUG": 3}


def test_a_guest_s_change_makes_a_cart_that_was_set_apart_mergeable_again(
    carts: CartService,
) -> None:
    guest = guest_with(carts, MUG=3)
    carts.undo_merge(merged(carts, guest).id, ANN)
    carts.accept_prices(carts.view(guest, UNITED_STATES))
    assert carts.merge(guest, ANN, UNITED_STATES) is None
    carts.add(guest, PLATE, 1, UNITED_STATES)
    merged(carts, guest)
    assert units(carts.of_account(ANN)) == {"MUG": 3, "PLATE": 1}


def test_somebody_else_cannot_undo_or_close(carts: CartService) -> None:
    receipt = merged(carts, guest_with(carts, MUG=3))
    for call in (carts.undo_merge, carts.close_receipt):
        with pytest.raises(NotFound):
            call(receipt.id, BOB)
    assert carts.open_receipt(ANN) == receipt
    assert units(carts.of_account(ANN)) == {"MUG": 3}


def test_undo_of_a_cart_that_expired_makes_it_anew(carts: CartService, database: Database) -> None:
    guest = guest_with(carts, MUG=3)
    receipt = merged(carts, guest)
    database["carts"].delete_one({"_id": guest})
    carts.undo_merge(receipt.id, ANN)
    cart = carts.find(guest)
    assert units(cart) == {"MUG": 3}
    assert cart is not None
    assert cart.version > receipt.guest_version + 1


# --- dying --------------------------------------------------------------------------------------


_die = partial(die, "tests.support.cart_crash")


@pytest.mark.parametrize("point", MERGING)
def test_merging_dies_and_the_next_request_finishes_it(
    carts: CartService, database: Database, environment: dict[str, str], point: str
) -> None:
    fill(carts, ANN, MUG=1)
    guest = guest_with(carts, MUG=4, PLATE=2)
    _die(environment, point, "merge", guest, ANN)
    merged(carts, guest)
    assert units(carts.of_account(ANN)) == {"MUG": 5, "PLATE": 2}
    assert database["cart_merges"].count_documents({}) == 1


@pytest.mark.parametrize("point", UNDOING)
def test_undoing_dies_and_the_next_request_finishes_it(
    carts: CartService, environment: dict[str, str], point: str
) -> None:
    fill(carts, ANN, MUG=1)
    guest = guest_with(carts, MUG=4, PLATE=2)
    receipt = merged(carts, guest)
    _die(environment, point, "undo", receipt.id, ANN)
    assert carts.open_receipt(ANN) is not None  # offers to undo, or hands the guest's cart back
    carts.undo_merge(receipt.id, ANN)
    assert units(carts.of_account(ANN)) == {"MUG": 1}
    assert units(carts.find(guest)) == {"MUG": 4, "PLATE": 2}


# --- keeping ------------------------------------------------------------------------------------


def test_only_guests_carts_expire(carts: CartService, database: Database) -> None:
    guest = guest_with(carts, MUG=1)
    fill(carts, ANN, MUG=1)
    stored = {each["_id"]: each for each in database["carts"].find({})}
    life = stored[guest]["expires_at"] - now()
    assert timedelta(days=59) < life <= timedelta(days=60)
    assert "expires_at" not in stored[account_cart_id(ANN)]
    merged(carts, guest)
    long_ago = now() - timedelta(days=30)
    database["carts"].update_many({}, {"$set": {"updated_at": long_ago, "expires_at": long_ago}})
    database["carts"].update_one({"_id": account_cart_id(ANN)}, {"$unset": {"expires_at": ""}})
    for cart_id in (guest, account_cart_id(ANN)):
        carts.view(cart_id, UNITED_STATES)
    stored = {each["_id"]: each for each in database["carts"].find({})}
    assert stored[guest]["expires_at"] > now() + timedelta(days=59)
    assert "expires_at" not in stored[account_cart_id(ANN)]


@pytest.mark.usefixtures("schema_put_back")
def test_the_migration_gives_existing_carts_their_end_and_drops_the_old_index(
    carts: CartService, database: Database
) -> None:
    guest = guest_with(carts, MUG=1)
    fill(carts, ANN, MUG=1)
    database["carts"].update_many({}, {"$unset": {"expires_at": ""}})
    database["carts"].create_index("updated_at", expireAfterSeconds=60 * 24 * 3600)
    migration = next(each for each in all_migrations() if each.name.endswith("account_carts"))
    for _ in range(2):
        migration.upgrade(database)
    stored = {each["_id"]: each for each in database["carts"].find({})}
    assert stored[guest]["expires_at"] == stored[guest]["updated_at"] + timedelta(days=60)
    assert "expires_at" not in stored[account_cart_id(ANN)]
    endings = [
        index["key"]
        for index in database["carts"].index_information().values()
        if "expireAfterSeconds" in index
    ]
    assert endings == [[("expires_at", 1)]]


def test_a_guest_s_cart_that_ended_gets_a_new_id(carts: CartService, database: Database) -> None:
    guest = guest_with(carts, MUG=1)
    database["carts"].delete_one({"_id": guest})
    assert carts.add(guest, MUG, 1, UNITED_STATES)[0] != guest


def test_forgetting_an_account_deletes_its_cart_and_receipts(
    carts: CartService, database: Database
) -> None:
    fill(carts, BOB, MUG=1)
    merged(carts, guest_with(carts, MUG=1))
    database.in_transaction(lambda session: carts.forget(ANN, session))
    assert carts.of_account(ANN) is None
    assert carts.open_receipt(ANN) is None
    assert database["cart_merges"].count_documents({}) == 0
    assert units(carts.of_account(BOB)) == {"MUG": 1}


# --- many at once -------------------------------------------------------------------------------


def test_a_cart_is_filled_up_with_an_entry_for_all_that_it_lacked(carts: CartService) -> None:
    fill(carts, ANN, MUG=9)
    wishes = [((PLATE, ()), 2), ((MUG, ()), 12), ((Sku("GONE"), ()), 1), ((PLATE, ()), 1)]
    cart_id, entries = carts.fill_up(account_cart_id(ANN), wishes, UNITED_STATES)
    assert units(carts.find(cart_id)) == {"MUG": 10, "PLATE": 3}
    assert [entry.text for entry in entries] == [
        "Dune Plate: 3 added.",
        "Dune Mug: 1 of 3 added, only 10 left, and you had 9 already.",
        "GONE: not added, no longer sold.",
    ]
    new_id, _ = carts.fill_up(None, wishes, UNITED_STATES)
    assert units(carts.find(new_id)) == {"MUG": 10, "PLATE": 3}
    assert carts.fill_up(new_id, wishes[:1], UNITED_STATES) == (new_id, ())


# --- for later ----------------------------------------------------------------------------------


def test_what_is_put_aside_and_taken_up_at_once_is_there_once(carts: CartService) -> None:
    cart_id = guest_with(carts, MUG=2)
    cart = carts.find(cart_id)
    assert cart is not None
    line_id = cart.lines[0].id
    at_once(lambda _: carts.save(cart_id, line_id, UNITED_STATES), 8, threads=8)
    cart = carts.find(cart_id)
    assert cart is not None
    assert (units(cart), [(line.sku, line.quantity) for line in cart.saved]) == ({}, [("MUG", 2)])
    carts.add(cart_id, MUG, 1, UNITED_STATES)
    at_once(lambda _: carts.take_up(cart_id, line_id, UNITED_STATES), 8, threads=8)
    cart = carts.find(cart_id)
    assert cart is not None
    assert (units(cart), cart.saved) == ({"MUG": 3}, ())


def test_taking_up_more_than_there_is_is_refused(carts: CartService, app: Flask) -> None:
    cart_id = guest_with(carts, MUG=4)
    cart = carts.find(cart_id)
    assert cart is not None
    line_id = LineId(cart.lines[0].id)
    carts.save(cart_id, line_id, UNITED_STATES)
    service(InventoryService, app).set_on_hand({MUG: 3}, "count")
    with pytest.raises(Invalid, match="Only 3 left"):
        carts.take_up(cart_id, line_id, UNITED_STATES)
    cart = carts.find(cart_id)
    assert cart is not None
    assert (cart.lines, len(cart.saved)) == ((), 1)
