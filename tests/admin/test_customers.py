"""Customers in the panel: found, noted, given credit, erased; figures kept and counted anew."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from flask import Flask

from app.customers.figures import CustomerFigures
from app.customers.models import CustomerFilter, CustomerSort
from app.customers.rules import id_of_guest
from app.customers.service import CustomerService
from app.db.database import Database
from app.groups.service import GroupService
from app.identity.models import Role
from app.identity.service import AccountService
from app.orders.service import OrderService
from app.shared.ids import AccountId
from app.shared.money import Money
from app.web.registry import service
from tests.support.credit import Bank
from tests.support.dispatching import send_everything
from tests.support.member import Mailbox, Member, make_proven
from tests.support.orders import OrderMaker
from tests.support.people import entries, fields_of, last_change, work
from tests.support.shopper import HTMX, soup
from tests.support.staff import Staff

ANN = "ann@example.com"  # whose orders are made for tests


@pytest.fixture
def ann(app: Flask) -> AccountId:
    """Ann's account, its address proven, with one order of 20.00."""
    account_id = AccountId(make_proven(app, ANN))
    OrderMaker(app).paid("mug", account_id=account_id)
    send_everything(service(Database, app))
    work(app)
    return account_id


def _stored(database: Database) -> dict[str, list[dict[str, object]]]:
    return {
        name: list(database[name].find().sort("_id", 1))
        for name in ("customers", "customer_orders")
    }


def _names(page: object) -> list[str]:
    return [link.text for link in soup(page).select("#list tbody td:nth-child(2) a")]


# --- figures --------------------------------------------------------------------------------------


def test_figures_follow_orders_and_refunds(app: Flask, ann: AccountId) -> None:
    maker = OrderMaker(app)
    second = maker.paid("mug", "bowl", account_id=ann)
    guest = maker.paid("mug")
    maker.refund(second, 1500)
    work(app)
    for order_id in (second, guest, second):  # events come late and twice
        service(CustomerFigures, app).follow_order(order_id)
    customers = service(CustomerService, app)
    known = customers.get(ann)
    assert (known.orders, known.spent) == (2, (Money(4500, "USD"),))
    assert known.market == "US"
    other = customers.get(id_of_guest(ANN))
    assert (other.orders, other.spent, other.name) == (1, (Money(2000, "USD"),), "Ann")


def test_rebuilt_figures_are_those_that_were_kept(
    app: Flask, database: Database, ann: AccountId
) -> None:
    maker = OrderMaker(app)
    orders = [maker.paid("mug", account_id=ann) for _ in range(3)] + [maker.paid("bowl", "mug")]
    maker.refund(orders[0])
    maker.refund(orders[3], 100)
    service(GroupService, app).create("vip", "Friends")
    service(GroupService, app).add("vip", [ANN])
    make_proven(app, "bob@example.com")
    work(app)
    for order_id in orders:
        service(CustomerFigures, app).follow_order(order_id)
    kept = _stored(database)
    assert len(kept["customers"]) == 3
    assert len(kept["customer_orders"]) == 5
    database["customer_orders"].delete_many({})
    database["customers"].update_many({}, {"$set": {"orders": 77}})
    database["customers"].insert_one({**kept["customers"][0], "_id": "nobody"})
    assert service(CustomerFigures, app).rebuild() == 3
    assert _stored(database) == kept


def test_guests_orders_join_the_account_and_leave_it(app: Flask, database: Database) -> None:
    OrderMaker(app).paid("mug")
    work(app)
    customers, guest_id = service(CustomerService, app), id_of_guest(ANN)
    assert customers.get(guest_id).orders == 1
    account_id = AccountId(make_proven(app, ANN))
    service(OrderService, app).adopt(account_id, ANN)
    work(app)
    assert [each["_id"] for each in database["customers"].find()] == [account_id]
    assert customers.get(account_id).orders == 1
    owner = Staff(app)
    send_everything(database)
    owner.post(f"/admin/customers/{account_id}/erasure", {"confirmation": ANN})
    work(app)
    left = {each["_id"]: each["orders"] for each in database["customers"].find()}
    assert {account_id, guest_id}.isdisjoint(left)
    assert sum(left.values()) == 1, "the order counts as somebody's who is not known"


def test_a_command_counts_everybody(app: Flask, database: Database, ann: AccountId) -> None:
    database["customers"].delete_many({})
    result = app.test_cli_runner().invoke(args=["customers", "rebuild"])
    assert result.exit_code == 0
    assert "1 customers counted" in result.output
    assert service(CustomerService, app).get(ann).orders == 1


# --- the list -------------------------------------------------------------------------------------


def test_customers_are_found_by_address_name_and_order(app: Flask, ann: AccountId) -> None:
    make_proven(app, "zoe@example.com")
    work(app)
    number = "MX-10001"
    service(Database, app)["orders"].update_one({}, {"$set": {"number": number}})
    owner = Staff(app)
    assert "Ann Shopper" in owner.get("/admin/customers?q=ann@ex").text
    assert ANN in owner.get("/admin/customers?q=shop").text
    found = owner.get(f"/admin/customers?q={number}")
    assert ANN in found.text
    assert "zoe@" not in found.text
    assert "No customer is like that." in owner.get("/admin/customers?q=nobody").text


def test_the_list_is_narrowed_sorted_and_a_fragment(app: Flask, ann: AccountId) -> None:
    make_proven(app, "zoe@example.com")
    OrderMaker(app).paid("mug", "bowl")  # a guest's, of 40.00
    work(app)
    owner = Staff(app)
    path = "/admin/customers"
    spent = owner.get(f"{path}?sort=spent&currency=USD")
    assert _names(spent) == ["Ann", "Ann Shopper"]
    assert _names(owner.get(f"{path}?spent=30&currency=USD")) == ["Ann"]
    assert _names(owner.get(f"{path}?spent=40&currency=USD")) == ["Ann"]  # so much or more
    assert _names(owner.get(f"{path}?account=yes&market=US")) == ["Ann Shopper"]
    assert _names(owner.get(f"{path}?since=2099-01-01")) == []
    assert owner.get(f"{path}?spent=lots").status_code == 422
    fragment = owner.get(path, headers=HTMX)
    assert "<html" not in fragment.text
    assert "HX-Request" in fragment.headers["Vary"]


@pytest.mark.parametrize("sort", list(CustomerSort))
def test_the_list_goes_on_where_its_page_ended(app: Flask, sort: CustomerSort) -> None:
    maker = OrderMaker(app)
    for number in range(7):
        account_id = AccountId(make_proven(app, f"c{number}@example.com"))
        for _ in range(number % 3 + 1):
            maker.paid("mug", account_id=account_id)
    work(app)
    customers, seen = service(CustomerService, app), []
    wanted = CustomerFilter(sort=sort, currency="USD")
    while page := customers.listed(wanted, 2):
        seen += page
        wanted = replace(wanted, after=page[-1].rank)
    assert len({each.customer.id for each in seen}) == len(seen) == 7
    assert [each.rank for each in seen] == sorted((each.rank for each in seen), reverse=True)


def test_marks_make_long_lists_short_to_read(app: Flask) -> None:
    for number in range(9):
        make_proven(app, f"c{number}@example.com")
    work(app)
    customers = service(CustomerService, app)
    before = customers.listed(CustomerFilter(), 100)
    customers.note_marks(every=2)
    assert customers.listed(CustomerFilter(), 100) == before
    assert customers.listed(CustomerFilter(), 3) == before[:3]
    rest = customers.listed(CustomerFilter(after=before[2].rank), 100)
    assert rest == before[3:]
    found = customers.search("c")
    assert [each.email for each in found] == [f"c{number}@example.com" for number in range(9)]


@pytest.mark.parametrize("text", ["a", "ann", "anna", "annabel", "bo", "c1", "nobody"])
def test_words_that_many_have_are_found_with_marks_as_without(app: Flask, text: str) -> None:
    database = service(Database, app)
    for number in range(24):
        make_proven(app, f"c{number}@example.com")
    work(app)
    for number in range(24):
        name = ("ann", "ann", "anna", "bo")[number % 4]
        database["customers"].update_one(
            {"email": f"c{number}@example.com"},
            {"$set": {"words": [f"c{number}@example.com", name, "annabel"][: 2 + number % 2]}},
        )
    customers = service(CustomerService, app)
    before = {each.email for each in customers.search(text)}
    customers.note_marks(every=2)
    found = customers.search(text)
    assert {each.email for each in found} == before
    assert len(found) == len(before)


# --- one customer ---------------------------------------------------------------------------------


def test_the_page_shows_what_belongs_to_a_customer(app: Flask, ann: AccountId) -> None:
    Bank(app).grant(ann, 500)
    shown = Staff(app).get(f"/admin/customers/{ann}").text
    number = service(OrderService, app).every_of_account(ann)[0].number
    for text in (ANN, number, "$5.00", "sorry", "Signed in nowhere.", "In no group."):
        assert text in shown, text


def test_a_guest_has_a_page_and_no_account(app: Flask) -> None:
    OrderMaker(app).paid("mug")
    work(app)
    owner, path = Staff(app), f"/admin/customers/{id_of_guest(ANN)}"
    assert "None: a guest" in owner.get(path).text
    for action in ("credit", "logout", "reset", "data", "erasure"):
        assert owner.post(f"{path}/{action}", {}).status_code == 404, action


def test_a_note_is_written_over_what_was_read(app: Flask, ann: AccountId) -> None:
    owner, other = Staff(app), Staff(app, Role.SUPPORT)
    path = f"/admin/customers/{ann}"
    mine = fields_of(owner.get(path), f"{path}/note")
    theirs = fields_of(other.get(path), f"{path}/note")
    assert other.post(f"{path}/note", {**theirs, "text": "Likes blue"}).status_code == 303
    answer = owner.post(f"{path}/note", {**mine, "text": "Likes green"})
    assert answer.status_code == 409
    assert "Likes blue" in answer.text
    assert "Likes green" in answer.text
    again = fields_of(answer, f"{path}/note")
    assert again["text"] == "Likes green"
    assert owner.post(f"{path}/note", again).status_code == 303
    assert "Likes green" in owner.get(path).text
    change = last_change(app, f"customer:{ann}")
    assert (change.before, change.after) == ({"note": "Likes blue"}, {"note": "Likes green"})


def test_a_note_too_long_is_kept_in_the_form(app: Flask, ann: AccountId) -> None:
    path, text = f"/admin/customers/{ann}", "x" * 5001
    owner = Staff(app)
    answer = owner.post(f"{path}/note", {"text": text, "version": "0"})
    assert answer.status_code == 422
    assert text in answer.text
    assert entries(app) == []


def test_credit_is_granted_once_for_a_form(app: Flask, ann: AccountId) -> None:
    owner, path, bank = Staff(app), f"/admin/customers/{ann}", Bank(app)
    form = fields_of(owner.get(path), f"{path}/credit")
    filled = {**form, "amount": "12.50", "currency": "USD", "reason": "Late parcel"}
    assert owner.post(f"{path}/credit", filled).status_code == 303
    assert owner.post(f"{path}/credit", filled).status_code == 303
    (account,) = bank.credit.of_account(ann)
    assert account.balance == Money(1250, "USD")
    assert bank.is_sound()
    (entry,) = entries(app, f"customer:{ann}")
    assert entry.note == "Late parcel"
    assert entry.changes[0].after == {"store_credit": {"USD": "12.50"}}


@pytest.mark.parametrize(
    ("amount", "reason", "said"),
    [
        ("12,50", "Late", "Please enter a plain number"),
        ("1.005", "Late", "Please enter a plain number"),
        ("0", "Late", "not nothing"),
        ("-5", "Late", "not so much store credit"),
        ("5", "", "Please say why"),
    ],
)
def test_credit_that_cannot_be_changes_nothing(
    app: Flask, database: Database, ann: AccountId, amount: str, reason: str, said: str
) -> None:
    owner, path = Staff(app), f"/admin/customers/{ann}"
    form = fields_of(owner.get(path), f"{path}/credit")
    answer = owner.post(
        f"{path}/credit", {**form, "amount": amount, "currency": "USD", "reason": reason}
    )
    assert answer.status_code == 422
    assert said in answer.text
    assert f'value="{amount}"' in answer.text
    assert list(database["credit_entries"].find()) == []
    assert entries(app) == []


def test_a_customer_joins_and_leaves_a_group(app: Flask, ann: AccountId) -> None:
    groups, owner = service(GroupService, app), Staff(app)
    groups.create("vip", "Friends")
    path = f"/admin/customers/{ann}"
    assert owner.post(f"{path}/groups", {"add": "vip"}).status_code == 303
    assert groups.codes_of([ANN]) == {"vip"}
    assert last_change(app, f"customer:{ann}").after == {"groups": ["vip"]}
    work(app)
    assert _names(owner.get("/admin/customers?group=vip")) == ["Ann Shopper"]
    assert owner.post(f"{path}/groups", {"remove": "vip"}).status_code == 303
    assert groups.codes_of([ANN]) == frozenset()
    assert owner.post(f"{path}/groups", {}).status_code == 422


def test_many_customers_join_a_group_at_once(app: Flask, ann: AccountId) -> None:
    bob = make_proven(app, "bob@example.com")
    work(app)
    groups, owner = service(GroupService, app), Staff(app)
    groups.create("vip", "Friends")
    answer = owner.post("/admin/customers/group", {"code": "vip", "customer": [ann, bob]})
    assert answer.status_code == 303
    assert groups.get("vip").size == 2
    assert last_change(app, "group:vip").after == {"emails": [ANN, "bob@example.com"]}
    assert owner.post("/admin/customers/group", {"code": "vip"}).status_code == 422


def test_a_customer_is_logged_out_and_sent_a_link(
    app: Flask, ann: AccountId, mailbox: Mailbox
) -> None:
    member, owner = Member(app, ANN), Staff(app)
    member.log_in()
    path = f"/admin/customers/{ann}"
    assert owner.post(f"{path}/logout", {}).status_code == 303
    assert not member.is_in()
    assert last_change(app, f"customer:{ann}").after == {"sessions": 0}
    assert owner.post(f"{path}/reset", {}).status_code == 303
    assert mailbox.link(ANN, "/reset/")


def test_data_is_handed_over_and_that_is_noted(app: Flask, ann: AccountId) -> None:
    answer = Staff(app).post(f"/admin/customers/{ann}/data", {})
    assert "attachment" in answer.headers["Content-Disposition"]
    assert json.loads(answer.text)["account"]["email"] == ANN
    assert entries(app)[0].note == f"exported {ann}"


def test_an_account_is_erased_once_it_is_spelled_out(
    app: Flask, database: Database, ann: AccountId
) -> None:
    owner, path = Staff(app), f"/admin/customers/{ann}"
    service(GroupService, app).create("vip", "Friends")
    service(GroupService, app).add("vip", [ANN])
    owner.post(f"{path}/note", {"text": "Likes blue", "version": "0"})
    refused = owner.post(f"{path}/erasure", {"confirmation": "ann"})
    assert refused.status_code == 422
    assert 'value="ann"' in refused.text
    assert service(AccountService, app).find(ann) is not None
    assert owner.post(f"{path}/erasure", {"confirmation": ANN}).status_code == 303
    assert service(AccountService, app).find(ann) is None
    assert database["customer_notes"].find_one() is None
    assert service(GroupService, app).get("vip").size == 0
    change = last_change(app, f"customer:{ann}")
    assert change.after is None
    assert ANN not in repr(change)


def test_staff_are_not_handled_as_customers(app: Flask) -> None:
    owner = Staff(app, Role.SUPPORT)
    manager = Staff(app, Role.MANAGER)
    work(app)
    account = service(AccountService, app).find_proven(manager.email)
    assert account is not None
    for action, form in (
        ("erasure", {"confirmation": manager.email}),
        ("logout", {}),
        ("reset", {}),
    ):
        answer = owner.post(f"/admin/customers/{account.id}/{action}", form)
        assert answer.status_code == 422, action
    assert manager.is_in()
