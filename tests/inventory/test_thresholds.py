"""Staff are told once of what runs low, until it rises again."""

from __future__ import annotations

import pytest
from flask import Flask

from app.catalog.models import Policy, PolicyKind
from app.catalog.service import CatalogService
from app.db.database import Session
from app.identity.models import Role
from app.identity.service import AccountService
from app.inventory.models import Demand
from app.inventory.thresholds import Thresholds
from app.shared.clock import now
from app.shared.errors import Invalid, NotFound
from app.shared.ids import Sku
from app.web.registry import service
from tests.inventory.conftest import LATER, Warehouse
from tests.support.catalog import CatalogMaker
from tests.support.member import Mailbox

BOSS = "boss@example.com"
PASSWORD = "a-long-enough-password"


@pytest.fixture
def thresholds(app: Flask, catalog: CatalogMaker) -> Thresholds:
    """A shop with one owner, one analyst, and ten mugs."""
    accounts = service(AccountService, app)
    accounts.create_proven(BOSS, PASSWORD, "Boss", Role.OWNER)
    accounts.create_proven("counts@example.com", PASSWORD, "Counts", Role.ANALYST)
    catalog.mug(stock=10)
    return service(Thresholds, app)


def test_the_shops_threshold_is_told_once_until_there_are_more_again(
    warehouse: Warehouse, thresholds: Thresholds, mailbox: Mailbox
) -> None:
    warehouse.hold("first", MUG=4)
    assert mailbox.subjects(BOSS) == []
    warehouse.hold("second", MUG=1)
    warehouse.hold("third", MUG=2)
    assert mailbox.subjects(BOSS) == ["Running low: Dune Mug"]
    body = mailbox.read(BOSS)[-1].get_body(("plain",))
    assert body is not None
    assert "Dune Mug, MUG: 5 left (told at 5)" in body.get_content()
    assert [(each.sku, each.available) for each in thresholds.low()] == [("MUG", 3)]
    warehouse.end("second", sold=False)
    warehouse.end("third", sold=False)
    assert thresholds.low() == []
    warehouse.hold("fourth", MUG=6)
    assert len(mailbox.subjects(BOSS)) == 2
    assert mailbox.subjects("counts@example.com") == []


def test_a_threshold_of_its_own_stands_when_the_shops_changes(
    warehouse: Warehouse, thresholds: Thresholds, mailbox: Mailbox
) -> None:
    thresholds.set_own(Sku("MUG"), 2)
    thresholds.set_shop(50)
    assert thresholds.of_shop() == 50
    assert thresholds.low() == []
    warehouse.hold("order", MUG=7)
    assert mailbox.subjects(BOSS) == []
    thresholds.set_own(Sku("MUG"), None)
    assert [each.low_at for each in thresholds.low()] == [50]
    assert len(mailbox.subjects(BOSS)) == 1
    thresholds.set_shop(1)
    assert thresholds.low() == []
    for wrong in (-1, 10**9):
        with pytest.raises(Invalid):
            thresholds.set_shop(wrong)
    with pytest.raises(NotFound):
        thresholds.set_own(Sku("NOTHING"), 1)


def test_a_roll_back_tells_nobody(
    warehouse: Warehouse, thresholds: Thresholds, mailbox: Mailbox
) -> None:
    demands = [Demand(sku=Sku("MUG"), quantity=9)]

    def work(session: Session) -> None:
        warehouse.stock.hold("order", demands, now() + LATER, session)
        raise KeyError("something went wrong after it")

    with pytest.raises(KeyError):
        warehouse.database.in_transaction(work)
    assert warehouse.shelves("MUG") == {"main": (10, 0)}
    assert thresholds.low() == []
    assert mailbox.subjects(BOSS) == []


def test_what_sells_without_limit_is_never_low(
    app: Flask, warehouse: Warehouse, thresholds: Thresholds, mailbox: Mailbox
) -> None:
    endless = Policy(kind=PolicyKind.BACK_ORDER)
    service(CatalogService, app).selling.set_policy(Sku("MUG"), endless)
    warehouse.hold("order", limited=False, MUG=12)
    assert thresholds.low() == []
    assert mailbox.subjects(BOSS) == []
