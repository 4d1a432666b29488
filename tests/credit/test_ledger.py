"""The ledger in the database: any sequence leaves balances that are the sums of their entries."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.credit.errors import CreditChanged, GiftCardRefused, GiftCardSpent, UnknownGiftCard
from app.credit.givebacks import GiveBacks
from app.credit.holds import CreditHolds
from app.credit.models import CreditState, Recipient
from app.db.database import Database, Session
from app.db.errors import DuplicateKeyError, PyMongoError
from app.shared.clock import now
from app.shared.credit import CreditKind, CreditUse
from app.shared.errors import Invalid
from app.shared.ids import CreditId, OrderId, new_id
from app.shared.money import Money
from tests.support.credit import Bank

LATER = timedelta(hours=1)


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def use(credit_id: CreditId, minor: int) -> CreditUse:
    return CreditUse(credit_id=credit_id, kind=CreditKind.GIFT_CARD, last4="", amount=usd(minor))


class Orders:
    """Orders that hold, spend, release and get back credit."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.holds, self.backs = CreditHolds(database), GiveBacks(database)

    def do(self, work: Callable[[Session], object]) -> object:
        return self.database.in_transaction(work)

    def take(self, order: str, *uses: CreditUse, instead_of: tuple[str, ...] = ()) -> None:
        earlier = [OrderId(each) for each in instead_of]
        self.do(lambda s: self.holds.take(OrderId(order), uses, now() + LATER, s, earlier))

    def refund(self, order: str, minor: int) -> bool:
        def work(session: Session) -> bool:
            taken = self.backs.take(OrderId(order), usd(minor), session)
            if taken is None:
                return False
            self.backs.give(OrderId(order), f"{order}:{taken[1]}", taken[0], session)
            return True

        return bool(self.do(work))


@pytest.fixture
def orders(database: Database) -> Orders:
    return Orders(database)


ops = st.lists(
    st.tuples(
        st.sampled_from(("take", "commit", "release", "again", "refund")),
        st.integers(0, 3),
        st.integers(1, 3_000),
    ),
    min_size=5,
    max_size=25,
)


class Book:
    """What the ledger should say of four orders and two cards."""

    def __init__(self, orders: Orders, cards: tuple[CreditId, CreditId]) -> None:
        self.orders, self.cards, self.run = orders, cards, new_id("run")
        self.placed: Counter[str] = Counter()
        self.spent: Counter[str] = Counter()
        self.back: Counter[str] = Counter()

    def play(self, what: str, which: int, minor: int) -> None:
        """Let one thing happen."""
        getattr(self, what)(f"{self.run}:{which}", minor)

    def take(self, order: str, minor: int) -> None:
        first, second = self.cards
        uses = [use(first, minor), *([use(second, minor // 2)] if minor > 1 else [])]
        with suppress(CreditChanged, DuplicateKeyError):
            self.orders.take(order, *uses)
            self.placed[order] = sum(each.amount.minor for each in uses)

    def commit(self, order: str, _: int) -> None:
        self.orders.do(lambda s: self.orders.holds.commit(OrderId(order), s))
        hold = self.orders.database["credit_holds"].find_one({"_id": order})
        if hold and hold["state"] == "committed":
            self.spent[order] = self.placed[order]

    def release(self, order: str, _: int) -> None:
        self.orders.do(lambda s: self.orders.holds.release(OrderId(order), s))

    def again(self, order: str, _: int) -> None:
        with suppress(CreditChanged):
            self.orders.do(lambda s: self.orders.holds.hold_again(OrderId(order), now() + LATER, s))

    def refund(self, order: str, minor: int) -> None:
        fits = minor <= self.spent[order] - self.back[order]
        assert self.orders.refund(order, minor) == fits
        self.back[order] += minor if fits else 0


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ops)
def test_whatever_orders_do_every_cent_is_accounted_for(
    app: Flask, bank: Bank, orders: Orders, sequence: list[tuple[str, int, int]]
) -> None:
    first, second = bank.card(4000)[0], bank.card(1500)[0]
    book = Book(orders, (first, second))
    for step in sequence:
        book.play(*step)
    left = bank.account(first).balance.minor + bank.account(second).balance.minor
    assert left == 5500 - book.spent.total() + book.back.total()
    assert min(*bank.figures(first), *bank.figures(second)) >= 0
    assert bank.is_sound()


def test_the_database_itself_refuses_a_balance_below_nothing(
    database: Database, bank: Bank
) -> None:
    card, _ = bank.card(100)
    with pytest.raises(PyMongoError):
        database["credit_accounts"].update_one({"_id": card}, {"$inc": {"available": -101}})
    assert bank.figures(card) == (100, 0, 100)


def test_a_changed_balance_is_found(database: Database, bank: Bank) -> None:
    card, _ = bank.card(100)
    assert bank.credit.check(now() - LATER) == []
    database["credit_accounts"].update_one({"_id": card}, {"$inc": {"balance": 1, "available": 1}})
    assert [fault.credit_id for fault in bank.credit.check()] == [card]


def test_an_order_takes_all_of_its_credit_or_none(bank: Bank, orders: Orders) -> None:
    full, low = bank.card(1000)[0], bank.card(10)[0]
    with pytest.raises(CreditChanged):
        orders.take("o1", use(full, 500), use(low, 11))
    assert bank.figures(full) == (1000, 0, 1000)
    assert bank.is_sound()


def test_what_an_order_held_goes_to_the_one_that_takes_its_place(
    bank: Bank, orders: Orders
) -> None:
    card, _ = bank.card(1000)
    orders.take("o1", use(card, 900))
    with pytest.raises(CreditChanged):
        orders.take("o2", use(card, 900))
    orders.take("o2", use(card, 900), instead_of=("o1",))
    assert bank.figures(card) == (1000, 900, 100)


def test_disabled_ended_and_foreign_cards_are_not_held(bank: Bank, orders: Orders) -> None:
    disabled, _ = bank.card(1000)
    bank.credit.set_state(disabled, CreditState.DISABLED)
    ended, _ = bank.card(1000, expires_at=now() - LATER)
    euros, _ = bank.card(1000, "EUR")
    for card in (disabled, ended, euros):
        with pytest.raises(CreditChanged):
            orders.take("o1", use(card, 1))
    assert bank.is_sound()


def test_a_card_that_ended_since_still_pays_late_and_a_disabled_one_does_not(
    bank: Bank, orders: Orders
) -> None:
    card, _ = bank.card(1000, expires_at=now() + LATER)
    orders.take("o1", use(card, 600))
    orders.do(lambda s: orders.holds.release(OrderId("o1"), s))
    orders.database["credit_accounts"].update_one({}, {"$set": {"expires_at": now() - LATER}})
    orders.do(lambda s: orders.holds.hold_again(OrderId("o1"), now() + LATER, s))
    assert bank.figures(card) == (1000, 600, 400)
    orders.do(lambda s: orders.holds.release(OrderId("o1"), s))
    bank.credit.set_state(card, CreditState.DISABLED)
    with pytest.raises(CreditChanged):
        orders.do(lambda s: orders.holds.hold_again(OrderId("o1"), now() + LATER, s))
    assert bank.figures(card) == (1000, 0, 1000)


def test_a_late_payment_and_giving_back_at_one_moment_exclude_each_other(
    bank: Bank, orders: Orders
) -> None:
    card, _ = bank.card(1000)
    orders.take("o1", use(card, 600))
    held, looked, tries = threading.Event(), threading.Event(), []

    def pay_late(session: Session) -> None:
        orders.holds.hold_again(OrderId("o1"), now() + LATER, session)
        held.set()
        looked.wait(5)

    def give_back(session: Session) -> None:
        tries.append(orders.database["credit_holds"].find_one({}, session=session))
        looked.set()
        if len(tries) == 1:  # then the order is seen to be alive
            orders.holds.release(OrderId("o1"), session)

    payer = threading.Thread(target=orders.do, args=(pay_late,))
    payer.start()
    held.wait(5)
    orders.do(give_back)
    payer.join()
    assert bank.figures(card) == (1000, 600, 400)


def test_an_ended_or_disabled_card_takes_its_refund_and_has_time_to_be_spent(
    bank: Bank, orders: Orders
) -> None:
    card, _ = bank.card(1000, expires_at=now() + LATER)
    orders.take("o1", use(card, 600))
    orders.do(lambda s: orders.holds.commit(OrderId("o1"), s))
    orders.database["credit_accounts"].update_one({}, {"$set": {"expires_at": now() - LATER}})
    bank.credit.set_state(card, CreditState.DISABLED)
    assert orders.refund("o1", 600)
    account = bank.account(card)
    assert account.balance == usd(1000)
    assert account.expires_at is not None
    assert account.expires_at > now() + timedelta(days=89)
    assert account.state is CreditState.DISABLED


def test_a_card_without_an_end_gets_none_by_a_refund(bank: Bank, orders: Orders) -> None:
    card, _ = bank.card(1000)
    orders.take("o1", use(card, 600))
    orders.do(lambda s: orders.holds.commit(OrderId("o1"), s))
    assert orders.refund("o1", 100)
    assert bank.account(card).expires_at is None


def test_only_a_right_code_says_what_is_wrong_with_its_card(bank: Bank) -> None:
    _, good = bank.card(1000)
    _, euros = bank.card(1000, "EUR")
    _, ended = bank.card(1000, expires_at=now() - LATER)
    disabled, off = bank.card(1000)
    bank.credit.set_state(disabled, CreditState.DISABLED)
    assert bank.credit.usable(good.lower(), "USD").available == usd(1000)
    for code, word in ((euros, "EUR"), (ended, "expired")):
        with pytest.raises(GiftCardRefused, match=word):
            bank.credit.usable(code, "USD")
    for code in (off, "XXXX", good[:-1] + ("A" if good[-1] != "A" else "B")):
        with pytest.raises(UnknownGiftCard):
            bank.credit.usable(code, "USD")


def test_store_credit_is_granted_once_by_a_key_and_never_below_nothing(bank: Bank) -> None:
    account = bank.grant("acc_1", 500)
    for _ in range(2):
        bank.credit.grant("acc_1", usd(250), reason="late", by="Eve", key="case-7")
    assert bank.figures(account) == (750, 0, 750)
    with pytest.raises(Invalid):
        bank.credit.grant("acc_1", usd(-751), reason="", by="Eve")
    assert bank.grant("acc_1", 100, "EUR") != account
    assert bank.is_sound()


def test_a_sold_card_is_taken_back_only_while_it_is_whole(
    database: Database, bank: Bank, orders: Orders
) -> None:
    card, _ = bank.card(1000)
    orders.take("o1", use(card, 1))

    def void() -> None:
        orders.do(
            lambda s: bank.credit.void(card, usd(1000), order_id=OrderId("o"), by="r", session=s)
        )

    with pytest.raises(GiftCardSpent):
        void()
    orders.do(lambda s: orders.holds.release(OrderId("o1"), s))
    void()
    assert bank.figures(card) == (0, 0, 0)
    orders.do(
        lambda s: bank.credit.unvoid(
            card, usd(1000), Recipient(email="to@b.test"), order_id=OrderId("o"), by="r", session=s
        )
    )
    assert bank.figures(card) == (1000, 0, 1000)
    assert bank.is_sound()


def test_first_grants_at_once_open_one_account(bank: Bank) -> None:
    def give(number: int) -> None:
        bank.credit.grant("acc_1", usd(100), reason="", by="Eve", key=str(number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(give, range(8)))
    (account,) = bank.credit.of_account("acc_1")
    assert account.balance == usd(800)
    assert bank.is_sound()
