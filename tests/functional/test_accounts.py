"""Accounts as their owners use them: every change plain and by htmx, with the same effect."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from flask import Flask

from app.db.database import Database
from app.identity.links import LinkService
from app.identity.service import AccountService
from app.shared.clock import now
from app.shared.ids import AccountId
from app.web.registry import service
from tests.support.answers import BOTH_WAYS, assert_refused, assert_shown, assert_went_to
from tests.support.catalog import CatalogMaker
from tests.support.dispatching import send_everything
from tests.support.gateways import Sandbox
from tests.support.leaving import days_pass
from tests.support.member import PASSWORD, Mailbox, Member, make_proven
from tests.support.shopper import HTMX, Shopper, soup

NEW = "four loud bitterns"
FORMS = ("/account/register", "/account/login", "/account/forgot")
PAGES = ("/account", "/account/password", "/account/email", "/account/sessions", "/account/addresses", "/account/orders", "/account/two-factor", "/account/deletion")  # fmt: skip


def stored(database: Database) -> list[dict[str, object]]:
    """Everything about accounts and sessions, to see that nothing changed."""
    return [
        document
        for name in ("accounts", "auth_sessions", "outbox")
        for document in database[name].find().sort("_id", 1)
    ]


def messages(member: Member, path: str = "/account") -> str:
    """What the next page says."""
    return "\n".join(each.text for each in soup(member.get(path)).select("[role=status]"))


# --- pages -----------------------------------------------------------------------------------------


@BOTH_WAYS
@pytest.mark.parametrize("path", FORMS)
def test_a_guest_gets_every_form(app: Flask, path: str, htmx: bool) -> None:
    answer = Member(app).get(path, headers=HTMX if htmx else None)
    assert_shown(answer, htmx=htmx)
    assert soup(answer).select_one("form input[name=csrf_token]")


@BOTH_WAYS
@pytest.mark.parametrize("path", PAGES)
def test_a_member_gets_every_page(member: Member, path: str, htmx: bool) -> None:
    answer = member.get(path, headers=HTMX if htmx else None)
    assert_shown(answer, htmx=htmx)
    assert soup(answer).select_one("h1")


@BOTH_WAYS
@pytest.mark.parametrize("path", PAGES)
def test_a_guest_is_sent_to_log_in_and_back(app: Flask, path: str, htmx: bool) -> None:
    answer = Member(app).get(path, headers=HTMX if htmx else None)
    login = f"/account/login?next={path.replace('/', '%2F')}"
    assert_went_to(answer, login, htmx=htmx)
    assert app.test_client().head(path).location == login


@pytest.mark.parametrize("path", ["/account/register", "/account/login"])
def test_a_member_needs_no_form_to_come_in(member: Member, path: str) -> None:
    assert member.get(f"{path}?next=/account/orders").location == "/account/orders"


# --- registering ------------------------------------------------------------------------------------


@BOTH_WAYS
def test_registering_makes_an_account_and_logs_in(
    app: Flask, database: Database, htmx: bool
) -> None:
    member = Member(app, "Ann@Example.com")
    answer = member.post(
        "/account/register",
        {"email": " Ann@Example.com ", "password": PASSWORD, "name": " Ann Shopper "},
        htmx=htmx,
    )
    assert_went_to(answer, "/account", htmx=htmx)
    assert member.is_in()
    (account,) = database["accounts"].find()
    assert (account["email"], account["name"]) == ("ann@example.com", "Ann Shopper")
    assert PASSWORD not in str(account)


def test_registering_goes_on_to_where_one_was_going(app: Flask) -> None:
    member = Member(app)
    form = soup(member.get("/account/register?next=/checkout")).select_one("main form")
    assert form is not None
    wanted = form.select_one("[name=next]")
    assert wanted is not None
    fields = {"email": "ann@example.com", "password": PASSWORD, "name": "Ann"}
    answer = member.post("/account/register", {**fields, "next": wanted["value"]})
    assert_went_to(answer, "/checkout")


@BOTH_WAYS
@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"email": ""}, ["email"]),
        ({"email": "nobody"}, ["email"]),
        ({"email": "x" * 300 + "@example.com"}, ["email"]),
        ({"name": "  "}, ["name"]),
        ({"name": "x" * 121}, ["name"]),
        ({"password": ""}, ["password"]),
        ({"password": "short"}, ["password"]),
        ({"password": "password"}, ["password"]),
        ({"password": "ann@example.com"}, ["password"]),
        ({"password": "x" * 201}, ["password"]),
        ({"password": "", "email": "", "name": ""}, ["password", "email", "name"]),
    ],
)
def test_a_bad_registration_is_explained_and_changes_nothing(
    app: Flask, database: Database, change: dict[str, str], fields: list[str], htmx: bool
) -> None:
    member = Member(app)
    sent = {"email": "ann@example.com", "password": PASSWORD, "name": "Ann", **change}
    answer = member.post("/account/register", sent, htmx=htmx)
    secret = [sent["password"]] if sent["password"] not in {"", "password", sent["email"]} else []
    assert_refused(answer, *fields, htmx=htmx, secrets=secret)
    assert stored(database) == []
    assert not member.is_in()


def test_a_bad_registration_keeps_what_was_typed_but_the_password(app: Flask) -> None:
    member = Member(app)
    answer = member.post(
        "/account/register", {"email": "nobody", "password": PASSWORD, "name": "Ann <b>"}
    )
    page = soup(answer)
    assert [
        page.select_one(f"main [name={name}]").get("value")
        for name in ("email", "name", "password")
    ] == ["nobody", "Ann <b>", None]


def test_registering_twice_with_the_same_password_is_one_account(
    app: Flask, database: Database
) -> None:
    Member(app).register()
    assert_went_to(Member(app).register(), "/account")
    assert database["accounts"].count_documents({}) == 1


def test_the_longest_password_works(app: Flask) -> None:
    long = ("k7#wq two herons, " * 12)[:200]
    Member(app).register(password=long)
    member = Member(app)
    member.log_in(long)
    assert member.is_in()


# --- the welcome mail and proving the address -------------------------------------------------------


def test_the_welcome_mail_says_what_to_do(member: Member, mailbox: Mailbox) -> None:
    (mail,) = mailbox.read("ann@example.com")
    assert mail["Subject"] == "Please confirm your e-mail address"
    for kind in ("plain", "html"):
        body = mail.get_body((kind,))
        assert body is not None
        text = " ".join(body.get_content().split())
        assert "/account/verify/" in text
        assert "If you did not register, ignore this mail" in text
        assert PASSWORD not in text


def test_the_welcome_mail_carries_no_words_of_a_strangers_choice(
    app: Flask, mailbox: Mailbox
) -> None:
    Member(app, "victim@example.com").register(name="You won! http://evil.example")
    (mail,) = mailbox.read("victim@example.com")
    assert "evil.example" not in mail.as_string()


@BOTH_WAYS
def test_the_mailed_link_proves_the_address(
    member: Member, mailbox: Mailbox, database: Database, htmx: bool
) -> None:
    path = mailbox.link("ann@example.com", "/verify/")
    assert "Confirm" in member.get(path).text
    assert_went_to(member.post(path, {}, htmx=htmx), "/account", htmx=htmx)
    assert database["accounts"].find_one()["verified_at"]
    assert "confirmed" in messages(member)


def test_opening_the_link_alone_proves_nothing(
    member: Member, mailbox: Mailbox, database: Database
) -> None:
    member.get(mailbox.link("ann@example.com", "/verify/"))
    assert database["accounts"].find_one()["verified_at"] is None


def test_confirming_twice_is_as_good_as_once(member: Member, mailbox: Mailbox) -> None:
    assert_went_to(member.verify(mailbox), "/account")
    assert_went_to(member.verify(mailbox), "/account")


@BOTH_WAYS
def test_the_link_works_on_another_device_with_the_password(
    app: Flask, member: Member, mailbox: Mailbox, database: Database, htmx: bool
) -> None:
    path, phone = mailbox.link("ann@example.com", "/verify/"), Member(app)
    assert soup(phone.get(path)).select_one("[name=current_password]")
    assert_refused(phone.post(path, {}, htmx=htmx), "current_password", htmx=htmx)
    wrong = phone.post(path, {"current_password": "not this one"}, htmx=htmx)
    assert_refused(wrong, "current_password", htmx=htmx)
    assert database["accounts"].find_one()["verified_at"] is None
    phone.post(path, {"current_password": PASSWORD}, htmx=htmx)
    assert database["accounts"].find_one()["verified_at"]


@pytest.mark.parametrize("token", ["x", "é", "%00", "a.b.c", "x" * 5000, "WzFd.aaaa.bbbb"])
@pytest.mark.parametrize("kind", ["verify", "reset", "email"])
def test_a_link_that_is_none_of_ours_is_missing(app: Flask, kind: str, token: str) -> None:
    member = Member(app)
    answer = member.post(f"/account/{kind}/{token}", {"password": NEW})
    assert answer.status_code == 404
    assert "no longer valid" in answer.text


def test_a_link_for_one_thing_does_nothing_else(app: Flask, database: Database) -> None:
    account_id = make_proven(app, "ann@example.com")
    account = service(AccountService, app).get(AccountId(account_id))
    before = stored(database)
    token = service(LinkService, app).verification_token(account)
    member = Member(app)
    assert member.post(f"/account/reset/{token}", {"password": NEW}).status_code == 404
    assert member.post(f"/account/email/{token}", {}).status_code == 404
    assert stored(database) == before


@BOTH_WAYS
def test_the_link_is_sent_again_for_the_asking(
    member: Member, mailbox: Mailbox, htmx: bool
) -> None:
    assert_went_to(member.post("/account/verification", {}, htmx=htmx), "/account", htmx=htmx)
    assert mailbox.subjects("ann@example.com") == ["Please confirm your e-mail address"] * 2


def test_a_proven_address_is_not_asked_again(member: Member, mailbox: Mailbox) -> None:
    member.verify(mailbox)
    member.post("/account/verification", {})
    assert len(mailbox.read("ann@example.com")) == 1


# --- logging in and out ------------------------------------------------------------------------------


@BOTH_WAYS
def test_logging_in(app: Flask, htmx: bool) -> None:
    make_proven(app, "ann@example.com")
    member = Member(app)
    answer = member.post(
        "/account/login",
        {"email": "ANN@example.com ", "password": PASSWORD, "next": "/account/orders"},
        htmx=htmx,
    )
    assert_went_to(answer, "/account/orders", htmx=htmx)
    assert member.is_in()


@BOTH_WAYS
@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ({"email": "", "password": ""}, ["email", "password"]),
        ({"email": "ann@example.com", "password": ""}, ["password"]),
        ({"email": "", "password": PASSWORD}, ["email"]),
        ({"email": "ann@example.com", "password": PASSWORD + "!"}, []),
        ({"email": "ann@example.com", "password": PASSWORD.upper()}, []),
    ],
)
def test_a_bad_login_changes_nothing(
    app: Flask, database: Database, sent: dict[str, str], fields: list[str], htmx: bool
) -> None:
    make_proven(app, "ann@example.com")
    before = stored(database)
    member = Member(app)
    answer = member.post("/account/login", sent, htmx=htmx)
    assert_refused(answer, *fields, htmx=htmx, secrets=[PASSWORD])
    assert stored(database) == before
    assert not member.is_in()


@BOTH_WAYS
def test_logging_out_ends_the_session(member: Member, database: Database, htmx: bool) -> None:
    assert_went_to(member.post("/account/logout", {}, htmx=htmx), "/", htmx=htmx)
    assert not member.is_in()
    assert database["auth_sessions"].find_one()["revoked_at"]


def test_logging_out_twice_by_an_impatient_double_click(member: Member) -> None:
    form = {"csrf_token": member.token()}
    cookies = {each.key: each.value for each in member.client._cookies.values()}
    assert member.client.post("/account/logout", data=form).status_code == 303
    for name, value in cookies.items():  # the second click was on its way already
        member.client.set_cookie(name, value)
    assert member.client.post("/account/logout", data=form).status_code == 303
    assert not member.is_in()


def test_logging_in_again_replaces_the_session(member: Member, database: Database) -> None:
    member.log_in()
    assert database["auth_sessions"].count_documents({"revoked_at": None}) == 1


# --- a forgotten password ------------------------------------------------------------------------------


@BOTH_WAYS
def test_a_forgotten_password_is_replaced_by_the_mailed_link(
    app: Flask, member: Member, mailbox: Mailbox, database: Database, htmx: bool
) -> None:
    phone = Member(app)
    asked = phone.post("/account/forgot", {"email": "Ann@example.com"}, htmx=htmx)
    assert_went_to(asked, "/account/forgot?sent=1", htmx=htmx)
    assert "Look into your mail" in phone.get("/account/forgot?sent=1").text
    path = mailbox.link("ann@example.com", "/reset/")
    assert_shown(phone.get(path))
    assert_went_to(phone.post(path, {"password": NEW}, htmx=htmx), "/account", htmx=htmx)
    assert phone.is_in()
    assert not member.is_in()
    assert database["accounts"].find_one()["verified_at"]
    assert member.log_in().status_code == 422
    assert member.log_in(NEW).status_code == 303
    assert "Your password was changed" in mailbox.subjects("ann@example.com")


@BOTH_WAYS
@pytest.mark.parametrize("password", ["", "short", "password", "x" * 201])
def test_a_bad_new_password_keeps_the_link_and_the_old_one(
    app: Flask, member: Member, mailbox: Mailbox, password: str, htmx: bool
) -> None:
    phone = Member(app)
    phone.post("/account/forgot", {"email": "ann@example.com"})
    path = mailbox.link("ann@example.com", "/reset/")
    answer = phone.post(path, {"password": password}, htmx=htmx)
    assert_refused(answer, "password", htmx=htmx)
    assert member.is_in()
    assert phone.post(path, {"password": NEW}).status_code == 303


def test_a_reset_link_works_once(app: Flask, member: Member, mailbox: Mailbox) -> None:
    phone = Member(app)
    phone.post("/account/forgot", {"email": "ann@example.com"})
    path = mailbox.link("ann@example.com", "/reset/")
    phone.post(path, {"password": NEW})
    assert phone.get(path).status_code == 404
    assert phone.post(path, {"password": "five grey cranes"}).status_code == 404
    assert Member(app).log_in(NEW).status_code == 303


def test_a_reset_link_ends_after_an_hour(
    app: Flask, member: Member, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    member.post("/account/forgot", {"email": "ann@example.com"})
    path = mailbox.link("ann@example.com", "/reset/")
    later = (now() + timedelta(minutes=61)).timestamp()
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: later)
    assert Member(app).get(path).status_code == 404


@BOTH_WAYS
@pytest.mark.parametrize("email", ["", "nobody", "x" * 300])
def test_a_bad_address_is_explained_by_forgot(
    app: Flask, database: Database, email: str, htmx: bool
) -> None:
    answer = Member(app).post("/account/forgot", {"email": email}, htmx=htmx)
    assert_refused(answer, "email", htmx=htmx)
    assert stored(database) == []


# --- changing the password -----------------------------------------------------------------------------


@BOTH_WAYS
def test_a_new_password_logs_out_every_other_device(
    app: Flask, member: Member, mailbox: Mailbox, htmx: bool
) -> None:
    phone = Member(app)
    phone.log_in()
    answer = member.post(
        "/account/password", {"current_password": PASSWORD, "password": NEW}, htmx=htmx
    )
    assert_went_to(answer, "/account", htmx=htmx)
    assert "password is changed" in messages(member)
    assert member.is_in()
    assert not phone.is_in()
    assert Member(app).log_in().status_code == 422
    assert Member(app).log_in(NEW).status_code == 303
    assert mailbox.subjects("ann@example.com")[-1] == "Your password was changed"


@BOTH_WAYS
@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ({"current_password": "not this one", "password": NEW}, ["current_password"]),
        ({"current_password": PASSWORD, "password": "short"}, ["password"]),
        ({"current_password": PASSWORD, "password": ""}, ["password"]),
        ({"password": NEW}, ["current_password"]),
        ({}, ["current_password", "password"]),
    ],
)
def test_a_bad_change_of_password_changes_nothing(
    member: Member, database: Database, sent: dict[str, str], fields: list[str], htmx: bool
) -> None:
    before = stored(database)
    answer = member.post("/account/password", sent, htmx=htmx)
    assert_refused(answer, *fields, htmx=htmx, secrets=[PASSWORD, NEW])
    assert stored(database) == before


# --- changing the address --------------------------------------------------------------------------------


@BOTH_WAYS
def test_a_new_address_counts_once_its_owner_agrees(
    app: Flask, member: Member, mailbox: Mailbox, htmx: bool
) -> None:
    sent = {"email": "Ann.New@example.com", "current_password": PASSWORD}
    assert_went_to(member.post("/account/email", sent, htmx=htmx), "/account", htmx=htmx)
    assert "ann.new@example.com" in messages(member)
    assert Member(app, "ann.new@example.com").log_in().status_code == 422
    path = mailbox.link("ann.new@example.com", "/email/")
    assert "ann.new@example.com" in member.get(path).text
    assert_went_to(member.post(path, {}, htmx=htmx), "/account", htmx=htmx)
    assert Member(app, "ann.new@example.com").log_in().status_code == 303
    assert Member(app).log_in().status_code == 422
    assert mailbox.subjects("ann@example.com")[-1] == "Your e-mail address was changed"


@BOTH_WAYS
@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ({"email": "new@example.com", "current_password": "not this"}, ["current_password"]),
        ({"email": "nobody", "current_password": PASSWORD}, ["email"]),
        ({}, ["email", "current_password"]),
    ],
)
def test_a_bad_change_of_address_changes_nothing(
    member: Member, database: Database, sent: dict[str, str], fields: list[str], htmx: bool
) -> None:
    before = stored(database)
    answer = member.post("/account/email", sent, htmx=htmx)
    assert_refused(answer, *fields, htmx=htmx, secrets=[PASSWORD])
    assert stored(database) == before


def test_an_address_that_another_account_has_proven_cannot_be_taken(
    app: Flask, member: Member, mailbox: Mailbox, database: Database
) -> None:
    make_proven(app, "bob@example.com")
    member.post("/account/email", {"email": "bob@example.com", "current_password": PASSWORD})
    path = mailbox.link("bob@example.com", "/email/")
    before = stored(database)
    answer = member.post(path, {})
    assert answer.status_code == 422
    assert "belongs to another account" in answer.text
    assert stored(database) == before


def test_the_link_to_a_new_address_ends_with_the_next_change(
    member: Member, mailbox: Mailbox
) -> None:
    for email in ("one@example.com", "two@example.com"):
        member.post("/account/email", {"email": email, "current_password": PASSWORD})
    first = mailbox.link("one@example.com", "/email/")
    member.post(mailbox.link("two@example.com", "/email/"), {})
    assert member.post(first, {}).status_code == 404


# --- the profile --------------------------------------------------------------------------------------------


@BOTH_WAYS
def test_the_name_changes(member: Member, database: Database, htmx: bool) -> None:
    assert_went_to(member.post("/account", {"name": "Ann Moss"}, htmx=htmx), "/account", htmx=htmx)
    assert database["accounts"].find_one()["name"] == "Ann Moss"


@BOTH_WAYS
@pytest.mark.parametrize("name", ["", "   ", "\x00", "x" * 121])
def test_a_bad_name_changes_nothing(
    member: Member, database: Database, name: str, htmx: bool
) -> None:
    before = stored(database)
    assert_refused(member.post("/account", {"name": name}, htmx=htmx), "name", htmx=htmx)
    assert stored(database) == before


def test_a_name_is_shown_as_text(member: Member) -> None:
    member.post("/account", {"name": "<script>alert(1)</script>"})
    assert "<script>alert" not in member.get("/account").text


# --- devices -------------------------------------------------------------------------------------------------

PHONE_AGENT = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"}  # fmt: skip


@pytest.fixture
def phone(app: Flask, member: Member) -> Member:
    """Ann's phone, logged in as well."""
    phone = Member(app)
    form = {"csrf_token": phone.token(), "email": "ann@example.com", "password": PASSWORD}
    phone.client.post("/account/login", data=form, headers=PHONE_AGENT)
    return phone


def test_the_devices_are_listed_by_name(member: Member, phone: Member) -> None:
    page = soup(member.get("/account/sessions"))
    rows = page.select(".rows .row")
    assert len(rows) == 2
    assert sum("This device" in row.text for row in rows) == 1
    assert "Mobile Safari on iOS" in page.text


@BOTH_WAYS
def test_one_device_is_logged_out(
    member: Member, phone: Member, database: Database, htmx: bool
) -> None:
    other = database["auth_sessions"].find_one({"agent": PHONE_AGENT["User-Agent"]})
    assert other is not None
    answer = member.post("/account/sessions", {"session": other["_id"]}, htmx=htmx)
    assert_went_to(answer, "/account/sessions", htmx=htmx)
    assert not phone.is_in()
    assert member.is_in()


@BOTH_WAYS
def test_every_other_device_is_logged_out(
    app: Flask, member: Member, phone: Member, htmx: bool
) -> None:
    third = Member(app)
    third.log_in()
    answer = member.post("/account/sessions", {"session": "others"}, htmx=htmx)
    assert_went_to(answer, "/account/sessions", htmx=htmx)
    assert [each.is_in() for each in (member, phone, third)] == [True, False, False]


def test_this_device_can_be_logged_out_from_the_list(member: Member) -> None:
    this = soup(member.get("/account/sessions")).select_one("[name=session]")
    assert this is not None
    assert_went_to(member.post("/account/sessions", {"session": this["value"]}), "/account/login")
    assert not member.is_in()


@pytest.mark.parametrize("session", ["", "nothing", "ses_x", "\x00", "x" * 100_000])
def test_a_device_that_is_not_there_is_missing(member: Member, session: str) -> None:
    assert member.post("/account/sessions", {"session": session}).status_code == 404
    assert member.is_in()


# --- one's data, and leaving -----------------------------------------------------------------------------------


def test_one_can_take_ones_data_along(
    member: Member, mailbox: Mailbox, catalog: CatalogMaker, sandbox: Sandbox
) -> None:
    member.verify(mailbox)
    member.add(catalog.mug(), 2)
    member.pay(sandbox)
    member.get("/account/orders")
    answer = member.get("/account/data")
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "no-store" in answer.headers["Cache-Control"]
    known = json.loads(answer.text)
    assert known["account"]["email"] == "ann@example.com"
    assert known["sessions"]
    (order,) = known["orders"]
    assert order["lines"][0]["quantity"] == 2
    assert "argon2" not in answer.text


@BOTH_WAYS
def test_leaving_deletes_the_account_and_says_goodbye(
    app: Flask, member: Member, phone: Member, mailbox: Mailbox, database: Database, htmx: bool
) -> None:
    answer = member.post("/account/deletion", {"current_password": PASSWORD}, htmx=htmx)
    assert_went_to(answer, "/account/login", htmx=htmx)
    assert "will be deleted on" in messages(member, "/account/login")
    assert not member.is_in()
    assert not phone.is_in()
    days_pass(app)
    assert database["accounts"].count_documents({}) == 0
    assert Member(app).log_in().status_code == 422
    assert mailbox.subjects("ann@example.com")[-1] == "Your account is deleted"


def test_orders_outlive_their_account_and_are_opened_with_their_link(
    app: Flask, member: Member, mailbox: Mailbox, catalog: CatalogMaker, sandbox: Sandbox,
    database: Database,
) -> None:  # fmt: skip
    member.verify(mailbox)
    member.add(catalog.mug())
    member.pay(sandbox)
    link = mailbox.link("ann@example.com", "orders/")
    member.get("/account/orders")
    send_everything(database)
    member.post("/account/deletion", {"current_password": PASSWORD})
    days_pass(app)
    order = database["orders"].find_one()
    assert order is not None
    assert order["account_id"] is None
    guest = Shopper(app)
    page = guest.get(link)
    assert page.status_code == 200
    assert "ann@example.com" not in page.text
    asked = guest.post("/orders/lookup", {"number": order["number"], "email": "ann@example.com"})
    assert asked.status_code in {404, 422}


@BOTH_WAYS
@pytest.mark.parametrize("password", ["", "not this one"])
def test_nobody_leaves_by_mistake(
    member: Member, database: Database, password: str, htmx: bool
) -> None:
    before = stored(database)
    answer = member.post("/account/deletion", {"current_password": password}, htmx=htmx)
    assert_refused(answer, "current_password", htmx=htmx)
    assert stored(database) == before
    assert member.is_in()


def test_whoever_left_may_come_back(app: Flask, member: Member) -> None:
    member.post("/account/deletion", {"current_password": PASSWORD})
    days_pass(app)
    member.register()
    assert member.is_in()
