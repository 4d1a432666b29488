"""Signing in, as an attacker tries it and as an impatient shopper does."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt
import pytest
from argon2 import PasswordHasher
from flask import Flask
from werkzeug.test import TestResponse

from app import create_app
from app.db.database import Database
from app.identity.passwords import Passwords
from app.identity.service import AccountService
from app.identity.sessions import SessionService
from app.identity.signing import SigningKeys
from app.identity.tokens import ACCESS_COOKIE, REFRESH_COOKIE
from app.shared.ids import AccountId
from app.web.limits import limiter
from app.web.registry import service
from tests.support.answers import BOTH_WAYS, assert_refused
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox
from tests.support.leaving import days_pass
from tests.support.member import PASSWORD, Mailbox, Member, make_proven
from tests.support.shopper import ADDRESS, HTMX, Shopper, soup

OTHER = "four loud bitterns"
MUTATIONS = {
    "/account": {"name": "Mallory"},
    "/account/password": {"current_password": PASSWORD, "password": OTHER},
    "/account/email": {"email": "mallory@example.com", "current_password": PASSWORD},
    "/account/addresses": {**ADDRESS, "is_default": "y"},
    "/account/sessions": {"session": "others"},
    "/account/verification": {},
    "/account/deletion": {"current_password": PASSWORD},
    "/account/logout": {},
    "/account/two-factor": {"code": "123456", "current_password": PASSWORD},
    "/account/two-factor/removal": {"current_password": PASSWORD},
    "/cart/items": {"sku": "MUG", "quantity": "1"},
}
GUEST_MUTATIONS = {
    "/account/login": {"email": "ann@example.com", "password": PASSWORD},
    "/account/register": {"email": "new@example.com", "password": PASSWORD, "name": "New"},
    "/account/forgot": {"email": "ann@example.com"},
    "/orders/lookup": {"number": "MX-1", "email": "ann@example.com"},
}


def everything(database: Database) -> list[dict[str, Any]]:
    """All that a refused request must leave as it is."""
    return [
        document
        for name in ("accounts", "auth_sessions", "outbox", "carts", "orders")
        for document in database[name].find().sort("_id", 1)
    ]


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What argon2 was asked to do."""
    asked: list[str] = []
    for name in ("verify", "hash"):
        original = getattr(PasswordHasher, name)

        def counting(self: Any, *args: Any, _name: str = name, _original: Any = original) -> Any:
            asked.append(_name)
            return _original(self, *args)

        monkeypatch.setattr(PasswordHasher, name, counting)
    return asked


# --- no answer tells who has an account --------------------------------------------------------------


def alike(answer: TestResponse) -> tuple[int, str, list[tuple[str, str]]]:
    """An answer without what differs between any two: form tokens, addresses, times."""
    body = re.sub(r"[0-9a-f]{64}", "TOKEN", answer.text)
    body = re.sub(r"[\w.]+@example\.com", "ADDRESS", body)
    headers = [
        (name, re.sub(r"=[^;]{20,}", "=VALUE", value))
        for name, value in answer.headers
        if name not in {"X-Request-Id", "Date"}
    ]
    headers = [
        (name, re.sub(r"expires=[^;]*", "", value, flags=re.IGNORECASE)) for name, value in headers
    ]
    return answer.status_code, body, headers


@BOTH_WAYS
def test_an_unknown_address_answers_like_a_wrong_password(
    app: Flask, hashes: list[str], htmx: bool
) -> None:
    make_proven(app, "proven1@example.com")
    Member(app, "claimed@example.com").register()
    answers, work = [], []
    for name in ("unknown", "proven1", "claimed"):
        stranger = Member(app)
        hashes.clear()
        sent = {"email": f"{name}@example.com", "password": OTHER}
        answers.append(alike(stranger.post("/account/login", sent, htmx=htmx)))
        work.append(list(hashes))
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] == 422
    assert work == [["verify"] * 2] * 3


def test_an_impossible_address_costs_as_much_as_any(app: Flask, hashes: list[str]) -> None:
    stranger = Member(app, "no address at all")
    hashes.clear()
    assert stranger.log_in().status_code == 422
    assert hashes == ["verify"] * 2


@BOTH_WAYS
def test_registering_a_known_address_answers_like_an_unknown_one(
    app: Flask, hashes: list[str], htmx: bool
) -> None:
    make_proven(app, "proven1@example.com")
    Member(app, "claimed@example.com").register()
    answers, pages, work = [], [], []
    for name in ("unknown", "proven1", "claimed"):
        stranger = Member(app)
        sent = {"email": f"{name}@example.com", "password": OTHER, "name": "Eve"}
        hashes.clear()
        answers.append(alike(stranger.post("/account/register", sent, htmx=htmx)))
        work.append(list(hashes))
        pages.append(alike(stranger.get("/account")))
    assert answers[0] == answers[1] == answers[2]
    assert pages[0] == pages[1] == pages[2]
    assert work == [["verify", "verify", "hash"]] * 3


@BOTH_WAYS
def test_a_forgotten_password_answers_the_same_for_everybody(
    app: Flask, hashes: list[str], mailbox: Mailbox, htmx: bool
) -> None:
    make_proven(app, "proven@example.com")
    hashes.clear()
    answers = [
        alike(Member(app).post("/account/forgot", {"email": f"{name}@example.com"}, htmx=htmx))
        for name in ("unknown", "proven")
    ]
    assert answers[0] == answers[1]
    assert hashes == []
    assert mailbox.subjects("unknown@example.com") == []
    assert mailbox.subjects("proven@example.com") == ["Set a new password"]


# --- several accounts may name an address; one can prove it --------------------------------------------


def test_naming_somebodys_proven_address_gives_nothing_of_theirs(
    app: Flask, mailbox: Mailbox, catalog: CatalogMaker, sandbox: Sandbox, database: Database
) -> None:
    owner = Member(app)
    owner.register()
    owner.verify(mailbox)
    owner.add(catalog.mug(stock=50))
    owner.pay(sandbox)
    owner.add("MUG", 3)
    owner.get("/account/orders")
    number = database["orders"].find_one()["number"]
    stranger = Member(app)
    stranger.register("Eve", OTHER)
    assert stranger.is_in()
    assert number not in stranger.get("/account/orders").text
    assert number not in stranger.get("/account/data").text
    assert stranger.get(f"/orders/{number}").status_code == 404
    assert stranger.post(f"/account/orders/{number}/reorder", {}).status_code == 404
    assert stranger.cart_lines() == {}
    assert owner.cart_lines() != {}


def test_naming_somebodys_proven_address_does_not_shut_them_out(
    app: Flask, mailbox: Mailbox
) -> None:
    owner_id = make_proven(app, "ann@example.com")
    for number in range(3):
        Member(app).register("Eve", f"{OTHER} {number}")
    owner = Member(app)
    owner.log_in()
    assert owner.is_in()
    owner.log_out()
    owner.post("/account/forgot", {"email": "ann@example.com"})
    owner.post(mailbox.link("ann@example.com", "/reset/"), {"password": "five grey cranes"})
    assert service(AccountService, app).authenticate("ann@example.com", "five grey cranes").id == (
        owner_id
    )


def test_the_owner_of_a_proven_address_hears_of_it(app: Flask, mailbox: Mailbox) -> None:
    make_proven(app, "ann@example.com")
    Member(app).register("Eve http://evil.example", OTHER)
    (mail,) = mailbox.read("ann@example.com")
    assert mail["Subject"] == "You have an account already"
    assert "evil.example" not in mail.as_string()
    assert "/verify/" not in mail.as_string()


def test_a_guests_orders_are_not_shown_for_a_mere_claim(
    app: Flask, catalog: CatalogMaker, sandbox: Sandbox, database: Database
) -> None:
    guest = Shopper(app)
    guest.add(catalog.mug())
    guest.pay(sandbox)
    number = database["orders"].find_one()["number"]
    stranger = Member(app)
    stranger.register("Eve", OTHER)
    for path in ("/account", "/account/orders", "/account/data"):
        assert number not in stranger.get(path).text
    assert stranger.get(f"/orders/{number}").status_code == 404


def test_a_careless_click_does_not_prove_an_address_for_a_stranger(
    app: Flask, mailbox: Mailbox, database: Database
) -> None:
    stranger = Member(app)
    stranger.register("Eve", OTHER)
    path = mailbox.link("ann@example.com", "/verify/")
    owner = Member(app)
    for sent in ({}, {"current_password": PASSWORD}):
        assert_refused(owner.post(path, sent), "current_password")
    assert database["accounts"].find_one()["verified_at"] is None


def test_a_careless_click_does_not_move_a_strangers_account_to_an_address(
    app: Flask, mailbox: Mailbox, database: Database
) -> None:
    stranger = Member(app, "eve@example.com")
    stranger.register("Eve", OTHER)
    stranger.post("/account/email", {"email": "ann@example.com", "current_password": OTHER})
    path = mailbox.link("ann@example.com", "/email/")
    assert_refused(Member(app).post(path, {}), "current_password")
    assert database["accounts"].find_one()["email"] == "eve@example.com"


def test_a_stranger_who_came_first_leaves_once_the_owner_proves_the_address(
    app: Flask, mailbox: Mailbox
) -> None:
    stranger = Member(app)
    stranger.register("Eve", OTHER)
    strangers_link = mailbox.link("ann@example.com", "/verify/")
    owner = Member(app)
    owner.register()
    owner.verify(mailbox)
    assert stranger.post(strangers_link, {}).status_code == 422
    assert Member(app).log_in(OTHER).status_code == 422
    assert owner.log_in().status_code == 303


def test_an_owner_who_had_proven_nothing_yet_comes_back_by_their_own_mail(
    app: Flask, mailbox: Mailbox
) -> None:
    owner = Member(app)
    owner.register()
    link = mailbox.link("ann@example.com", "/verify/")
    owner.log_out()
    Member(app).register("Eve", OTHER)
    owner.post(link, {"current_password": PASSWORD})
    assert owner.log_in().status_code == 303
    assert Member(app).log_in(OTHER).status_code == 303  # into the stranger's own, empty account


def test_a_reset_takes_a_claim_from_the_stranger_who_made_it(app: Flask, mailbox: Mailbox) -> None:
    stranger = Member(app)
    stranger.register("Eve", OTHER)
    owner = Member(app)
    owner.post("/account/forgot", {"email": "ann@example.com"})
    owner.post(mailbox.link("ann@example.com", "/reset/"), {"password": PASSWORD})
    assert owner.is_in()
    assert not stranger.is_in()
    assert stranger.log_in(OTHER).status_code == 422


# --- odd input ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {"email[$ne]": "", "password[$ne]": ""},
        {"email[$gt]": "", "password": PASSWORD},
        {"email": '{"$ne": null}', "password": '{"$ne": null}'},
        {"email.$ne": "x", "password": PASSWORD},
        {"email": ["a@example.com", "ann@example.com"], "password": ["x", PASSWORD]},
        {"email": "ann@example.com\x00", "password": PASSWORD + "\x00"},
        {"email": "ann@example.com", "password": "\x00" * 100},
        {"email": "x" * 300_000, "password": "y" * 100_000},
        {"email": "ann@example.com", "password": "\u202e" + PASSWORD},
        {"email": "verified:ann@example.com", "password": PASSWORD},
    ],
)  # fmt: skip
def test_no_odd_login_gets_in(app: Flask, database: Database, body: dict[str, Any]) -> None:
    make_proven(app, "ann@example.com")
    before = everything(database)
    stranger = Member(app)
    assert stranger.post("/account/login", body).status_code == 422
    assert everything(database) == before
    assert not stranger.is_in()


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"email": {"$ne": ""}, "password": {"$ne": ""}}', "application/json", 403),
        (b"csrf_token=%FF%FE&email=%80%81", "application/x-www-form-urlencoded", 403),
        (b"\xff\xfe\x00" * 1000, "application/x-www-form-urlencoded", 403),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x", 403),
        (b"a=" + b"x" * 3_000_000, "application/x-www-form-urlencoded", 413),
    ],
)
@pytest.mark.parametrize("path", GUEST_MUTATIONS)
def test_a_body_that_is_no_form_is_refused(
    app: Flask, database: Database, path: str, body: bytes, kind: str, status: int
) -> None:
    answer = Member(app).client.post(path, data=body, content_type=kind)
    assert answer.status_code == status
    assert everything(database) == []


@pytest.mark.parametrize("path", ["/account/login", "/account/register"])
def test_bytes_that_are_no_text_are_explained(app: Flask, database: Database, path: str) -> None:
    member = Member(app)
    body = f"csrf_token={member.token()}&email=%FFann%80@example.com&password=%C3%28&name=%FE"
    answer = member.client.post(path, data=body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 422
    assert everything(database) == []


@pytest.mark.parametrize("name", [ACCESS_COOKIE, REFRESH_COOKIE, "mossx_visitor", "mossx_cart", "mossx_half_way", "mossx_known"])  # fmt: skip
@pytest.mark.parametrize("value", ["", "x", "a.b.c", "é", "{}", "x" * 3000, '"W10.x"'])
def test_an_odd_cookie_is_no_cookie(app: Flask, name: str, value: str) -> None:
    member = Member(app)
    member.client.set_cookie(name, value)
    assert member.get("/").status_code == 200
    assert member.get("/account", follow_redirects=True).request.path == "/account/login"
    assert member.get("/account/login/code").status_code == 303
    assert member.get("/account/refresh", follow_redirects=True).status_code == 200


# --- forged and borrowed tokens ---------------------------------------------------------------------------


def claims_of(member: Member, cookie: str = ACCESS_COOKIE, path: str = "/") -> dict[str, Any]:
    """What a token says."""
    held = member.client.get_cookie(cookie, path=path)
    assert held is not None
    claims: dict[str, Any] = jwt.decode(held.value, options={"verify_signature": False})
    return claims


def forge(
    app: Flask, claims: dict[str, Any], *, key: str = "", kid: str = "", algorithm: str = "HS256"
) -> str:
    """A token with these claims, by default signed as the shop does."""
    keys = service(SigningKeys, app)
    secret = None if algorithm == "none" else key or keys.current
    return jwt.encode(claims, secret, algorithm, headers={"kid": kid or keys.current_id})


def hold(member: Member, token: str) -> None:
    """Put an access token into the browser."""
    member.client.set_cookie(ACCESS_COOKIE, token)


def expire(member: Member) -> None:
    """Fifteen minutes pass, as far as the access token knows."""
    past = int(time.time()) - 60
    hold(member, forge(member.app, {**claims_of(member), "iat": past - 900, "nbf": past - 900, "exp": past}))  # fmt: skip


def test_the_forge_makes_good_tokens(member: Member) -> None:
    hold(member, forge(member.app, claims_of(member)))
    assert member.is_in()


@pytest.mark.parametrize(
    "more",
    [
        {"algorithm": "none"},
        {"key": "another key of the right length, at least"},
        {"algorithm": "HS512"},
        {"kid": "000000000000"},
        {"kid": "../../dev/null"},
    ],
    ids=["none", "other key", "other algorithm", "unknown kid", "path kid"],
)
def test_a_token_that_the_shop_did_not_sign_is_nothing(
    member: Member, database: Database, more: dict[str, str]
) -> None:
    claims = claims_of(member)
    hold(member, forge(member.app, claims, **more))
    before = everything(database)
    assert member.get("/account").status_code == 303
    hold(member, forge(member.app, claims, **more))
    form = {"csrf_token": claims["csrf"], "name": "Mallory"}
    answer = member.client.post("/account", data=form)
    assert "/account/login" in answer.headers.get("Location", "")
    assert everything(database) == before


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "another-shop"}, {"aud": None}, {"iss": "another"}, {"iss": None},
        {"type": "refresh"}, {"sid": "ses_nothing"}, {"sid": None}, {"sid": ["x"]},
        {"sub": None}, {"sub": {"$ne": ""}},
    ],
    ids=str,
)  # fmt: skip
def test_a_token_meant_otherwise_is_nothing(member: Member, change: dict[str, Any]) -> None:
    claims = {**claims_of(member), **change}
    hold(
        member, forge(member.app, {name: each for name, each in claims.items() if each is not None})
    )
    answer = member.get("/account")
    assert answer.status_code == 303
    assert urlsplit(answer.location).path == "/account/login"


def test_a_token_of_a_time_to_come_is_renewed_before_it_counts(member: Member) -> None:
    hold(member, forge(member.app, {**claims_of(member), "nbf": 4_000_000_000}))
    answer = member.get("/account")
    assert answer.status_code == 303
    assert urlsplit(answer.location).path == "/account/refresh"


def test_a_token_for_somebody_else_cannot_borrow_ones_session(app: Flask, member: Member) -> None:
    bob = make_proven(app, "bob@example.com")
    hold(
        member,
        forge(app, {**claims_of(member), "sub": bob}, key="another key that is long enough for it"),
    )
    assert not member.is_in()


def test_a_refresh_token_is_no_access_token(member: Member) -> None:
    held = member.client.get_cookie(REFRESH_COOKIE, path="/account/refresh")
    assert held is not None
    hold(member, held.value)
    assert not member.is_in()


def test_an_access_token_is_no_refresh_token(member: Member, database: Database) -> None:
    held = member.client.get_cookie(ACCESS_COOKIE)
    assert held is not None
    member.client.set_cookie(REFRESH_COOKIE, held.value, path="/account/refresh")
    before = everything(database)
    member.get("/account/refresh")
    assert everything(database) == before
    assert not member.is_in()


def test_a_token_of_an_ended_session_is_nothing(app: Flask, member: Member) -> None:
    claims = claims_of(member)
    member.log_out()
    hold(member, forge(app, claims))
    assert not member.is_in()


def test_a_token_of_a_deleted_account_is_nothing(app: Flask, member: Member) -> None:
    claims = claims_of(member)
    member.post("/account/deletion", {"current_password": PASSWORD})
    days_pass(app)
    hold(member, forge(app, claims))
    assert not member.is_in()


def test_a_session_that_outlived_its_account_leads_to_the_login_and_not_in_circles(
    app: Flask, member: Member, database: Database
) -> None:
    database["accounts"].delete_many({})
    answer = member.get("/account", follow_redirects=True)
    assert answer.request.path == "/account/login"
    member.register()
    assert member.is_in()


def test_a_bad_token_does_not_undo_the_login_that_follows(app: Flask, member: Member) -> None:
    form = {"csrf_token": member.token(), "email": "ann@example.com", "password": PASSWORD}
    session_id = claims_of(member)["sid"]
    with app.app_context():
        service(SessionService).revoke(session_id, claims_of(member)["sub"], "elsewhere")
    assert member.client.post("/account/login", data=form).status_code == 303
    assert member.is_in()


def test_keys_rotate_without_logging_anybody_out(environment: dict[str, str], app: Flask) -> None:
    old, new = "o" * 20 + "ld key of the shop", "n" * 20 + "ew key of the shop"
    before = create_app({**environment, "JWT_SECRET_KEY": old})
    member = Member(before)
    member.register()
    held = {name: member.client.get_cookie(name, path=path) for name, path in ((ACCESS_COOKIE, "/"), (REFRESH_COOKIE, "/account/refresh"), ("mossx_visitor", "/"))}  # fmt: skip
    for keys, is_in in ((f"{new},{old}", True), (new, False)):
        after = Member(create_app({**environment, "JWT_SECRET_KEY": keys}))
        for name, cookie in held.items():
            assert cookie is not None
            after.client.set_cookie(name, cookie.value, path=cookie.path)
        assert after.is_in() is is_in


# --- forms of other sites ------------------------------------------------------------------------------------


def test_every_change_of_an_account_is_guarded(app: Flask) -> None:
    unguarded = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or set())
        and getattr(app.view_functions[rule.endpoint], "mossx.csrf_exempt", False)
    }
    assert unguarded == {
        "/account/refresh",
        "/payments/razorpay/callback",
        "/stock-alerts/stop/<token>",  # signed, and posted by mail programs (RFC 8058)
        "/webhooks/razorpay",
        "/webhooks/stripe",
    }


@BOTH_WAYS
@pytest.mark.parametrize("path", MUTATIONS)
def test_a_members_form_needs_the_sessions_token(
    member: Member, catalog: CatalogMaker, database: Database, path: str, htmx: bool
) -> None:
    catalog.mug()
    member.get("/account/two-factor")
    before = everything(database)
    stranger = Member(member.app, "eve@example.com")
    headers = HTMX if htmx else None
    for token in (None, "", "x", stranger.token(), "0" * 64):
        form = MUTATIONS[path] if token is None else {**MUTATIONS[path], "csrf_token": token}
        answer = member.client.post(path, data=form, headers=headers)
        assert answer.status_code == 403, token
        assert "nothing was changed" in answer.text
    assert everything(database) == before


@BOTH_WAYS
@pytest.mark.parametrize("path", GUEST_MUTATIONS)
def test_a_guests_form_needs_the_visitors_token(
    app: Flask, database: Database, path: str, htmx: bool
) -> None:
    make_proven(app, "ann@example.com")
    before = everything(database)
    guest, stranger = Member(app), Member(app)
    guest.token()
    headers = HTMX if htmx else None
    for token in (None, "", "x", stranger.token()):
        form = GUEST_MUTATIONS[path] if token is None else {**GUEST_MUTATIONS[path], "csrf_token": token}  # fmt: skip
        assert guest.client.post(path, data=form, headers=headers).status_code == 403
    assert everything(database) == before


def test_one_session_does_not_take_anothers_token(app: Flask, member: Member) -> None:
    bob = Member(app, "bob@example.com")
    bob.register()
    answer = member.client.post("/account", data={"csrf_token": bob.token(), "name": "Mallory"})
    assert answer.status_code == 403


def test_logging_out_ends_the_token_too(member: Member) -> None:
    token = member.token()
    member.log_out()
    member.log_in()
    answer = member.client.post("/account", data={"csrf_token": token, "name": "Mallory"})
    assert answer.status_code == 403


FROM_ELSEWHERE = (
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
)


@pytest.mark.parametrize("headers", FROM_ELSEWHERE, ids=str)
def test_a_form_on_another_site_is_refused_even_with_the_token(
    member: Member, database: Database, headers: dict[str, str]
) -> None:
    form = {"csrf_token": member.token(), "name": "Mallory"}
    before = everything(database)
    assert member.client.post("/account", data=form, headers=headers).status_code == 403
    assert everything(database) == before


@pytest.mark.parametrize("headers", FROM_ELSEWHERE, ids=str)
@pytest.mark.parametrize(
    "path", ["/account/logout", "/account/refresh", "/account/login", "/nowhere"]
)
def test_a_form_on_another_site_takes_no_cookie_away(
    app: Flask, path: str, headers: dict[str, str]
) -> None:
    """A browser sends such a post without its SameSite cookies, and keeps those of the answer."""
    answer = app.test_client().post(path, data={"email": "x"}, headers=headers)
    assert answer.headers.getlist("Set-Cookie") == []


# --- impatient shoppers -----------------------------------------------------------------------------------------


def test_a_form_opened_before_logging_in_can_be_sent_after(
    app: Flask, catalog: CatalogMaker
) -> None:
    make_proven(app, "ann@example.com")
    member = Member(app)
    form = {"csrf_token": member.token(), "sku": catalog.mug(), "quantity": "2"}
    member.log_in()
    assert member.client.post("/cart/items", data=form).status_code == 303
    assert list(member.cart_lines().values()) == [2]


def test_a_form_opened_before_a_refresh_can_be_sent_after(member: Member) -> None:
    form = {"csrf_token": member.token(), "name": "Ann Moss"}
    member.get("/account/refresh")
    assert member.client.post("/account", data=form).status_code == 303
    assert "Ann Moss" in member.get("/account").text


def test_a_form_of_a_page_seen_with_an_expired_token_can_be_sent(
    member: Member, catalog: CatalogMaker
) -> None:
    catalog.mug()
    expire(member)
    page = soup(member.get("/products/dune-mug"))
    token = page.select_one("input[name=csrf_token]")
    assert token is not None
    form = {"csrf_token": token["value"], "sku": "MUG", "quantity": "1"}
    assert member.send("/cart/items", form)[-1].status_code == 303
    assert list(member.cart_lines().values()) == [1]


def test_the_visitors_name_lasts_as_long_as_the_session(member: Member) -> None:
    answer = member.get("/account/refresh")
    assert "mossx_visitor" in cookies_of(answer)


@BOTH_WAYS
def test_an_expired_access_token_is_refreshed_without_a_script(member: Member, htmx: bool) -> None:
    expire(member)
    answer = member.get("/account/orders?page=1", headers=HTMX if htmx else None)
    assert answer.status_code == 303
    assert answer.location == "/account/refresh?next=%2Faccount%2Forders%3Fpage%3D1"
    answer = member.get(
        "/account/orders?page=1", follow_redirects=True, headers=HTMX if htmx else None
    )
    assert answer.status_code == 200
    assert answer.request.full_path == "/account/orders?page=1"
    assert ("<html" in answer.text) is not htmx
    assert [each.status_code for each in answer.history] == [303, 303]


@BOTH_WAYS
def test_a_form_sent_with_an_expired_token_is_not_lost(
    member: Member, catalog: CatalogMaker, htmx: bool
) -> None:
    form = {"csrf_token": member.token(), "sku": catalog.mug(), "quantity": "2"}
    expire(member)
    answers = member.send("/cart/items", form, htmx=htmx)
    assert [each.status_code for each in answers] == [307, 307, 200 if htmx else 303]
    assert ("<html" in answers[-1].text) is not htmx
    assert list(member.cart_lines().values()) == [2]


def test_a_new_password_sent_with_an_expired_token_is_set_once(
    member: Member, mailbox: Mailbox
) -> None:
    form = {"csrf_token": member.token(), "current_password": PASSWORD, "password": OTHER}
    expire(member)
    assert member.send("/account/password", form)[-1].status_code == 303
    assert member.is_in()
    assert Member(member.app).log_in(OTHER).status_code == 303
    assert mailbox.subjects("ann@example.com").count("Your password was changed") == 1


def test_a_login_form_sent_with_an_expired_token_lets_in(app: Flask, member: Member) -> None:
    form = {"csrf_token": member.token(), "email": "ann@example.com", "password": PASSWORD}
    expire(member)
    assert member.send("/account/login", form)[-1].status_code == 303
    assert member.is_in()


def test_a_form_goes_on_as_a_guests_where_the_session_is_over(
    app: Flask, member: Member, catalog: CatalogMaker
) -> None:
    form = {"csrf_token": member.token(), "sku": catalog.mug(), "quantity": "2"}
    claims = claims_of(member)
    expire(member)
    with app.app_context():
        service(SessionService).revoke(claims["sid"], AccountId(claims["sub"]), "elsewhere")
    assert member.send("/cart/items", form)[-1].status_code == 303
    assert list(member.cart_lines().values()) == [2]


def test_an_expired_token_with_nothing_to_refresh_it_ends_at_the_login(member: Member) -> None:
    expire(member)
    member.client.delete_cookie(REFRESH_COOKIE, path="/account/refresh")
    answer = member.get("/account", follow_redirects=True)
    assert answer.request.path == "/account/login"
    assert len(answer.history) <= 4


# --- ways out of the shop ----------------------------------------------------------------------------------------

WAYS_OUT = ("//evil.example", "https://evil.example/x", "/\\evil.example", "/\t/evil.example", "javascript:alert(1)", "\\\\evil.example", "http:evil.example", "//evil.example:80@localhost/", "/\r\nSet-Cookie: x=y")  # fmt: skip


def stays(answer: TestResponse) -> bool:
    """Whether the browser is sent to a page of this shop, and told nothing else."""
    to = answer.headers.get("Location") or answer.headers["HX-Redirect"]
    assert "x" not in cookies_of(answer)
    return (
        to.startswith("/")
        and not to.startswith(("//", "/\\"))
        and "evil" not in urlsplit(to).netloc
    )


def cookies_of(answer: TestResponse) -> dict[str, Any]:
    """The cookies that an answer sets."""
    jar: SimpleCookie = SimpleCookie()
    for line in answer.headers.getlist("Set-Cookie"):
        jar.load(line)
    return dict(jar)


@BOTH_WAYS
@pytest.mark.parametrize("url", WAYS_OUT)
def test_coming_in_leads_nowhere_else(app: Flask, url: str, htmx: bool) -> None:
    make_proven(app, "ann@example.com")
    sent = {"email": "ann@example.com", "password": PASSWORD, "next": url}
    member = Member(app)
    assert stays(member.post("/account/login", sent, htmx=htmx))
    for path in ("/account/login", "/account/register", "/account/refresh"):
        assert stays(member.get(path, query_string={"next": url}, headers=HTMX if htmx else None))
    other = Member(app, "bob@example.com")
    assert stays(other.post("/account/register", {**sent, "email": "bob@example.com", "name": "B"}, htmx=htmx))  # fmt: skip
    assert stays(other.client.post("/account/refresh?" + urlencode({"next": url})))
    assert stays(other.post("/market", {"market": "US", "next": url}, htmx=htmx))
    headers = {"Referer": url.split("\r", maxsplit=1)[0], **(HTMX if htmx else {})}
    form = {"csrf_token": other.token(), "market": "US"}
    assert stays(other.client.post("/market", data=form, headers=headers))


@pytest.mark.parametrize("next_page", ["/account/refresh", "/account/refresh?next=/account/refresh", "/account/login?next=/account/login"])  # fmt: skip
def test_going_in_circles_ends(member: Member, next_page: str) -> None:
    for path in ("/account/refresh", "/account/login"):
        answer = member.get(path, query_string={"next": next_page}, follow_redirects=True)
        assert answer.status_code == 200
        assert len(answer.history) < 6


# --- cookies --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("base_url", "secure"), [("https://shop.example", True), ("http://shop.example", False)])  # fmt: skip
def test_no_script_and_no_other_site_gets_a_cookie(
    environment: dict[str, str], app: Flask, base_url: str, secure: bool
) -> None:
    make_proven(app, "ann@example.com")
    shop = create_app({**environment, "BASE_URL": base_url})
    client = shop.test_client()
    page = client.get("/account/login", base_url=base_url)
    field = soup(page).select_one("main [name=csrf_token]")
    assert field is not None
    form = {"csrf_token": field["value"], "email": "ann@example.com", "password": PASSWORD}
    answer = client.post("/account/login", data=form, base_url=base_url)
    named = {**cookies_of(page), **cookies_of(answer)}
    assert all(name.startswith("__") is secure for name in named)
    set_here = {
        name.removeprefix("__Host-").removeprefix("__Secure-"): each for name, each in named.items()
    }
    assert {ACCESS_COOKIE, REFRESH_COOKIE, "mossx_visitor", "mossx_known"} <= set(set_here)
    for name, cookie in set_here.items():
        if cookie["max-age"] == "0":
            continue
        assert cookie["httponly"], name
        assert cookie["samesite"] == "Lax", name
        assert bool(cookie["secure"]) is secure, name
        assert not cookie["domain"], name
    assert set_here[REFRESH_COOKIE]["path"] == "/account/refresh"
    assert set_here[ACCESS_COOKIE]["path"] == "/"


def test_tokens_are_kept_by_no_cache(app: Flask, member: Member) -> None:
    for answer in (member.log_in(), member.get("/account/refresh")):
        assert ACCESS_COOKIE in cookies_of(answer)
        assert "no-store" in answer.headers["Cache-Control"]


# --- other people's things ---------------------------------------------------------------------------------------------


@pytest.fixture
def bob(app: Flask) -> Member:
    """Somebody else with an account, an address and a device."""
    bob = Member(app, "bob@example.com")
    bob.register("Bob")
    bob.post("/account/addresses", dict(ADDRESS))
    return bob


@BOTH_WAYS
def test_other_peoples_devices_are_not_there(
    member: Member, bob: Member, database: Database, htmx: bool
) -> None:
    before = everything(database)
    answer = member.post("/account/sessions", {"session": claims_of(bob)["sid"]}, htmx=htmx)
    assert answer.status_code == 404
    assert everything(database) == before
    assert bob.is_in()


@BOTH_WAYS
def test_other_peoples_addresses_are_not_there(
    member: Member, bob: Member, database: Database, htmx: bool
) -> None:
    account = database["accounts"].find_one({"email": "bob@example.com"})
    assert account is not None
    path = f"/account/addresses/{account['addresses'][0]['id']}"
    before = everything(database)
    assert bob.get(path).status_code == 200
    assert member.get(path, headers=HTMX if htmx else None).status_code == 404
    assert member.post(path, {**ADDRESS, "city": "Elsewhere"}, htmx=htmx).status_code == 404
    assert member.post(f"{path}/default", {}, htmx=htmx).status_code == 404
    member.post(f"{path}/removal", {}, htmx=htmx)  # done already, as far as this account goes
    assert everything(database) == before


def test_other_peoples_orders_are_not_there(
    member: Member, bob: Member, catalog: CatalogMaker, sandbox: Sandbox, database: Database
) -> None:
    bob.add(catalog.mug(stock=50))
    bob.pay(sandbox)
    number = database["orders"].find_one()["number"]
    assert bob.get(f"/orders/{number}").status_code == 200
    assert member.get(f"/orders/{number}").status_code == 404
    assert member.get(f"/orders/{number}?token=x").status_code == 404
    assert Member(member.app).get(f"/orders/{number}").status_code == 404
    assert member.post(f"/account/orders/{number}/reorder", {}).status_code == 404
    assert member.cart_lines() == {}


# --- limits ---------------------------------------------------------------------------------------------------------------


def attempt(
    member: Member, password: str, network: str = "192.0.2.1", email: str = "ann@example.com"
) -> TestResponse:
    """Try a password from a network."""
    where = {"REMOTE_ADDR": network}
    page = soup(member.client.get("/account/login", environ_overrides=where))
    field = page.select_one("main [name=csrf_token]")
    assert field is not None
    form = {"csrf_token": field["value"], "email": email, "password": password}
    return member.client.post("/account/login", data=form, environ_overrides=where)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of passwords are tried: compare them without argon2."""
    monkeypatch.setattr(
        Passwords, "fits", lambda _, given, known: bool(known) and given == PASSWORD
    )


@pytest.fixture
def guessed(app: Flask) -> str:
    """Ann's account, after ten wrong passwords from one network."""
    make_proven(app, "ann@example.com")
    stranger = Member(app)
    for _ in range(10):
        assert attempt(stranger, OTHER).status_code == 422
    return "192.0.2.1"


def test_the_eleventh_wrong_password_is_too_many(
    app: Flask, guessed: str, hashes: list[str]
) -> None:
    answer = attempt(Member(app), OTHER, guessed)
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 15 * 60
    page = soup(answer)
    assert page.select_one("h1")
    assert re.search(r"too many tries.* again in (a minute|\d+ minutes)", page.text)
    assert hashes == []


def test_too_many_is_said_to_htmx_as_well(app: Flask, guessed: str) -> None:
    member = Member(app)
    form = {"csrf_token": member.token(), "email": "ann@example.com", "password": OTHER}
    where = {"REMOTE_ADDR": guessed}
    answer = member.client.post("/account/login", data=form, headers=HTMX, environ_overrides=where)
    assert answer.status_code == 429
    assert "<html" not in answer.text
    assert "too many tries" in answer.text
    assert "Retry-After" in answer.headers


def test_the_right_password_works_from_another_network(app: Flask, guessed: str) -> None:
    assert attempt(Member(app), PASSWORD, "198.51.100.7").status_code == 303


def test_a_guesser_is_limited_however_the_address_is_spelled(app: Flask, guessed: str) -> None:
    for spelling in ("ANN@example.com", " ann@EXAMPLE.com", "ann@\uff45xample.com"):
        assert attempt(Member(app), OTHER, guessed, spelling).status_code == 429


def test_a_guesser_with_a_whole_ipv6_network_is_one_guesser(app: Flask) -> None:
    make_proven(app, "ann@example.com")
    stranger = Member(app)
    answers = [attempt(stranger, OTHER, f"2001:db8:1:2::{n:x}").status_code for n in range(11)]
    assert answers == [422] * 10 + [429]
    assert attempt(stranger, PASSWORD, "2001:db8:1:3::1").status_code == 303


def test_right_passwords_are_not_counted(app: Flask) -> None:
    make_proven(app, "ann@example.com")
    assert [attempt(Member(app), PASSWORD).status_code for _ in range(12)] == [303] * 12


def test_one_account_is_not_limited_by_anothers_guesser(app: Flask, guessed: str) -> None:
    make_proven(app, "bob@example.com")
    assert attempt(Member(app), PASSWORD, guessed, "bob@example.com").status_code == 303


def test_a_browser_that_was_in_before_is_shut_out_by_no_stranger(app: Flask, quick: None) -> None:
    make_proven(app, "ann@example.com")
    owner = Member(app)
    attempt(owner, PASSWORD)
    owner.log_out()
    stranger = Member(app)
    for n in range(100):
        attempt(stranger, OTHER, f"198.51.100.{n // 10}")
    assert attempt(stranger, OTHER, "203.0.113.9").status_code == 429
    assert attempt(owner, PASSWORD).status_code == 303


def test_a_browser_that_was_in_before_may_not_guess_for_ever(app: Flask) -> None:
    make_proven(app, "ann@example.com")
    owner = Member(app)
    attempt(owner, PASSWORD)
    owner.log_out()
    answers = [attempt(owner, OTHER, f"198.51.100.{n}").status_code for n in range(11)]
    assert answers == [422] * 10 + [429]


def test_naming_an_address_makes_no_known_browser(app: Flask) -> None:
    make_proven(app, "ann@example.com")
    stranger = Member(app)
    assert "mossx_known" not in cookies_of(stranger.register("Eve", OTHER))


def test_one_network_cannot_try_everybody(app: Flask, quick: None) -> None:
    stranger = Member(app)
    form = {"csrf_token": stranger.token(), "password": OTHER}
    for n in range(200):
        sent = {**form, "email": f"a{n}@example.com"}
        assert stranger.client.post("/account/login", data=sent).status_code == 422
    assert attempt(stranger, OTHER, "127.0.0.1", "z@example.com").status_code == 429


def test_a_mailbox_is_not_flooded(app: Flask, mailbox: Mailbox) -> None:
    make_proven(app, "ann@example.com")
    answers = [
        Member(app).post("/account/forgot", {"email": "ann@example.com"}).status_code
        for _ in range(7)
    ]
    assert answers == [303] * 5 + [429] * 2
    assert len(mailbox.read("ann@example.com")) == 5


def test_a_mailbox_is_not_flooded_by_registering(app: Flask, mailbox: Mailbox) -> None:
    answers = [Member(app).register("Eve", f"{OTHER} {n}").status_code for n in range(11)]
    assert answers == [303] * 10 + [429]
    assert len(mailbox.read("ann@example.com")) == 10


def test_a_mailbox_is_not_flooded_by_moving_there(member: Member, mailbox: Mailbox) -> None:
    form = {"email": "victim@example.com", "current_password": PASSWORD}
    answers = [member.post("/account/email", form).status_code for _ in range(11)]
    assert answers == [303] * 10 + [429]
    assert len(mailbox.read("victim@example.com")) == 10


def test_orders_cannot_be_found_by_trying(app: Flask) -> None:
    stranger = Shopper(app)
    sent = {"number": "MX-1", "email": "ann@example.com"}
    answers = [stranger.post("/orders/lookup", sent).status_code for _ in range(31)]
    assert answers == [422] * 30 + [429]


@pytest.fixture
def without_redis(environment: dict[str, str], app: Flask) -> Iterator[Flask]:
    """The shop while Redis is away."""
    make_proven(app, "ann@example.com")
    yield create_app({**environment, "REDIS_URL": "redis://127.0.0.1:1/0"})
    limiter._storage_dead = False


def test_limits_count_on_without_redis(without_redis: Flask) -> None:
    stranger = Member(without_redis)
    answers = [attempt(stranger, OTHER).status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]
    assert attempt(stranger, PASSWORD, "198.51.100.7").status_code == 303


def test_redis_going_in_the_middle_of_a_request_breaks_nothing(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_proven(app, "ann@example.com")

    def gone(*args: Any, **more: Any) -> bool:
        raise ConnectionError

    monkeypatch.setattr(type(limiter._limiter), "hit", gone)
    assert attempt(Member(app), OTHER).status_code == 422


def test_a_log_holds_no_mailed_link(
    app: Flask, member: Member, mailbox: Mailbox, capsys: pytest.CaptureFixture[str]
) -> None:
    member.post("/account/forgot", {"email": "ann@example.com"})
    path = mailbox.link("ann@example.com", "/reset/")
    capsys.readouterr()
    assert member.get(path).status_code == 200
    written = capsys.readouterr().out
    assert "/account/reset/[hidden]" in written
    assert path not in written
