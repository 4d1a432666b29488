"""Uses are held, counted and given back; no limit is ever exceeded, whoever comes at once."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from app.db.database import Database
from app.db.errors import DuplicateKeyError
from app.promotions.errors import PromotionChanged, PromotionUsedUp
from app.promotions.kinds import Level
from app.promotions.models import Customer, Promotion, Reduction
from app.promotions.usage import UsageService
from app.shared.clock import now
from app.shared.ids import AccountId, OrderId, PromotionId
from app.web.registry import service
from tests.support.processes import CONTEXT
from tests.support.promotions import PromotionMaker

LATER = timedelta(minutes=30)
ANN = Customer(account_id=AccountId("acc_ann"), emails=("ann@example.com",))
BOB = Customer(emails=("bob@example.com",))


def use_of(promotion: Promotion, code: str = "") -> Reduction:
    """The promotion as a cart was priced with it."""
    return Reduction(
        promotion_id=promotion.id, revision=promotion.revision, name=promotion.name, code=code,
        level=Level.ORDER, amounts={"line": 100},
    )  # fmt: skip


class Till:
    """Takes and gives back, each in a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.usage = UsageService(database)

    def take(
        self,
        order: str,
        use: Reduction,
        customer: Customer = BOB,
        instead_of: Sequence[OrderId] = (),
    ) -> None:
        self.database.in_transaction(
            lambda session: self.usage.take(
                OrderId(order), [use], customer, now() + LATER, session, instead_of
            )
        )

    def release(self, order: str) -> None:
        self.database.in_transaction(lambda s: self.usage.release(OrderId(order), s))

    def commit(self, order: str) -> None:
        self.database.in_transaction(lambda s: self.usage.commit(OrderId(order), s))

    def hold_again(self, order: str) -> None:
        self.database.in_transaction(
            lambda s: self.usage.hold_again(OrderId(order), now() + LATER, s)
        )

    def states(self) -> Counter[str]:
        return Counter(str(use["state"]) for use in self.database["promotion_uses"].find({}))

    def left(self, promotion: Promotion) -> int:
        counter = self.database["promotion_counters"].find_one({"_id": promotion.id})
        assert counter
        return int(counter["left"])


@pytest.fixture
def till(app: Flask) -> Till:
    return Till(service(Database, app))


def test_a_use_is_held_given_back_and_taken_again(till: Till, promotions: PromotionMaker) -> None:
    promotion = promotions.add("TWO", limit_total=2, limit_per_customer=1)
    till.take("o1", use_of(promotion, "TWO"), ANN)
    assert till.left(promotion) == 1
    for _ in range(2):
        till.release("o1")
        assert till.left(promotion) == 2
    assert till.database["promotion_slots"].count_documents({}) == 0
    for _ in range(2):
        till.hold_again("o1")
        assert till.left(promotion) == 1
    for _ in range(2):
        till.commit("o1")
    till.release("o1")  # what is paid is not given back
    assert till.states() == {"committed": 1}
    assert till.left(promotion) == 1


def test_the_limit_of_a_promotion_counts_over_all_its_codes(
    till: Till, promotions: PromotionMaker
) -> None:
    promotion = promotions.add("AAA", "BBB", limit_total=1)
    till.take("o1", use_of(promotion, "AAA"))
    with pytest.raises(PromotionUsedUp):
        till.take("o2", use_of(promotion, "BBB"), ANN)
    assert till.states() == {"held": 1}


def test_a_single_use_code_is_used_once_and_its_sisters_still_are(
    till: Till, promotions: PromotionMaker
) -> None:
    promotion = promotions.add("FIRST")
    codes = promotions.make_codes(promotion, 3, prefix="gift", name="spring")
    assert len(set(codes)) == 3
    assert all(code.startswith("GIFT-") for code in codes)
    till.take("o1", use_of(promotion, codes[0]))
    with pytest.raises(PromotionUsedUp):
        till.take("o2", use_of(promotion, codes[0]), ANN)
    till.take("o3", use_of(promotion, codes[1]))
    till.release("o1")
    till.take("o4", use_of(promotion, codes[0]), ANN)


@pytest.mark.parametrize(
    "other",
    [
        Customer(account_id=ANN.account_id, emails=("new@example.com",)),
        Customer(emails=ANN.emails),
        Customer(account_id=AccountId("acc_other"), emails=ANN.emails),
    ],
    ids=["the account", "a guest with the address", "another account with the address"],
)
def test_once_per_customer_is_once_by_account_and_by_address(
    till: Till, promotions: PromotionMaker, other: Customer
) -> None:
    promotion = promotions.add("ONCE", limit_per_customer=1)
    till.take("o1", use_of(promotion, "ONCE"), ANN)
    with pytest.raises(PromotionUsedUp):
        till.take("o2", use_of(promotion, "ONCE"), other)
    till.take("o3", use_of(promotion, "ONCE"), BOB)
    till.release("o1")
    till.take("o4", use_of(promotion, "ONCE"), other)


def test_twice_per_customer_is_twice(till: Till, promotions: PromotionMaker) -> None:
    promotion = promotions.add("TWICE", limit_per_customer=2)
    till.take("o1", use_of(promotion, "TWICE"))
    till.take("o2", use_of(promotion, "TWICE"))
    with pytest.raises(PromotionUsedUp):
        till.take("o3", use_of(promotion, "TWICE"))
    till.release("o1")
    till.take("o4", use_of(promotion, "TWICE"))


def test_a_new_order_takes_over_what_the_withdrawn_one_holds(
    till: Till, promotions: PromotionMaker
) -> None:
    promotion = promotions.add("LAST", limit_total=1, limit_per_customer=1, code_limit=1)
    till.take("o1", use_of(promotion, "LAST"), ANN)
    till.take("o2", use_of(promotion, "LAST"), ANN, instead_of=[OrderId("o1")])
    assert till.left(promotion) == 0
    assert till.states() == {"released": 1, "held": 1}
    with pytest.raises(PromotionUsedUp):
        till.hold_again("o1")
    till.release("o2")
    till.hold_again("o1")


def test_a_late_payment_finds_the_promotion_used_up_and_nothing_is_written(
    till: Till, promotions: PromotionMaker
) -> None:
    promotion = promotions.add("LAST", limit_total=1)
    till.take("o1", use_of(promotion, "LAST"))
    till.release("o1")
    till.take("o2", use_of(promotion, "LAST"), ANN)
    with pytest.raises(PromotionUsedUp):
        till.hold_again("o1")
    assert till.states() == {"released": 1, "held": 1}


def test_a_late_payment_is_honoured_though_the_promotion_has_ended(
    till: Till, promotions: PromotionMaker
) -> None:
    promotion = promotions.add("OVER", limit_total=1)
    till.take("o1", use_of(promotion, "OVER"))
    till.release("o1")
    promotions.end(promotion)
    till.hold_again("o1")
    assert till.left(promotion) == 0


def test_what_was_changed_switched_off_or_ended_since_it_was_priced_is_not_taken(
    till: Till, promotions: PromotionMaker
) -> None:
    promotion = promotions.add("SAVE")
    changed = promotions.service.change(replace(promotion, name="Other"))
    with pytest.raises(PromotionChanged):
        till.take("o1", use_of(promotion, "SAVE"))
    till.take("o1", use_of(changed, "SAVE"))
    off = promotions.service.switch(promotion.id, active=False)
    with pytest.raises(PromotionChanged):
        till.take("o2", use_of(off, "SAVE"))
    ended = promotions.end(promotions.service.switch(promotion.id, active=True))
    with pytest.raises(PromotionChanged):
        till.take("o3", use_of(ended, "SAVE"))
    coming = promotions.add("SOON", starts_at=now() + LATER)
    with pytest.raises(PromotionChanged):
        till.take("o4", use_of(coming, "SOON"))
    assert till.states() == {"held": 1}


def test_a_code_unlocks_its_own_promotion_alone(till: Till, promotions: PromotionMaker) -> None:
    promotion = promotions.add("OWN")
    promotions.add("OTHER")
    with pytest.raises(PromotionUsedUp):
        till.take("o1", use_of(promotion, "OTHER"))


@pytest.mark.parametrize("now_is", [{"used": 0, "left": 1}, {"used": 1, "left": None}])
def test_what_was_not_counted_against_a_limit_is_not_given_back_to_it(
    till: Till, promotions: PromotionMaker, now_is: dict[str, int | None]
) -> None:
    promotion = promotions.add("SAVE", limit_total=2, code_limit=2)
    till.take("o1", use_of(promotion, "SAVE"))
    codes = till.database["coupon_codes"]
    codes.update_one({"_id": "SAVE"}, {"$set": now_is})  # as if it was made anew meanwhile
    till.release("o1")
    code = codes.find_one({"_id": "SAVE"})
    assert code
    assert {name: code[name] for name in now_is} == now_is
    assert till.left(promotion) == 2


def test_a_limit_that_is_lowered_or_raised_counts_what_was_used(
    till: Till, promotions: PromotionMaker
) -> None:
    promotion = promotions.add("SAVE")
    for number in range(3):
        till.take(f"o{number}", use_of(promotion, "SAVE"))
    promotion = promotions.service.change(replace(promotion, limit_total=2))
    assert till.left(promotion) == -1
    till.release("o0")
    with pytest.raises(PromotionUsedUp):
        till.take("o4", use_of(promotion, "SAVE"))
    promotion = promotions.service.change(replace(promotion, limit_total=3))
    till.take("o4", use_of(promotion, "SAVE"))
    assert till.left(promotion) == 0


# --- at once --------------------------------------------------------------------------------------


def _try_many(
    uri: str,
    numbers: range,
    use: Reduction,
    one_customer: bool,
    results: multiprocessing.Queue[str],
) -> None:
    """One process's share of the tries, some of which are given back and tried again."""
    till = Till(Database(uri))
    for number in numbers:
        customer = ANN if one_customer else Customer(emails=(f"{number}@example.com",))
        results.put(_try(till, f"order-{number}", use, customer, again=number % 10 == 0))
    till.database.close()


def _try(till: Till, order: str, use: Reduction, customer: Customer, *, again: bool) -> str:
    for _ in range(100):
        try:
            till.take(order, use, customer)
        except PromotionUsedUp:
            return "refused"
        except DuplicateKeyError:
            continue  # as ``Placing`` does
        if not again:
            till.commit(order)
            return "taken"
        till.release(order)
        again = False
        order = f"{order}-again"
    raise AssertionError("another was always faster")


def _race(
    environment: dict[str, str], tries: int, use: Reduction, *, one_customer: bool = False
) -> Counter[str]:
    results = CONTEXT.Queue()
    share = tries // 4
    crowd = [
        CONTEXT.Process(
            target=_try_many,
            args=(environment["MONGODB_URI"], range(n * share, (n + 1) * share), use, one_customer, results),
        )
        for n in range(4)
    ]  # fmt: skip
    for each in crowd:
        each.start()
    outcomes = Counter(results.get(timeout=200) for _ in range(tries))
    for each in crowd:
        each.join(30)
    return outcomes


@pytest.mark.timeout(300)
def test_fifty_uses_are_used_fifty_times_by_five_hundred_tries_of_four_processes(
    environment: dict[str, str], till: Till, promotions: PromotionMaker
) -> None:
    promotion = promotions.add("FIFTY", limit_total=50, limit_per_customer=1)
    outcomes = _race(environment, 500, use_of(promotion, "FIFTY"))
    assert outcomes == {"taken": 50, "refused": 450}
    assert till.left(promotion) == 0
    assert till.states()["committed"] == 50
    assert till.database["promotion_slots"].count_documents({}) == 50


@pytest.mark.timeout(200)
def test_one_customer_at_once_from_four_processes_gets_one_use(
    environment: dict[str, str], till: Till, promotions: PromotionMaker
) -> None:
    promotion = promotions.add("ONCE", limit_per_customer=1)
    outcomes = _race(environment, 40, use_of(promotion, "ONCE"), one_customer=True)
    assert outcomes == {"taken": 1, "refused": 39}
    assert till.database["promotion_slots"].count_documents({}) == 2  # the account, the address


def test_a_code_of_nobody_is_no_use(till: Till) -> None:
    ghost = Reduction(
        promotion_id=PromotionId("prm_none"), revision=1, name="Ghost", code="", level=Level.ORDER
    )
    with pytest.raises(PromotionChanged):
        till.take("o1", ghost)
