"""Money from the panel: refunds with a preview, cancelling, capturing. The gateways' ledger judges."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import requests
from flask import Flask

from app.checkout.refund_rules import RefundWish
from app.checkout.refunding import Refunding
from app.db.database import Database, Document
from app.identity.models import Role
from app.inventory.service import InventoryService
from app.orders.models import OrderState
from app.shared.ids import Sku
from app.web.registry import service
from app.worker import Worker
from tests.admin.order_desk import Desk, agreed, at_once
from tests.support.catalog import CatalogMaker
from tests.support.credit import Bank
from tests.support.gateways import Sandbox
from tests.support.shopper import Shopper, soup


@pytest.fixture
def desk(app: Flask, shopper: Shopper, catalog: CatalogMaker, sandbox: Sandbox) -> Desk:
    """Somebody with a paid order of two mugs: 40.00, tax 2.90, shipping 6.00."""
    shopper.add(catalog.mug(stock=5), 2)
    shopper.pay(sandbox)
    return Desk(app)


def _given_back(sandbox: Sandbox) -> list[int]:
    refunds = sandbox.ledger()["refunds"]
    return sorted(each["amount"] for each in refunds if each["status"] != "failed")


def _money(database: Database) -> list[Document]:
    """Everything that a preview must leave alone."""
    names = ("orders", "captures", "refunds", "order_events", "credit_accounts", "stock_levels")
    return [each for name in names for each in database[name].find()]


def test_a_preview_shows_the_exact_amounts_and_changes_nothing(
    desk: Desk, database: Database, sandbox: Sandbox
) -> None:
    before = _money(database)
    seen = desk.send_to(
        f"{desk.path}/refunds", **{"quantity-1": "1", "shipping": "y", "do": "preview"}
    )
    assert seen.status_code == 200
    preview = soup(seen).select_one("#preview")
    assert preview is not None
    text = " ".join(preview.get_text(" ").split())
    for wanted in ("$20.00", "$1.45", "$21.45", "$6.00", "$27.45", "Through Stripe"):
        assert wanted in text
    first = soup(seen).select("#main form button[type=submit]")[0]  # what the enter key presses
    assert first["value"] == "preview"
    assert _money(database) == before
    assert _given_back(sandbox) == []
    assert desk.entries(f"order:{desk.order.number}") == []


def test_a_refund_is_paid_back_once_however_often_it_is_sent(
    app: Flask, desk: Desk, sandbox: Sandbox
) -> None:
    fields = {"key": str(uuid4()), "quantity-1": "1", "restock": "y", "reason": "Chipped"}
    seen = desk.send_to(f"{desk.path}/refunds", **fields)
    sent = {**fields, "agreed": agreed(seen), "do": "refund"}
    for _ in range(3):
        assert desk.send_to(f"{desk.path}/refunds", **sent).status_code == 303
    assert _given_back(sandbox) == [2145]
    assert desk.order.refunded.minor == 2145
    assert service(InventoryService, app).on_hand([Sku("MUG")])[Sku("MUG")] == 4
    change = desk.entries(f"order:{desk.order.number}")[-1].changes[0]
    assert change.before is not None
    assert change.after is not None
    assert (change.before["refunded"], change.after["refunded"]) == ("0.00", "21.45")
    assert change.after["amount"] == "21.45"
    assert f"Refund of $21.45 requested by {desk.email}" in [said for said, _ in desk.timeline()]


def test_a_double_click_at_the_same_moment_is_one_refund(desk: Desk, sandbox: Sandbox) -> None:
    fields = {"key": str(uuid4()), "quantity-1": "1"}
    sent = {**fields, "agreed": agreed(desk.send_to(f"{desk.path}/refunds", **fields))}
    path, twins = f"{desk.path}/refunds", [desk.twin() for _ in range(3)]
    assert at_once(*(lambda twin=twin: twin.post(path, sent) for twin in twins)) == [303] * 3
    assert _given_back(sandbox) == [2145]


def test_of_two_admins_at_once_one_pays_back(app: Flask, desk: Desk, sandbox: Sandbox) -> None:
    other, path = Desk(app, Role.MANAGER), f"{desk.path}/refunds"
    forms = []
    for who in (desk, other):
        fields = {"key": str(uuid4()), "quantity-1": "1"}
        forms.append((who, {**fields, "agreed": agreed(who.send_to(path, **fields))}))
    assert at_once(*(lambda who=w, form=f: who.post(path, form) for w, f in forms)) == [303, 409]
    assert _given_back(sandbox) == [2145]


def test_whoever_comes_second_sees_the_new_amounts_and_what_they_typed(
    app: Flask, desk: Desk, sandbox: Sandbox
) -> None:
    fields = {"key": str(uuid4()), "quantity-1": "1", "reason": "Mine"}
    first = agreed(desk.send_to(f"{desk.path}/refunds", **fields))
    wish = RefundWish(quantities={1: 1})
    service(Refunding, app).request(
        desk.order.id, wish, key="other", reason="", restock=False, by="Eve"
    )
    answer = desk.send_to(f"{desk.path}/refunds", agreed=first, **fields)
    assert answer.status_code == 409
    assert "paid back meanwhile" in answer.text
    assert "Mine" in answer.text
    assert _given_back(sandbox) == [2145]
    again = desk.send_to(f"{desk.path}/refunds", agreed=agreed(answer), **fields)
    assert again.status_code == 303
    assert _given_back(sandbox) == [2145, 2145]


@pytest.mark.parametrize(
    ("fields", "beside"),
    [
        ({"quantity-1": "3"}, "quantity-1"),
        ({"quantity-1": "-1"}, "quantity-1"),
        ({"amount": "48.91"}, "amount"),
        ({"amount": "1.234"}, "amount"),
        ({"amount": "lots"}, "amount"),
        ({"amount": "-5"}, "amount"),
        ({}, "amount"),
    ],
)
def test_a_refund_that_cannot_be_is_refused_beside_its_field(
    desk: Desk, sandbox: Sandbox, database: Database, fields: dict[str, str], beside: str
) -> None:
    before = _money(database)
    answer = desk.send_to(f"{desk.path}/refunds", reason="Kept", **fields)
    assert answer.status_code == 422
    assert soup(answer).select_one(f"#{beside}-error") is not None
    assert "Kept" in answer.text
    assert _money(database) == before


def test_a_refund_needs_its_key_and_what_was_seen(desk: Desk, sandbox: Sandbox) -> None:
    assert desk.post(f"{desk.path}/refunds", {"quantity-1": "1"}).status_code == 422
    unseen = desk.send_to(f"{desk.path}/refunds", **{"quantity-1": "1", "do": "refund"})
    assert unseen.status_code == 200
    assert _given_back(sandbox) == []


def test_everything_that_is_left_is_filled_in(desk: Desk, sandbox: Sandbox) -> None:
    form = desk.form(f"{desk.path}/refunds/new?all=1", f"{desk.path}/refunds")
    assert (form["quantity-1"], form["amount"]) == ("2", "48.90")
    assert desk.refund(**form).status_code == 303
    assert _given_back(sandbox) == [4890]
    assert desk.order.state is OrderState.REFUNDED
    page = soup(desk.get(f"{desk.path}/refunds/new"))
    assert page.select_one("main .admin-empty") is not None
    assert page.select_one("main form") is None


def test_goodwill_is_an_amount_without_units(desk: Desk, sandbox: Sandbox) -> None:
    assert desk.refund(amount="5.00").status_code == 303
    assert _given_back(sandbox) == [500]
    assert desk.order.units[0].open == 2


def test_an_amount_leaves_gift_cards_good_and_the_preview_says_so(
    app: Flask, shopper: Shopper, sandbox: Sandbox
) -> None:
    Bank(app).product(2500)
    shopper.add("GIFT-2500", 2)
    form = shopper.checkout_form()
    form.pop("shipping_method", None)
    shopper.come_back(sandbox, shopper.client.post("/checkout", data=form).location, "stripe")
    desk, said = Desk(app), "The gift cards of this order stay good"
    path = f"{desk.path}/refunds"
    assert said in desk.send_to(path, amount="10.00").text
    units = desk.send_to(path, **{"quantity-1": "1"})
    assert "taken back: $25.00" in units.text
    assert said not in units.text
    for _ in range(2):
        assert desk.refund(**{"quantity-1": "1", "amount": "24.00"}).status_code == 303
    assert said not in desk.send_to(path, amount="1.00").text  # none is good any more


# --- cancelling -----------------------------------------------------------------------------------


@pytest.mark.parametrize("restock", [True, False])
def test_a_paid_order_is_cancelled_with_all_of_its_money(
    app: Flask, desk: Desk, sandbox: Sandbox, restock: bool
) -> None:
    path = f"{desk.path}/cancellation"
    fields = {"reason": "Sold out", **({"restock": "y"} if restock else {})}
    for _ in range(2):
        assert desk.post(path, fields).status_code == 303
    assert _given_back(sandbox) == [4890]
    assert desk.order.withdrawn
    assert desk.order.state is OrderState.REFUNDED
    on_hand = service(InventoryService, app).on_hand([Sku("MUG")])[Sku("MUG")]
    assert on_hand == (5 if restock else 3)
    assert ("Cancelled by the shop", desk.email) in desk.timeline()
    first = desk.entries(f"order:{desk.order.number}")[-1]
    assert first.note == "Sold out"
    assert first.changes[0].before is not None
    assert first.changes[0].before["withdrawn"] is False


def test_whose_order_the_shop_cancels_is_told_so_and_what_is_left_to_go_back(
    app: Flask, desk: Desk, environment: dict[str, str]
) -> None:
    assert desk.refund(**{"quantity-1": "1"}).status_code == 303
    assert desk.post(f"{desk.path}/cancellation", {}).status_code == 303
    while service(Worker, app).round():
        pass
    (sent,) = (Path(environment["MOSSX_DATA_DIR"]) / "mail").glob("cancelled-*.eml")
    mail = message_from_bytes(sent.read_bytes(), policy=default)
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        assert part
        text = part.get_content()
        assert f"We have cancelled your order {desk.order.number}." in text
        assert "The $27.45 that you paid" in text
        assert "as you wished" not in text


def test_the_page_of_a_cancelled_order_says_what_is_still_on_its_way_back(
    desk: Desk, shopper: Shopper, sandbox: Sandbox
) -> None:
    assert desk.refund(**{"quantity-1": "1"}).status_code == 303
    requests.post(f"{sandbox.url}/sandbox/slow-refunds", timeout=5).raise_for_status()
    assert desk.post(f"{desk.path}/cancellation", {}).status_code == 303
    order = desk.order
    page = shopper.get(f"/orders/{order.number}?token={order.access_token}")
    assert "Your $27.45 are on their way back to you." in soup(page).get_text()


def test_what_cancelling_put_on_the_shelf_is_not_put_there_by_another_refund(
    app: Flask, desk: Desk, sandbox: Sandbox
) -> None:
    assert desk.post(f"{desk.path}/cancellation", {"restock": "y"}).status_code == 303
    (listed,) = sandbox.ledger()["refunds"]
    sandbox.end_refund(listed["id"], "failure")
    service(Refunding, app).follow(desk.order.id)
    form = desk.form(f"{desk.path}/refunds/new?all=1", f"{desk.path}/refunds")
    assert desk.refund(**form, restock="y").status_code == 303
    assert _given_back(sandbox) == [4890]
    assert service(InventoryService, app).on_hand([Sku("MUG")]) == {Sku("MUG"): 5}


def test_cancelling_races_with_shipping_and_another_cancelling(
    app: Flask, desk: Desk, sandbox: Sandbox
) -> None:
    cancel, ship = f"{desk.path}/cancellation", f"{desk.path}/shipments"
    form = desk.form(f"{ship}/new", ship)
    packer, second = Desk(app, Role.SUPPORT), Desk(app, Role.MANAGER)
    at_once(
        lambda: desk.post(cancel, {"restock": "y"}),
        lambda: second.post(cancel, {"restock": "y"}),
        lambda: packer.post(ship, form),
    )
    order = desk.order
    if order.withdrawn:
        assert (order.shipments, _given_back(sandbox)) == (0, [4890])
    else:
        assert (order.shipments, _given_back(sandbox)) == (1, [])


def test_what_is_shipped_cannot_be_cancelled(app: Flask, desk: Desk, sandbox: Sandbox) -> None:
    ship = f"{desk.path}/shipments"
    assert desk.post(ship, desk.form(f"{ship}/new", ship)).status_code == 303
    before = desk.order
    assert desk.post(f"{desk.path}/cancellation", {}).status_code == 409
    assert desk.order == before
    assert _given_back(sandbox) == []


# --- orders that are not paid yet -----------------------------------------------------------------


@pytest.fixture
def unpaid(
    app: Flask, shopper: Shopper, catalog: CatalogMaker, sandbox: Sandbox
) -> tuple[Desk, str]:
    """An order with an open payment page, and its address."""
    shopper.add(catalog.mug(stock=5), 2)
    return Desk(app), shopper.check_out().location


def test_an_unpaid_order_is_cancelled_once_it_cannot_be_paid(
    unpaid: tuple[Desk, str], sandbox: Sandbox
) -> None:
    desk, _ = unpaid
    assert desk.post(f"{desk.path}/cancellation", {}).status_code == 303
    assert desk.order.state is OrderState.CANCELLED
    attempt = desk.database["payment_attempts"].find_one({})
    assert attempt
    assert attempt["state"] == "expired"


def test_an_authorised_payment_is_captured_once(
    app: Flask, unpaid: tuple[Desk, str], sandbox: Sandbox
) -> None:
    desk, location = unpaid
    sandbox.pay_stripe(location)  # and the shopper never comes back
    assert "capture what is authorised" in desk.get(desk.path).text
    path, second = f"{desk.path}/settlement", Desk(app, Role.MANAGER)
    statuses = at_once(
        lambda: desk.post(path, {}),
        lambda: second.post(path, {}),
        lambda: desk.twin().post(path, {}),
    )
    assert statuses == [303] * 3
    assert [amount for _, amount in sandbox.captures()] == [4890]
    assert desk.order.state is OrderState.PAID
    befores = [entry.changes[0].before for entry in desk.entries(f"order:{desk.order.number}")]
    assert "pending" in [before["state"] for before in befores if before]


def test_a_payment_that_comes_first_wins_over_cancelling(
    unpaid: tuple[Desk, str], sandbox: Sandbox
) -> None:
    desk, location = unpaid
    sandbox.pay_stripe(location)
    assert desk.post(f"{desk.path}/cancellation", {}).status_code == 303
    order = desk.order
    assert order.withdrawn  # found paid, it was withdrawn with its money
    assert _given_back(sandbox) == [4890]
    assert urlsplit(location).path
