"""Uses that a late payment takes again: promised ones, while the limits allow it."""

from __future__ import annotations

import threading

import pytest
from flask import Flask

from app.db.database import Database, Session
from app.promotions.errors import PromotionUsedUp
from app.promotions.usage_repository import UsageRepository
from app.shared.clock import now
from app.shared.ids import OrderId
from app.web.registry import service
from tests.promotions.test_usage import ANN, BOB, LATER, Till, use_of
from tests.support.promotions import PromotionMaker


@pytest.fixture
def till(app: Flask) -> Till:
    return Till(service(Database, app))


def test_a_late_payment_gives_a_customer_no_second_use(
    till: Till, promotions: PromotionMaker
) -> None:
    promotion = promotions.add("ONCE", limit_per_customer=1)
    till.take("o1", use_of(promotion, "ONCE"), ANN)
    till.take("o2", use_of(promotion, "ONCE"), BOB)
    till.release("o1")
    with pytest.raises(PromotionUsedUp):  # what Ann gave back is not Bob's
        till.take("o3", use_of(promotion, "ONCE"), BOB)
    till.take("o4", use_of(promotion, "ONCE"), ANN)
    with pytest.raises(PromotionUsedUp):
        till.hold_again("o1")


def test_a_late_payment_is_honoured_though_its_code_was_switched_off(
    till: Till, promotions: PromotionMaker
) -> None:
    promotion = promotions.add("LEAKED", code_limit=1)
    till.take("o1", use_of(promotion, "LEAKED"))
    till.release("o1")
    assert promotions.coupons.switch_code(promotion.id, "LEAKED", active=False)
    with pytest.raises(PromotionUsedUp):
        till.take("o2", use_of(promotion, "LEAKED"))
    till.hold_again("o1")
    assert till.states() == {"held": 1}
    assert not till.database["coupon_codes"].find_one({})["left"]


def test_a_late_payment_is_honoured_though_the_promotion_was_deleted_as_it_was_taken(
    till: Till, promotions: PromotionMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    promotion = promotions.add("GONE")
    is_used = UsageRepository.is_used

    def taken_meanwhile(*args: object) -> bool:
        found = is_used(*args)
        monkeypatch.undo()
        till.take("o1", use_of(promotion, "GONE"))
        return found

    monkeypatch.setattr(UsageRepository, "is_used", taken_meanwhile)
    promotions.service.delete(promotion)
    till.release("o1")
    till.hold_again("o1")
    assert till.states() == {"held": 1}


def test_a_late_payment_and_giving_back_at_one_moment_exclude_each_other(
    till: Till, promotions: PromotionMaker
) -> None:
    till.take("o1", use_of(promotions.add("SAVE", limit_total=1), "SAVE"))
    held, looked, tries = threading.Event(), threading.Event(), []

    def pay_late(session: Session) -> None:
        till.usage.hold_again(OrderId("o1"), now() + LATER, session)
        held.set()
        looked.wait(5)

    def give_back(session: Session) -> None:
        tries.append(till.database["promotion_uses"].find_one({}, session=session))
        looked.set()
        if len(tries) == 1:  # then the order is seen to be alive
            till.usage.release(OrderId("o1"), session)

    payer = threading.Thread(target=till.database.in_transaction, args=(pay_late,))
    payer.start()
    held.wait(5)
    till.database.in_transaction(give_back)
    payer.join()
    assert till.states() == {"held": 1}
