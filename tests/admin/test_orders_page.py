"""The page of an order: what it shows, notes, the address, mail, and papers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from app.fulfilment.shipping import Shipping
from app.orders.desk import OrderDesk
from app.web.registry import service
from tests.admin.order_desk import Desk, all_fields, at_once
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox
from tests.support.member import Mailbox
from tests.support.shopper import HTMX, Shopper, soup


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is, a list looks back to the beginning."""
    monkeypatch.setattr("app.orders.desk_repository._PATIENCE", 60.0)


@pytest.fixture
def desk(app: Flask, shopper: Shopper, catalog: CatalogMaker, sandbox: Sandbox) -> Desk:
    """Somebody with a paid order of three mugs."""
    shopper.add(catalog.mug(), 3)
    shopper.pay(sandbox)
    return Desk(app)


def test_the_page_shows_the_order(desk: Desk, database: Any) -> None:
    text = soup(desk.get(desk.path)).get_text()
    capture = database["captures"].find_one({})
    for wanted in (
        "Dune Mug",
        "3 to ship",
        "Ann Shopper",
        "Payment received",
        capture["payment_id"],
    ):
        assert wanted in text
    assert desk.get("/admin/orders/MX-1").status_code == 404


def test_amounts_of_a_page_are_all_written_in_the_orders_way(desk: Desk, database: Any) -> None:
    database["orders"].update_one({}, {"$set": {"locale": "de_DE"}})
    page = soup(desk.get(desk.path))
    amounts = page.select("#order td.number:last-child, .sums dd")
    assert len(amounts) > 3
    assert [each.text for each in amounts if not each.text.endswith("$")] == []


def test_a_note_is_private_and_said_once(desk: Desk) -> None:
    form = desk.form(desk.path, f"{desk.path}/notes")
    for _ in range(2):
        answer = desk.post(f"{desk.path}/notes", {**form, "note": "  Call before noon "})
        assert answer.status_code == 303
    assert desk.timeline().count(("Call before noon", desk.email)) == 1
    order = desk.order
    shown = desk.get(f"/orders/{order.number}?token={order.access_token}").text
    assert "Call before noon" not in shown
    entry = desk.entries(f"order:{order.number}")[0]
    assert entry.changes[0].after == {"note": "Call before noon"}


def test_two_who_press_at_once_note_once(app: Flask, desk: Desk) -> None:
    form = {**desk.form(desk.path, f"{desk.path}/notes"), "note": "Once"}
    twins = [desk.twin(), desk.twin()]
    path = f"{desk.path}/notes"
    for twin in twins:
        twin.token()
    assert at_once(*(lambda twin=twin: twin.post(path, form) for twin in twins)) == [303, 303]
    assert [said for said, _ in desk.timeline()].count("Once") == 1


@pytest.mark.parametrize("htmx", [False, True])
def test_an_empty_note_is_refused_beside_its_field(desk: Desk, htmx: bool) -> None:
    before = desk.timeline()
    answer = desk.client.post(
        f"{desk.path}/notes",
        data={"csrf_token": desk.token(), "key": "12345678", "note": " "},
        headers=HTMX if htmx else None,
    )
    assert answer.status_code == 422
    assert ("<html" in answer.text) is not htmx
    assert "Please write something." in answer.text
    assert desk.timeline() == before
    assert desk.entries(f"order:{desk.order.number}") == []


def test_a_note_by_htmx_answers_with_the_order(desk: Desk) -> None:
    form = desk.form(desk.path, f"{desk.path}/notes")
    answer = desk.post(f"{desk.path}/notes", {**form, "note": "By htmx"}, htmx=True)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert "By htmx" in answer.text


def test_the_address_changes_with_its_words(app: Flask, desk: Desk) -> None:
    path = f"{desk.path}/address"
    form = desk.form(path, path)
    answer = desk.post(path, {**form, "line1": "9 Elm Road", "postal_code": "94204"})
    assert answer.status_code == 303, answer.text
    assert desk.order.address.line1 == "9 Elm Road"
    assert ("Delivery address changed", desk.email) in desk.timeline()
    assert "MX-10001" in desk.get("/admin/orders?q=94204").text
    change = desk.entries(f"order:{desk.order.number}")[0].changes[0]
    assert change.before is not None
    assert change.after is not None
    assert change.before["address"]["line1"] == "1 Main Street"
    assert change.after["address"]["line1"] == "9 Elm Road"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"line1": ""}, "Please enter the street"),
        ({"postal_code": "x"}, "postal code of that country"),
        ({"state": "NY", "postal_code": "10001"}, "Tax and shipping were charged"),
    ],
)
def test_a_wrong_address_is_refused(desk: Desk, changes: dict[str, str], said: str) -> None:
    path, before = f"{desk.path}/address", desk.order
    answer = desk.post(path, {**desk.form(path, path), "name": "Typed Name", **changes})
    assert answer.status_code == 422
    assert said in answer.text
    assert "Typed Name" in answer.text
    assert desk.order == before
    assert desk.entries(f"order:{before.number}") == []


def test_of_two_who_change_the_address_the_second_sees_both(desk: Desk) -> None:
    path = f"{desk.path}/address"
    first, second = desk.form(path, path), desk.form(path, path)
    assert desk.post(path, {**first, "line1": "First Street 1"}).status_code == 303
    answer = desk.post(path, {**second, "line1": "Second Street 2", "name": "Ann Second"})
    assert answer.status_code == 409
    rows = soup(answer).select("#theirs tbody tr")
    cells = [[cell.get_text() for cell in row.select("td")] for row in rows]
    assert ["First Street 1", "Second Street 2"] in cells
    assert desk.order.address.line1 == "First Street 1"
    form = soup(answer).select_one(f"form[action='{path}']")
    assert form is not None
    assert desk.post(path, all_fields(form)).status_code == 303
    assert desk.order.address.line1 == "Second Street 2"
    assert desk.order.address.name == "Ann Second"


def test_the_address_stays_once_something_is_shipped(app: Flask, desk: Desk) -> None:
    path = f"{desk.path}/address"
    form = desk.form(path, path)
    service(Shipping, app).ship(desk.order.id, {1: 1}, key="k")
    answer = desk.post(path, {**form, "line1": "Too Late 1"})
    assert answer.status_code == 409
    assert desk.order.address.line1 == "1 Main Street"


def test_the_confirmation_is_sent_once_for_each_form(desk: Desk, mailbox: Mailbox) -> None:
    subject = f"Your order {desk.order.number}"
    assert mailbox.subjects("ann@example.com").count(subject) == 1
    form = desk.form(desk.path, f"{desk.path}/confirmation")
    for _ in range(2):
        assert desk.post(f"{desk.path}/confirmation", form).status_code == 303
    assert mailbox.subjects("ann@example.com").count(subject) == 2
    assert desk.post(f"{desk.path}/confirmation", {}).status_code == 422
    assert mailbox.subjects("ann@example.com").count(subject) == 2


def test_papers_open_for_staff(desk: Desk) -> None:
    for part in ("invoice", "packing-slip"):
        assert desk.get(f"{desk.path}/{part}").status_code == 200
        pdf = desk.get(f"{desk.path}/{part}.pdf")
        assert pdf.data.startswith(b"%PDF")
    assert desk.get(f"{desk.path}/packing-slip?shipment=9").status_code == 404


def test_an_order_without_words_of_address_is_shown(app: Flask, desk: Desk) -> None:
    order = desk.order
    bare = replace(order.address, phone="", line2="")
    service(OrderDesk, app).change_address(order, bare, by="eve")
    assert desk.get(desk.path).status_code == 200
