"""Parcels leave where the order's stock was held, and what comes back goes there again."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from pypdf import PdfReader

from app.catalog.models import Policy, PolicyKind
from app.checkout.audit import Audit, Difference
from app.checkout.refund_rules import RefundWish
from app.checkout.settlement import Settlement
from app.db.database import Database
from app.inventory.errors import UnknownLocation
from app.inventory.models import LocationCode
from app.orders.models import OrderState
from app.shared.ids import Sku
from app.web.registry import service
from tests.inventory.conftest import Warehouse
from tests.support.aftersales import Staff
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.gateways import Sandbox
from tests.support.shopper import Shopper


@pytest.fixture
def staff(
    app: Flask, warehouse: Warehouse, catalog: CatalogMaker, shopper: Shopper, sandbox: Sandbox
) -> Staff:
    """A paid order of three mugs, of which two came from main and one from east, and a bowl."""
    catalog.mug(stock=2)
    catalog.add(make_product("Bowl", make_variant("BOWL")), stock=0)
    warehouse.fill("MUG", east=1)
    warehouse.fill("BOWL", east=4)
    shopper.add("MUG", 3)
    shopper.add("BOWL", 1)
    shopper.pay(sandbox)
    assert (warehouse.shelves("MUG"), warehouse.shelves("BOWL")) == ({}, {"east": (3, 0)})
    return Staff(app)


def _slip(app: Flask, number: str, file: Path, *more: str) -> str:
    result = app.test_cli_runner().invoke(args=["orders", "packing-slip", number, str(file), *more])
    assert result.exit_code == 0, result.output
    pages = PdfReader(BytesIO(file.read_bytes())).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def _from(staff: Staff, number: int) -> list[tuple[int, str, int]]:
    shipment = staff.shipping.of_order(staff.order.id)[number - 1]
    return [(each.position, each.location, each.quantity) for each in shipment.places]


def test_each_parcel_says_where_its_units_lie(app: Flask, staff: Staff, tmp_path: Path) -> None:
    number = staff.order.number
    whole = _slip(app, number, tmp_path / "whole.pdf")
    assert "2 × Main warehouse; 1 × East hall" in whole
    runner = app.test_cli_runner()
    shipped = runner.invoke(args=["orders", "fulfil", number, "--line", "MUG=1"])
    assert "from main" in shipped.output
    staff.ship()
    assert _from(staff, 1) == [(1, "main", 1)]
    assert sorted(_from(staff, 2)) == [(1, "east", 1), (1, "main", 1), (2, "east", 1)]
    first = _slip(app, number, tmp_path / "first.pdf", "--shipment", "1")
    assert "Main warehouse" in first
    assert "East hall" not in first


def test_a_cancelled_order_goes_back_to_where_it_was(staff: Staff, warehouse: Warehouse) -> None:
    for _ in range(2):
        staff.cancelling.cancel(staff.order.id)
    assert warehouse.shelves("MUG") == {"main": (2, 0), "east": (1, 0)}
    assert warehouse.shelves("BOWL") == {"east": (4, 0)}
    assert warehouse.problems() == []


def test_what_is_paid_back_and_put_back_is_not_picked_there(
    staff: Staff, warehouse: Warehouse
) -> None:
    wish = RefundWish(quantities={1: 1})
    staff.refunding.request(
        staff.order.id, wish, key="once", reason="sorry", restock=True, by="staff"
    )
    assert warehouse.shelves("MUG") == {"main": (1, 0)}
    staff.ship()
    assert sorted(_from(staff, 1)) == [(1, "east", 1), (1, "main", 1), (2, "east", 1)]


def test_a_return_goes_where_it_left_or_where_it_is_said(
    staff: Staff, warehouse: Warehouse
) -> None:
    staff.ship()
    for units, location in (({1: 2}, None), ({1: 1}, LocationCode("main")), ({2: 1}, None)):
        asked = staff.ask(units)
        staff.returns.approve(asked.id)
        if location:
            with pytest.raises(UnknownLocation):
                staff.returns.receive(asked.id, restock=units, location=LocationCode("moon"))
        staff.returns.receive(asked.id, restock=units, location=location)
    assert warehouse.shelves("MUG") == {"main": (3, 0)}
    assert warehouse.shelves("BOWL") == {"east": (4, 0)}
    assert warehouse.problems() == []


def test_an_unpaid_order_gives_its_places_back(
    app: Flask,
    warehouse: Warehouse,
    catalog: CatalogMaker,
    shopper: Shopper,
    sandbox: Sandbox,
    database: Database,
) -> None:
    catalog.mug(stock=1)
    warehouse.fill("MUG", east=1)
    shopper.add("MUG", 2)
    assert shopper.check_out().status_code == 303
    assert warehouse.shelves("MUG") == {"main": (1, 1), "east": (1, 1)}
    order = Staff(app).order
    assert service(Settlement, app).cancel(order, "Not paid in time")
    assert warehouse.shelves("MUG") == {"main": (1, 0), "east": (1, 0)}


def test_the_audit_looks_at_locations_too(app: Flask, staff: Staff, database: Database) -> None:
    assert service(Audit, app).run() == []
    database["stock_levels"].update_one({"_id": "BOWL"}, {"$inc": {"at.east.on_hand": -1}})
    (found,) = service(Audit, app).run()
    assert (found.difference, found.mended) == (Difference.STOCK, False)
    assert found.payment_id == "BOWL at east: on hand is 2, should be 3"


@pytest.fixture
def early(
    app: Flask, warehouse: Warehouse, catalog: CatalogMaker, shopper: Shopper, sandbox: Sandbox
) -> Staff:
    """A paid order of five mugs, of which three are yet to come."""
    policy = Policy(kind=PolicyKind.BACK_ORDER, limit=10, days=21)
    catalog.add(make_product("Mug", replace(make_variant("MUG"), policy=policy)), stock=2)
    shopper.add("MUG", 5)
    shopper.pay(sandbox)
    assert warehouse.shelves("MUG") == {"main": (0, 3)}
    return Staff(app)


def test_what_was_paid_for_early_is_not_sold_again_when_it_comes(
    app: Flask, early: Staff, warehouse: Warehouse, tmp_path: Path
) -> None:
    early.ship({1: 2})
    assert warehouse.shelves("MUG") == {"main": (0, 3)}
    assert "Not here yet: 3 × Mug." in _slip(app, early.order.number, tmp_path / "slip.pdf")
    for _ in range(2):  # however often it is counted, or imported
        warehouse.fill("MUG", main=10)
        warehouse.stock.set_on_hand({Sku("MUG"): 10}, "import")
        assert warehouse.shelves("MUG") == {"main": (10, 3)}
    early.ship({1: 1})
    assert warehouse.shelves("MUG") == {"main": (9, 2)}
    early.ship()
    assert warehouse.shelves("MUG") == {"main": (7, 0)}
    assert warehouse.problems() == []


@pytest.mark.parametrize("restock", [True, False])
def test_what_is_paid_back_before_it_comes_is_owed_no_more(
    early: Staff, warehouse: Warehouse, restock: bool
) -> None:
    early.ship({1: 2})
    wish = RefundWish(quantities={1: 2})
    early.refunding.request(
        early.order.id, wish, key="once", reason="sorry", restock=restock, by="staff"
    )
    assert warehouse.shelves("MUG") == {"main": (0, 1)}
    early.ship()
    assert warehouse.shelves("MUG") == {"main": (-1, 0)}  # sent although nobody counted it
    asked = early.ask({1: 1})
    early.returns.approve(asked.id)
    early.returns.receive(asked.id, restock=(1,))
    assert warehouse.shelves("MUG") == {}
    assert warehouse.problems() == []


def test_a_cancelled_order_is_owed_nothing(early: Staff, warehouse: Warehouse) -> None:
    early.cancelling.cancel(early.order.id)
    assert warehouse.shelves("MUG") == {"main": (2, 0)}
    assert warehouse.problems() == []


def test_an_order_whose_money_went_back_as_an_amount_is_owed_nothing(
    early: Staff, warehouse: Warehouse
) -> None:
    wish = RefundWish(quantities={}, amount=early.order.totals.total)
    early.refunding.request(
        early.order.id, wish, key="once", reason="sorry", restock=False, by="staff"
    )
    assert early.order.state is OrderState.REFUNDED
    assert warehouse.shelves("MUG") == {}  # nothing is kept for what is never sent
