"""Every address of the panel, asked for by everybody: only those in the table get in."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.audit_log.models import AuditFilter, Outcome
from app.audit_log.service import AuditLog
from app.db.database import Database
from app.identity.models import Role
from app.web.registry import service
from tests.admin.matrix import rows
from tests.support.member import Member
from tests.support.shopper import Shopper, soup
from tests.support.staff import Staff

_ROLES = [role.value for role in Role if role.is_staff]
_SAMPLES = {"int": "1", "string": "none", "path": "none"}
_NOT_LOOKED_AT = {"auth_sessions", "refresh_tokens", "audit_log", "outbox", "schedules"}


def _routes(app: Flask) -> set[str]:
    return {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        if rule.rule == "/admin" or rule.rule.startswith("/admin/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def _address(rule: str) -> str:
    return re.sub(
        r"<(?:(\w+)(?:\([^)]*\))?:)?\w+>", lambda found: _SAMPLES[found[1] or "string"], rule
    )


def _contents(database: Database) -> dict[str, list[object]]:
    """Everything in the database that a request without permission must leave alone."""
    return {
        name: sorted(map(repr, database[name].find()))
        for name in sorted(database.collections() - _NOT_LOOKED_AT)
    }


def test_every_route_is_in_the_table_once(app: Flask) -> None:
    named = [row.name for row in rows()]
    assert sorted(named) == sorted(_routes(app))


def test_roles_in_the_table_exist() -> None:
    for row in rows():
        assert row.roles <= set(_ROLES), row.name
        assert "owner" in row.roles, row.name


@pytest.mark.parametrize("role", _ROLES)
def test_a_role_gets_what_the_table_says(app: Flask, database: Database, role: str) -> None:
    person = Staff(app, Role(role))
    wrong = []
    for row in rows():
        if role in row.roles and row.method == "POST":
            continue  # what these do is each area's test
        before = _contents(database) if row.method == "POST" else None
        answer = (
            person.get(_address(row.rule))
            if row.method == "GET"
            else person.post(_address(row.rule), {})
        )
        refused = answer.status_code == 403
        if refused == (role in row.roles) or answer.status_code >= 500:
            wrong.append((row.name, answer.status_code))
        if before is not None and before != _contents(database):
            wrong.append((row.name, "changed something"))
    assert wrong == []


def test_an_allowed_post_is_never_refused_for_the_role(app: Flask) -> None:
    people = {role: Staff(app, Role(role)) for role in _ROLES}
    wrong = []
    for row in rows():
        if row.method == "POST":
            for role in row.roles:
                answer = people[role].post(_address(row.rule), {})
                if answer.status_code == 403 or answer.status_code >= 500:
                    wrong.append((row.name, role, answer.status_code))
    assert wrong == []


def test_customers_and_guests_get_nothing(app: Flask, database: Database) -> None:
    customer, guest = Member(app), Shopper(app)
    assert customer.register().status_code == 303
    guest.get("/products")
    guest_token = Member.token(Member(app))
    before = _contents(database)
    for row in rows():
        path = _address(row.rule)
        if row.method == "GET":
            assert customer.get(path).status_code == 403, row.name
            answer = guest.get(path)
            assert answer.status_code == 303, row.name
            assert answer.location.startswith("/account/login?next="), row.name
        else:
            assert customer.post(path, {}).status_code == 403, row.name
            assert guest.client.post(path, data={"csrf_token": guest_token}).status_code == 403
    assert _contents(database) == before


def test_what_a_role_was_denied_is_in_the_log(app: Flask) -> None:
    analyst = Staff(app, Role.ANALYST)
    denied = [row for row in rows() if row.method == "POST" and "analyst" not in row.roles]
    for row in denied:
        analyst.post(_address(row.rule), {})
    found = service(AuditLog, app).list(AuditFilter(outcome=Outcome.DENIED.value), 1000)
    assert len(found) == len(denied)


def _ways(answer: TestResponse) -> list[str]:
    return [str(link["href"]) for link in soup(answer).select("main .actions a")]


def test_who_is_lost_in_the_panel_is_led_back_to_it(app: Flask) -> None:
    def ways(person: Shopper, path: str) -> list[str]:
        return _ways(person.get(path))

    assert ways(Staff(app), "/admin/nowhere") == ["/admin", "/"]
    assert ways(Staff(app), "/admin/orders/MX-0") == ["/admin", "/"]
    assert ways(Staff(app, Role.ANALYST), "/admin/orders") == ["/admin", "/"]
    customer = Member(app)
    customer.register()
    assert ways(customer, "/admin/orders") == ["/", "/search"]


def test_what_a_form_lacks_is_said_in_the_panel_with_the_way_back_to_it(app: Flask) -> None:
    owner, list_ = Staff(app), "/admin/promotions?q=mug"
    form = {"csrf_token": owner.token(), "active": "off"}
    answer = owner.client.post(
        "/admin/promotions/bulk", data=form, headers={"Referer": f"http://localhost{list_}"}
    )
    assert answer.status_code == 422
    assert soup(answer).select_one("nav[aria-label=Admin]") is not None
    assert "at least one promotion" in answer.text
    assert _ways(answer) == [list_, "/admin"]
    elsewhere = {"Referer": "https://elsewhere.example/admin"}
    answer = owner.client.post("/admin/promotions/bulk", data=form, headers=elsewhere)
    assert _ways(answer) == ["/admin", "/"]
