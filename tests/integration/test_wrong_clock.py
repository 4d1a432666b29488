"""A clock that was ahead and is put right: nothing waits for what is no more to come."""

from __future__ import annotations

from datetime import timedelta

import time_machine
from flask import Flask

from app.analytics.repository import CounterRepository
from app.catalog.service import CatalogService
from app.checkout.reconciliation import Reconciler
from app.db.database import Database
from app.db.idempotency import Claimed, IdempotencyKeys
from app.db.moments import SKEW, has_passed
from app.db.outbox import Event, Hopeless, Outbox
from app.db.schedules import Schedules
from app.payments.repository import PaymentRepository
from app.recommendations.repository import CompanionCounts
from app.shared.clock import now
from app.shared.ids import OrderId, ProductId
from app.web.registry import service
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.gateways import Sandbox
from tests.support.member import PASSWORD, Member
from tests.support.shopper import Shopper

HOUR = timedelta(hours=1)


def ahead(by: timedelta = HOUR) -> time_machine.travel:
    """The clock of this process, ahead while the block lasts."""
    return time_machine.travel(now() + by, tick=True)


def test_a_moment_further_ahead_than_meant_has_passed() -> None:
    assert has_passed(now(), now())
    assert not has_passed(now() + HOUR, now(), HOUR)
    assert not has_passed(now() + HOUR + SKEW / 2, now(), HOUR)
    assert has_passed(now() + HOUR + 2 * SKEW, now(), HOUR)


def test_a_job_is_due_again_at_once(database: Database) -> None:
    schedules = Schedules(database)
    with ahead():
        assert schedules.take("job", timedelta(seconds=15))
    assert schedules.take("job", timedelta(seconds=15))
    assert not schedules.take("job", timedelta(seconds=15))


def test_events_are_handled_at_once(database: Database) -> None:
    outbox = Outbox(database)
    handled: list[str] = []
    outbox.subscribe("thing", "handler", lambda event: handled.append(event.id))
    later = outbox.publish("thing", {}, delay=timedelta(minutes=10))
    with ahead():
        early = outbox.publish("thing", {})
    assert not outbox.run_one()
    assert outbox.bring_back() == 1
    assert outbox.run_one()
    assert not outbox.run_one()
    assert handled == [early] != [later]


def test_a_form_that_was_being_sent_can_be_sent_again(database: Database) -> None:
    keys = IdempotencyKeys(database)
    with ahead():
        assert isinstance(keys.begin("key", "print"), Claimed)
    assert isinstance(keys.begin("key", "print"), Claimed)


def test_a_payment_is_looked_at_and_captured(
    app: Flask, database: Database, catalog: CatalogMaker, sandbox: Sandbox, shopper: Shopper
) -> None:
    catalog.add(make_product("Mug", make_variant("MUG")))
    shopper.add("MUG")
    shopper.approve(sandbox, shopper.check_out().location, "stripe")
    with ahead():  # a process looks at it and dies before it sends the capture
        moment = now()
    database["payment_attempts"].update_many({}, {"$set": {"updated_at": moment}})
    assert service(Reconciler, app).run().captured == 1
    assert len(sandbox.captures()) == 1


def test_the_fence_of_a_process_that_died_ahead_is_taken(
    app: Flask, database: Database, catalog: CatalogMaker, sandbox: Sandbox, shopper: Shopper
) -> None:
    catalog.add(make_product("Mug", make_variant("MUG")))
    shopper.add("MUG")
    shopper.pay(sandbox)
    payments, lease = PaymentRepository(database), timedelta(seconds=30)
    order = database["orders"].find_one({}) or {}
    database["captures"].update_one({}, {"$set": {"state": "sending", "lease_until": now() + HOUR}})
    capture = payments.find_capture(order["_id"])
    assert capture
    assert payments.take_fence(capture, lease)
    after = payments.find_capture(order["_id"])
    assert after
    assert not payments.take_fence(after, lease)


def test_somebody_who_logged_in_ahead_stays_in(app: Flask, member: Member) -> None:
    with ahead():
        other = Member(app)
        assert other.log_in(PASSWORD).status_code == 303
    assert other.is_in()
    assert other.post("/account/logout", {}).status_code in {303, 307}
    assert member.is_in()


def test_another_machines_clock_a_little_ahead_logs_nobody_out(app: Flask, member: Member) -> None:
    with ahead(timedelta(seconds=5)):
        other = Member(app)
        assert other.log_in(PASSWORD).status_code == 303
    assert other.is_in()


def test_what_was_asked_for_ahead_is_counted_at_once(database: Database) -> None:
    sales, companions = CounterRepository(database), CompanionCounts(database)
    order, product = OrderId("ord_ahead"), ProductId("prd_ahead")
    with ahead():
        sales.ask(f"order:{order}")
        companions.ask(order)
        database.in_transaction(
            lambda session: companions.add((product,), 1, timedelta(seconds=5), session)
        )
    assert sales.asked(5) == [f"order:{order}"]
    assert companions.asked(5) == [order]
    assert [each.product_id for each in companions.due(5)] == [product]


def test_what_was_given_up_ahead_can_be_tried_again(database: Database) -> None:
    outbox, tries = Outbox(database), list[str]()

    def refuse(event: Event) -> None:
        tries.append(event.id)
        if len(tries) == 1:
            raise Hopeless("no such address")

    outbox.subscribe("thing", "handler", refuse)
    with ahead():
        event = outbox.publish("thing", {})
        assert outbox.run_one()
    assert [each.id for each in outbox.given_up(5)] == [event]
    assert outbox.try_again(event)
    assert outbox.run_one()
    assert tries == [event, event]


def test_a_packed_catalog_from_ahead_is_not_used_and_replaced(
    app: Flask, catalog: CatalogMaker
) -> None:
    catalog.add(make_product("Mug", make_variant("MUG")))
    packer = service(CatalogService, app).packer
    packs = packer._packs
    with ahead(timedelta(days=1)):
        packer.pack()
    assert packs.newest() is None
    assert packer.run()
    assert packs.newest() is not None
