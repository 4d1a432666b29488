"""Being forgotten: some days to think it over, then no trace but what the law asks for."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.account.leaving import Leaving
from app.db.database import Database
from app.db.outbox import Event
from app.drafts.models import Wish
from app.drafts.service import DraftService
from app.fulfilment.models import ReturnReason
from app.fulfilment.returns import GoodsReturns
from app.identity.errors import StillOpen
from app.identity.service import AccountService
from app.identity.sessions import SessionService
from app.orders.service import OrderService
from app.privacy.erasing import Traces
from app.privacy.retention import Retention
from app.shared.clock import now
from app.shared.errors import Conflict
from app.shared.ids import OrderId, Sku
from app.web.registry import service
from tests.support.answers import BOTH_WAYS, assert_refused, assert_went_to
from tests.support.catalog import CatalogMaker
from tests.support.dispatching import send_everything
from tests.support.gateways import Sandbox
from tests.support.leaving import days_pass
from tests.support.member import PASSWORD, Mailbox, Member
from tests.support.people import work
from tests.support.shopper import ADDRESS, Shopper, soup
from tests.support.staff import Staff

ROOT = Path(__file__).resolve().parents[2]
EMAIL = "ottilie.quagmire@example.com"
PERSON = {
    "email": EMAIL,
    "name": "Ottilie Quagmire",
    "phone": "+1 555 867 5309",
    "line1": "77 Wimpole Crescent",
    "postal_code": "94299",
}
TRACES = re.compile("ottilie|quagmire|867 ?5309|8675309|wimpole|94299", re.IGNORECASE)
ON_PAPER = {"address.name", "address.line1", "address.postal_code"}


@pytest.fixture
def ottilie(app: Flask, mailbox: Mailbox) -> Member:
    """A shopper with an unusual name, her address proven."""
    member = Member(app, EMAIL)
    member.register("Ottilie Quagmire")
    member.verify(mailbox)
    return member


@pytest.fixture
def owner(app: Flask) -> Staff:
    """The shop's owner, logged in."""
    return Staff(app)


def _ask(member: Member) -> Any:
    return member.post("/account/deletion", {"current_password": PASSWORD})


def _traces(value: object, path: str = "") -> list[str]:
    """Where in a document something names her."""
    if isinstance(value, dict):
        inner = [_traces(each, f"{path}.{name}") for name, each in value.items()]
        keys = [f"{path}.<key>" for name in value if TRACES.search(str(name))]
        return keys + [each for some in inner for each in some]
    if isinstance(value, list | tuple):
        return [each for item in value for each in _traces(item, path)]
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return [path.lstrip(".")] if TRACES.search(text) else []


def _everywhere(database: Database) -> dict[str, list[str]]:
    found = {}
    for name in sorted(database.collections()):
        places = {path for each in database[name].find() for path in _traces(each)}
        if places:
            found[name] = sorted(places)
    return found


def _live(
    member: Member, catalog: CatalogMaker, sandbox: Sandbox, owner: Staff, database: Database
) -> None:
    """Leave traces wherever one can."""
    app, sku = member.app, catalog.mug(stock=50)
    member.post("/account/addresses", {**ADDRESS, **PERSON, "is_default": "y"})
    member.post("/wishlist/items", {"sku": sku})
    for gateway in ("stripe", "razorpay"):
        member.add(sku, 1)
        answer = member.check_out(gateway=gateway, **PERSON)
        member.come_back(sandbox, answer.location, gateway)
    member.add(sku, 2)
    member.check_out(**PERSON)  # left unpaid
    unpaid = database["orders"].find_one({"state": "pending"})
    assert unpaid is not None
    database["orders"].update_one({"_id": unpaid["_id"]}, {"$set": {"state": "cancelled"}})
    account = service(AccountService, app).find_by_email(EMAIL)
    assert account is not None
    service(OrderService, app).adopt(account.id, EMAIL)
    member.log_out()
    member.post("/account/forgot", {"email": EMAIL})
    member.log_in()
    work(app)
    owner.post(
        f"/admin/customers/{account.id}/note", {"text": "Ottilie likes blue", "version": "0"}
    )
    paid = database["orders"].find_one({"state": "paid"})
    assert paid is not None
    owner.post(
        f"/admin/orders/{paid['number']}/notes", {"note": "Mrs Quagmire called", "key": "note-0001"}
    )
    owner.post("/admin/groups", {"code": "vip", "name": "Friends"})
    owner.post(f"/admin/customers/{account.id}/groups", {"add": "vip"})
    wish = Wish(market="US", lines=((Sku(sku), 1),), email=EMAIL, note="For Ottilie")
    draft = service(DraftService, app).create(wish, by="Eve", key="draft")
    service(DraftService, app).send(draft, "sent")
    sent = sandbox.ledger()["payments"][0]
    database["webhook_events"].insert_one(
        {
            "_id": "stripe:evt_1", "gateway": "stripe", "digest": "0", "received_at": now(),
            "payload": f'{{"id": "{sent["id"]}", "customer_email": "{EMAIL}"}}',
        }
    )  # fmt: skip
    send_everything(database)
    asked = service(OrderService, app).get(OrderId(paid["_id"]))
    database["shipments"].insert_one(
        {
            "_id": f"{asked.id}:1", "order_id": asked.id, "number": 1, "request_key": "s",
            "lines": [{"position": 1, "quantity": 1}], "carrier": "ups",
            "tracking": "1Z-QUAGMIRE", "shipped_at": now(),
        }
    )  # fmt: skip
    work(app)


def test_nothing_names_her_any_more_but_her_invoices(
    app: Flask, ottilie: Member, catalog: CatalogMaker, sandbox: Sandbox, database: Database,
    owner: Staff,
) -> None:  # fmt: skip
    _live(ottilie, catalog, sandbox, owner, database)
    before = _everywhere(database)
    assert {"accounts", "orders", "customers", "drafts", "outbox"} <= set(before)
    assert {"audit_log", "customer_notes", "group_members", "order_events"} <= set(before)
    sums = [(each["totals"], each["refunded"]) for each in database["orders"].find().sort("_id", 1)]
    assert _ask(ottilie).status_code == 303
    assert days_pass(app) == 1
    work(app)
    service(Retention, app).run(now() + timedelta(days=2))
    left = _everywhere(database)
    assert set(left) == {"orders"}, left
    assert set(left["orders"]) <= ON_PAPER
    orders = list(database["orders"].find().sort("_id", 1))
    assert [(each["totals"], each["refunded"]) for each in orders] == sums
    for each in orders:
        assert each["account_id"] is None
        assert each["address"]["country"] == "US"
        assert bool(each["address"]["name"]) is (each["paid_at"] is not None)
    # After the years that the law asks for, the papers name nobody either.
    service(Retention, app).run(now() + timedelta(days=366 * 10 + 1))
    work(app)
    service(Retention, app).run(now() + timedelta(days=366 * 10 + 3))
    assert _everywhere(database) == {}


def test_a_trace_is_removed_once_however_often_it_is_tried(
    app: Flask, ottilie: Member, catalog: CatalogMaker, sandbox: Sandbox, database: Database,
    owner: Staff,
) -> None:  # fmt: skip
    _live(ottilie, catalog, sandbox, owner, database)
    _ask(ottilie)
    days_pass(app)
    database["outbox"].update_many({"topic": "privacy.person_erased"}, {"$set": {"state": "done"}})
    event = database["outbox"].find_one({"topic": "privacy.person_erased"})
    assert event is not None
    told = Event(id=event["_id"], topic="", payload=event["payload"], created_at=now())
    after = []
    for _ in range(2):
        service(Traces, app).remove(told)
        after.append(list(database["audit_log"].find().sort("_id", 1)))
    assert after[0] == after[1]


@BOTH_WAYS
def test_one_may_stay_by_the_link_of_the_mail(
    app: Flask, ottilie: Member, mailbox: Mailbox, htmx: bool
) -> None:
    _ask(ottilie)
    assert mailbox.subjects(EMAIL)[-1] == "Your account will be deleted"
    link = mailbox.link(EMAIL, "/stay/")
    stranger = Shopper(app)
    assert "Keep your account?" in stranger.get(link).text
    assert_went_to(stranger.post(link, {}, htmx=htmx), "/account/login", htmx=htmx)
    assert days_pass(app) == 0
    assert ottilie.log_in().status_code == 303
    assert ottilie.is_in()
    assert stranger.get(link).status_code == 404, "it works once"


@BOTH_WAYS
def test_one_may_stay_by_logging_in(app: Flask, ottilie: Member, htmx: bool) -> None:
    _ask(ottilie)
    assert (
        'log in until then and press "Keep my account".' in soup(ottilie.get("/account/login")).text
    )
    assert not ottilie.is_in()
    ottilie.log_in()
    for page in ("/account", "/account/deletion"):
        shown = soup(ottilie.get(page))
        assert "will be deleted on" in shown.text
        assert shown.select_one("form[action='/account/deletion/undo']") is not None
    assert_went_to(ottilie.post("/account/deletion/undo", {}, htmx=htmx), "/account", htmx=htmx)
    assert "will be deleted" not in ottilie.get("/account").text
    assert days_pass(app) == 0


@BOTH_WAYS
@pytest.mark.parametrize("open_", ["payment", "delivery", "return", "refund"])
def test_what_is_open_holds_it_off(
    app: Flask, ottilie: Member, catalog: CatalogMaker, sandbox: Sandbox, database: Database,
    open_: str, htmx: bool,
) -> None:  # fmt: skip
    ottilie.add(catalog.mug(), 1)
    if open_ == "payment":
        ottilie.check_out()
    else:
        ottilie.pay(sandbox)
    order = database["orders"].find_one()
    assert order is not None
    if open_ in {"return", "refund"}:
        send_everything(database)
    if open_ == "return":
        moment = {"$set": {"handed_over_at": now()}}
        database["orders"].update_one({"_id": order["_id"]}, moment)
        service(GoodsReturns, app).ask(order["_id"], {1: 1}, ReturnReason.OTHER, "", key="r")
    if open_ == "refund":
        sandbox.fault("error_500", path="refund", count=None)
        app.test_cli_runner().invoke(args=["payments", "refund", order["number"], "--all"])
    before = database["accounts"].find_one()
    answer = ottilie.post("/account/deletion", {"current_password": PASSWORD}, htmx=htmx)
    assert answer.status_code == 422
    assert f"Order {order['number']} is still open" in answer.text
    assert ottilie.is_in()
    assert database["accounts"].find_one() == before


def test_what_opens_in_the_days_between_puts_it_off(
    app: Flask, ottilie: Member, catalog: CatalogMaker, sandbox: Sandbox, database: Database
) -> None:
    _ask(ottilie)
    ottilie.log_in()
    ottilie.add(catalog.mug(), 1)
    ottilie.pay(sandbox)
    assert days_pass(app) == 0
    account = service(AccountService, app).find_by_email(EMAIL)
    assert account is not None
    assert account.leaves_at is not None
    assert account.leaves_at > now()
    send_everything(database)
    assert days_pass(app) == 1


def test_who_stays_at_the_last_moment_stays(app: Flask, ottilie: Member) -> None:
    accounts, leaving = service(AccountService, app), service(Leaving, app)
    asked = accounts.find_by_email(EMAIL)
    assert asked is not None
    leaving.ask(asked)
    due = accounts.get(asked.id)  # as the worker has read it
    accounts.stay(due.id)
    with pytest.raises(Conflict):
        leaving.close(due)
    accounts.postpone(due, now() + timedelta(days=1))
    assert accounts.get(due.id).leaves_at is None
    assert days_pass(app) == 0


def test_what_is_ordered_at_the_last_moment_keeps_its_address(
    app: Flask, ottilie: Member, catalog: CatalogMaker, database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    asked = service(AccountService, app).find_by_email(EMAIL)
    assert asked is not None
    ottilie.add(catalog.mug(), 1)
    form = {**ottilie.checkout_form(), **PERSON}
    revoke_all = SessionService.revoke_all

    def order_first(self: SessionService, *args: Any, **more: Any) -> int:
        """The last request that was still signed in."""
        assert ottilie.client.post("/checkout", data=form).status_code == 303
        return revoke_all(self, *args, **more)

    monkeypatch.setattr(SessionService, "revoke_all", order_first)
    with pytest.raises(StillOpen):
        service(Leaving, app).close(asked)
    order = database["orders"].find_one()
    assert order is not None
    assert order["address"]["line1"] == PERSON["line1"]
    assert order["account_id"] == asked.id
    assert service(AccountService, app).find(asked.id) is not None


def _order_as_a_guest(
    app: Flask, catalog: CatalogMaker, sandbox: Sandbox, database: Database
) -> Any:
    guest = Shopper(app)
    guest.add(catalog.mug(), 1)
    answer = guest.check_out(**PERSON)
    guest.come_back(sandbox, answer.location, "stripe")
    return database["orders"].find_one()


def test_what_was_ordered_without_logging_in_is_hers_too(
    app: Flask, ottilie: Member, catalog: CatalogMaker, sandbox: Sandbox, database: Database
) -> None:
    order = _order_as_a_guest(app, catalog, sandbox, database)
    known = ottilie.get("/account/data").get_json()
    assert [each["number"] for each in known["orders"]] == [order["number"]]


def test_what_was_ordered_without_logging_in_holds_it_off_and_is_forgotten(
    app: Flask, ottilie: Member, catalog: CatalogMaker, sandbox: Sandbox, database: Database
) -> None:
    order = _order_as_a_guest(app, catalog, sandbox, database)
    answer = _ask(ottilie)
    assert answer.status_code == 422
    assert f"Order {order['number']} is still open" in answer.text
    send_everything(database)
    assert _ask(ottilie).status_code == 303
    assert days_pass(app) == 1
    work(app)
    service(Retention, app).run(now() + timedelta(days=2))
    left = _everywhere(database)
    assert set(left) == {"orders"}, left
    assert set(left["orders"]) <= ON_PAPER


@BOTH_WAYS
def test_a_wrong_password_changes_nothing(ottilie: Member, database: Database, htmx: bool) -> None:
    before = database["accounts"].find_one()
    answer = ottilie.post("/account/deletion", {"current_password": "not this"}, htmx=htmx)
    assert_refused(answer, "current_password", htmx=htmx)
    assert database["accounts"].find_one() == before


def test_asking_again_does_not_move_the_day(app: Flask, ottilie: Member) -> None:
    account = service(AccountService, app).find_by_email(EMAIL)
    assert account is not None
    day = service(Leaving, app).ask(account)
    again = service(AccountService, app).find_by_email(EMAIL)
    assert again is not None
    assert service(Leaving, app).ask(again) == again.leaves_at
    assert again.leaves_at is not None
    assert abs(again.leaves_at - day) < timedelta(seconds=1)


def test_staff_are_told_what_holds_it_off(
    app: Flask, ottilie: Member, catalog: CatalogMaker, sandbox: Sandbox, owner: Staff,
    database: Database,
) -> None:  # fmt: skip
    ottilie.add(catalog.mug(), 1)
    ottilie.pay(sandbox)
    work(app)
    account = service(AccountService, app).find_by_email(EMAIL)
    assert account is not None
    path = f"/admin/customers/{account.id}"
    refused = owner.post(f"{path}/erasure", {"confirmation": EMAIL})
    assert refused.status_code == 422
    assert "is still open" in refused.text
    send_everything(database)
    assert owner.post(f"{path}/erasure", {"confirmation": EMAIL}).status_code == 303
    assert service(AccountService, app).find(account.id) is None


def test_the_table_of_personal_data_knows_every_collection(database: Database) -> None:
    """A collection that nobody thought of would be kept for ever."""
    known = set(re.findall(r"`(\w+)`", (ROOT / "docs" / "privacy.md").read_text()))
    assert database.collections() - known == set()
