"""Each condition under which a cart, or the receipt of a merge, changes holds by itself."""

from __future__ import annotations

import threading
from dataclasses import replace

from flask import Flask

from app.cart.merge_repository import MergeRepository
from app.cart.models import Cart
from app.cart.repository import CartRepository
from app.cart.service import CartService
from app.db.database import Database, Session
from app.markets.service import UNITED_STATES
from app.shared.clock import now
from app.shared.ids import AccountId, CartId, OrderId, Sku, new_id
from app.web.registry import service
from tests.support.catalog import CatalogMaker

ANN = AccountId("acc_ann")


def test_an_order_binds_itself_to_the_cart_that_was_read_unmerged(database: Database) -> None:
    carts = CartRepository(database)
    read = Cart(id=CartId("cart_1"), lines=(), version=1, updated_at=now())
    assert carts.insert(read)
    assert not carts.insert(read)

    def bind(cart: Cart) -> bool:
        order_id = OrderId(new_id("ord"))
        return database.in_transaction(lambda session: carts.add_holder(cart, order_id, session))

    assert bind(read)
    assert carts.replace(read)
    assert not carts.replace(read)
    assert not bind(read)
    merged = replace(read, version=2, merged_into=CartId("cart_of_ann"))
    assert carts.replace(merged)
    assert not bind(replace(merged, version=3))


def test_a_merge_is_undone_once_and_never_after_it_was_ordered(
    app: Flask, catalog: CatalogMaker, database: Database
) -> None:
    catalog.mug(stock=5)
    carts, merges = service(CartService, app), MergeRepository(database)

    def merged() -> str:
        guest = carts.add(None, Sku("MUG"), 1, UNITED_STATES)[0]
        receipt = carts.merge(guest, ANN, UNITED_STATES)
        assert receipt
        assert carts.merge(guest, ANN, UNITED_STATES) == receipt
        assert carts.merge(guest, AccountId("acc_bob"), UNITED_STATES) is None
        return receipt.id

    def undo(receipt_id: str) -> bool:
        return database.in_transaction(lambda s: merges.mark_undone(receipt_id, 7, s))

    undone, ordered = merged(), merged()
    assert undo(undone)
    assert not undo(undone)
    database.in_transaction(lambda session: merges.mark_ordered(ordered, session))
    assert not undo(ordered)
    merges.close(undone)
    before = merges.find(undone)
    merges.close(undone)
    assert merges.find(undone) == before


def test_an_order_and_a_late_payment_of_the_same_goods_exclude_each_other(
    database: Database,
) -> None:
    carts, cart = (
        CartRepository(database),
        Cart(id=CartId("cart_1"), lines=(), version=1, updated_at=now()),
    )
    assert carts.insert(cart)
    barred, looked, tries = threading.Event(), threading.Event(), []

    def revive(session: Session) -> None:
        carts.bar(cart.id, session)
        barred.set()
        looked.wait(5)

    def place(session: Session) -> bool:
        tries.append(carts.find(cart.id, session))
        looked.set()
        return carts.add_holder(cart, OrderId("ord_1"), session)

    payer = threading.Thread(target=database.in_transaction, args=(revive,))
    payer.start()
    barred.wait(5)
    assert database.in_transaction(place)
    payer.join()
    assert len(tries) > 1  # so it looks for the other's order again
