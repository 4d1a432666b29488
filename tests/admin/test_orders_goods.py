"""Parcels and returns from the panel."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from flask import Flask

from app.checkout.refund_rules import RefundWish
from app.checkout.refunding import Refunding
from app.fulfilment.models import ReturnState
from app.fulfilment.returns import GoodsReturns
from app.identity.models import Role
from app.inventory.service import InventoryService
from app.orders.models import FulfilmentState
from app.shared.ids import Sku
from app.web.registry import service
from tests.admin.order_desk import Desk, at_once
from tests.support.aftersales import Staff as Packer
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox
from tests.support.shopper import Shopper, soup


@pytest.fixture
def desk(app: Flask, shopper: Shopper, catalog: CatalogMaker, sandbox: Sandbox) -> Desk:
    """Somebody with a paid order of three mugs."""
    shopper.add(catalog.mug(stock=5), 3)
    shopper.pay(sandbox)
    return Desk(app)


def _ship_form(desk: Desk) -> dict[str, str]:
    return desk.form(f"{desk.path}/shipments/new", f"{desk.path}/shipments")


def test_a_form_sent_twice_is_one_parcel(desk: Desk) -> None:
    form = {**_ship_form(desk), "quantity-1": "2", "carrier": "DHL", "tracking": "JD0146"}
    for _ in range(2):
        assert desk.post(f"{desk.path}/shipments", form).status_code == 303
    assert desk.order.shipments == 1
    assert desk.order.units[0].open == 1
    assert "JD0146" in desk.get(desk.path).text
    change = desk.entries(f"order:{desk.order.number}")[-1].changes[0]
    assert change.before is not None
    assert change.after is not None
    assert (change.before["shipments"], change.after["shipments"]) == (0, 1)
    assert change.after["tracking"] == "JD0146"


def test_of_two_admins_at_once_one_ships(app: Flask, desk: Desk) -> None:
    path, other = f"{desk.path}/shipments", Desk(app, Role.SUPPORT)
    forms = [(who, {**_ship_form(who), "quantity-1": "1"}) for who in (desk, other)]
    assert at_once(*(lambda who=w, form=f: who.post(path, form) for w, f in forms)) == [303, 409]
    assert desk.order.shipments == 1
    assert desk.order.units[0].open == 2


def test_whoever_ships_second_sees_what_is_left(desk: Desk) -> None:
    first, second = _ship_form(desk), _ship_form(desk)
    path = f"{desk.path}/shipments"
    assert desk.post(path, {**first, "quantity-1": "1"}).status_code == 303
    answer = desk.post(path, {**second, "quantity-1": "2", "tracking": "TYPED1"})
    assert answer.status_code == 409
    assert "shipped meanwhile" in answer.text
    assert "TYPED1" in answer.text
    assert "of 2" in soup(answer).get_text()
    assert desk.order.shipments == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"quantity-1": "4"},
        {"quantity-1": "0"},
        {"quantity-1": "many"},
        {"quantity-1": "1", "tracking": "?"},
    ],
)
def test_a_parcel_that_cannot_be_is_refused(desk: Desk, fields: dict[str, str]) -> None:
    before = desk.order
    answer = desk.post(f"{desk.path}/shipments", {**_ship_form(desk), "carrier": "Kept", **fields})
    assert answer.status_code == 422
    assert "Kept" in answer.text
    assert desk.order == before
    assert desk.entries(f"order:{before.number}") == []


def test_an_empty_parcel_is_called_that(desk: Desk) -> None:
    answer = desk.send_to(f"{desk.path}/shipments", **{"quantity-1": "0", "seen": "0"})
    assert answer.status_code == 422
    assert "at least one unit" in answer.text
    assert desk.order.shipments == 0


def test_a_parcel_arrives_once(desk: Desk) -> None:
    desk.post(f"{desk.path}/shipments", _ship_form(desk))
    for _ in range(2):
        assert desk.post(f"{desk.path}/shipments/1/delivery", {}).status_code == 303
    assert desk.order.fulfilment is FulfilmentState.DELIVERED
    assert desk.order.delivered == 1
    assert ("Shipment 1 delivered", desk.email) in desk.timeline()
    assert desk.post(f"{desk.path}/shipments/9/delivery", {}).status_code == 404


# --- returns --------------------------------------------------------------------------------------


@pytest.fixture
def asked(app: Flask, desk: Desk) -> str:
    """The number of a return of two of three mugs that were shipped."""
    packer = Packer(app)
    packer.ship()
    return packer.ask({1: 2}).id


def _state(app: Flask, number: str) -> ReturnState:
    return service(GoodsReturns, app).get(number).state


def test_a_return_is_approved_received_and_paid_back_once(
    app: Flask, desk: Desk, asked: str, sandbox: Sandbox
) -> None:
    assert asked in desk.get("/admin/returns").text
    path = f"/admin/returns/{asked}"
    for _ in range(2):
        assert desk.post(f"{path}/approval", {"answer": "Please do"}).status_code == 303
    for _ in range(2):
        answer = desk.post(f"{path}/receipt", {"condition-1": "good"})
        assert answer.status_code == 303, answer.text
    refunds = [each["amount"] for each in sandbox.ledger()["refunds"]]
    assert len(refunds) == 1
    assert desk.order.refunded.minor == refunds[0]
    assert service(InventoryService, app).on_hand([Sku("MUG")])[Sku("MUG")] == 4
    desk.get("/admin/returns")  # reads the messages
    assert asked not in desk.get("/admin/returns").text
    assert asked in desk.get("/admin/returns?state=received").text
    assert asked in desk.get(f"/admin/returns?q={desk.order.number}").text
    entries = desk.entries(f"return:{asked}")
    assert [(e.changes[0].before or {}).get("state") for e in entries][-1] == "requested"
    assert (entries[1].changes[0].after or {})["state"] == "received"
    assert (f"Return {asked} approved", desk.email) in desk.timeline()


@pytest.mark.parametrize("with_shipping", [False, True])
def test_what_is_paid_back_is_shown_before_to_the_cent(
    app: Flask, desk: Desk, asked: str, with_shipping: bool
) -> None:
    path = f"/admin/returns/{asked}"
    desk.post(f"{path}/approval", {})
    page = desk.get(path).text
    goods = re.search(r"Is paid back for these goods</dt><dd>\$([\d.]+)<", page)
    shipping = re.search(r"left of the shipping costs, too: \$([\d.]+)<", page)
    assert goods
    assert shipping
    shown = Decimal(goods[1]) + (Decimal(shipping[1]) if with_shipping else 0)
    desk.post(f"{path}/receipt", {"with_shipping": "y"} if with_shipping else {})
    assert desk.order.refunded.to_major() == shown


def test_what_was_paid_back_before_is_not_promised_again(
    app: Flask, desk: Desk, asked: str
) -> None:
    path = f"/admin/returns/{asked}"
    desk.post(f"{path}/approval", {})
    everything = RefundWish(quantities={1: 3}, shipping=True)
    service(Refunding, app).request(
        desk.order.id, everything, key="k", reason="", restock=False, by="staff"
    )
    page = desk.get(path).text
    assert "Is paid back for these goods</dt><dd>$0.00<" in page
    assert "shipping costs" not in page
    assert ">Receive</button>" in page


def test_damaged_goods_stay_off_the_shelf(app: Flask, desk: Desk, asked: str) -> None:
    desk.post(f"/admin/returns/{asked}/approval", {})
    desk.post(f"/admin/returns/{asked}/receipt", {"condition-1": "damaged"})
    assert _state(app, asked) is ReturnState.RECEIVED
    assert service(InventoryService, app).on_hand([Sku("MUG")])[Sku("MUG")] == 2


def test_a_refusal_needs_words(app: Flask, desk: Desk, asked: str) -> None:
    path = f"/admin/returns/{asked}/refusal"
    assert desk.post(path, {"answer": " "}).status_code == 422
    assert _state(app, asked) is ReturnState.REQUESTED
    assert desk.post(path, {"answer": "Worn"}).status_code == 303
    assert _state(app, asked) is ReturnState.REFUSED
    assert "Worn" in desk.get(f"/admin/returns/{asked}").text


def test_of_two_who_decide_one_decides(app: Flask, desk: Desk, asked: str) -> None:
    other, path = Desk(app, Role.SUPPORT), f"/admin/returns/{asked}"
    statuses = at_once(
        lambda: desk.post(f"{path}/approval", {}),
        lambda: other.post(f"{path}/refusal", {"answer": "No"}),
    )
    assert statuses in ([303, 303], [303, 409])  # approved, then refused, is a way to go
    assert _state(app, asked) in {ReturnState.APPROVED, ReturnState.REFUSED}


def test_what_was_received_is_not_refused(app: Flask, desk: Desk, asked: str) -> None:
    path = f"/admin/returns/{asked}"
    desk.post(f"{path}/approval", {})
    desk.post(f"{path}/receipt", {})
    assert desk.post(f"{path}/refusal", {"answer": "No"}).status_code == 409
    assert _state(app, asked) is ReturnState.RECEIVED


def test_an_unknown_shelf_is_refused(app: Flask, desk: Desk, asked: str, sandbox: Sandbox) -> None:
    path = f"/admin/returns/{asked}"
    desk.post(f"{path}/approval", {})
    answer = desk.post(f"{path}/receipt", {"condition-1": "good", "location": "moon"})
    assert answer.status_code in {404, 422}
    assert _state(app, asked) is ReturnState.APPROVED
    assert sandbox.ledger()["refunds"] == []


def test_the_list_of_returns_goes_on_where_its_page_ended(app: Flask, desk: Desk) -> None:
    packer = Packer(app)
    packer.ship()
    numbers = [packer.ask({1: 1}).id for _ in range(3)]
    goods, seen, place = service(GoodsReturns, app), [], ""
    while True:
        (found, *_) = goods.recent(tuple(ReturnState), 1, place) or [None]
        if found is None:
            break
        seen.append(found.id)
        place = found.place
    assert seen == numbers[::-1]
    assert desk.get("/admin/returns?after=nonsense").status_code == 200
