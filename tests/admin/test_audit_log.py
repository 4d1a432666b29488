"""The audit log has every change, with what it was like before and after."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from app.admin import guard, undoing
from app.admin.differences import Difference, differences, narrowed
from app.admin.permissions import Permission
from app.audit_log.models import Actor, AuditEntry, AuditFilter, Change, Outcome
from app.audit_log.service import AuditLog
from app.identity.models import Role
from app.shared.errors import Conflict, Invalid
from app.shared.ids import AccountId
from app.web.registry import service
from app.web.rendering import leave_to
from tests.support.shopper import soup
from tests.support.staff import Staff

_SHELVES: dict[str, str] = {}


def _thing_routes(app: Flask) -> None:
    """A small area of the panel with one sort of thing in it."""
    things = guard.area("things", __name__, "/things")

    @things.post("/<name>")
    @guard.needs(Permission.CATALOG_EDIT)
    def save(name: str) -> object:
        if name == "odd":
            raise Invalid("This is odd.")
        if name == "broken":
            raise RuntimeError("by design")
        if name == "preview":
            guard.only_looked()
            return "seen"
        guard.changed(f"thing:{name}", name, {"size": 1}, {"size": 2})
        guard.note("made bigger")
        return leave_to("/admin/things")

    @things.post("/<name>/deletion")
    @guard.needs(Permission.CATALOG_EDIT)
    def delete(name: str) -> object:
        guard.changed(f"thing:{name}", name, {"name": name}, None)
        _SHELVES.pop(name)
        return leave_to(f"/admin/audit?undo={guard.entry_id()}")

    @things.post("/unnamed")
    def unguarded() -> object:
        raise AssertionError("nobody gets here")

    def restore(before: object) -> None:
        assert isinstance(before, dict)
        if before["name"] in _SHELVES:
            raise Conflict("There is one of this name again.")
        _SHELVES[before["name"]] = "here"

    app.register_blueprint(things)
    undoing.undoable(app, "thing", Permission.CATALOG_EDIT, restore)


@pytest.fixture
def things(app: Flask) -> dict[str, str]:
    """Things that staff can change and delete."""
    _thing_routes(app)
    _SHELVES.clear()
    _SHELVES["lamp"] = "here"
    return _SHELVES


def _entries(app: Flask, **wanted: str) -> list[AuditEntry]:
    return service(AuditLog, app).list(AuditFilter(**wanted), 100)


def test_a_change_is_noted_with_before_and_after(app: Flask, things: object) -> None:
    owner = Staff(app)
    owner.post("/admin/things/lamp", {})
    (entry,) = _entries(app, subject="thing:lamp")
    assert entry.outcome is Outcome.DONE
    assert entry.actor.email == owner.email
    assert (entry.action, entry.note) == ("admin_things.save", "made bigger")
    (change,) = entry.changes
    assert (change.before, change.after) == ({"size": 1}, {"size": 2})
    shown = owner.get(f"/admin/audit/{entry.id}").text
    assert "made bigger" in shown
    assert "<code>size</code>" in shown
    listed = owner.get("/admin/audit").text
    assert "lamp" in listed
    for page in (shown, listed):
        assert {"Owner", "Done"} <= set(re.findall(r"\w+", page))
        assert not {"owner", "done"} & set(re.findall(r"(?<=[>(])\w+(?=[<)])", page))


@pytest.mark.parametrize("name", ["odd", "preview"])
def test_what_changed_nothing_leaves_no_entry(app: Flask, things: object, name: str) -> None:
    Staff(app).post(f"/admin/things/{name}", {})
    assert _entries(app) == []


def test_an_error_leaves_a_failed_entry(app: Flask, things: object) -> None:
    app.testing = False
    assert Staff(app).post("/admin/things/broken", {}).status_code == 500
    assert [each.outcome for each in _entries(app)] == [Outcome.FAILED]


def test_a_view_without_permission_answers_nobody(app: Flask, things: object) -> None:
    app.testing = False
    assert Staff(app).post("/admin/things/unnamed", {}).status_code == 500


def test_a_deletion_is_undone_once(app: Flask, things: dict[str, str]) -> None:
    owner = Staff(app)
    page = owner.follow(owner.post("/admin/things/lamp/deletion", {}))
    assert "Deleted: lamp." in page.text
    (entry,) = _entries(app, subject="thing:lamp")
    assert things == {}
    assert owner.post(f"/admin/audit/{entry.id}/undo", {}).status_code == 303
    assert things == {"lamp": "here"}
    assert owner.post(f"/admin/audit/{entry.id}/undo", {}).status_code == 409
    undone, deleted = _entries(app, subject="thing:lamp")
    assert (undone.undoes, deleted.undone_by) == (deleted.id, undone.id)


def test_an_undo_that_cannot_be_may_be_tried_again(app: Flask, things: dict[str, str]) -> None:
    owner = Staff(app)
    owner.post("/admin/things/lamp/deletion", {})
    (entry,) = _entries(app, subject="thing:lamp")
    things["lamp"] = "another"
    assert owner.post(f"/admin/audit/{entry.id}/undo", {}).status_code == 409
    del things["lamp"]
    assert owner.post(f"/admin/audit/{entry.id}/undo", {}).status_code == 303


def test_undoing_takes_the_permission_of_deleting(app: Flask, things: dict[str, str]) -> None:
    Staff(app).post("/admin/things/lamp/deletion", {})
    (entry,) = _entries(app, subject="thing:lamp")
    assert Staff(app, Role.SUPPORT).post(f"/admin/audit/{entry.id}/undo", {}).status_code == 409
    assert things == {}


def test_a_process_that_died_leaves_its_entry(app: Flask) -> None:
    log = service(AuditLog, app)
    actor = Actor(account_id=AccountId("acc_1"), email="a@b.example", role="owner", network="")
    entry_id = log.begin(actor, "admin_orders.refund")
    found = log.get(entry_id)
    assert found.outcome is Outcome.BEGUN
    log.conclude(entry_id, [Change(subject="order:1", label="1", before={}, after={"paid": 0})])
    log.take_back(entry_id)  # concluded ones stay
    assert log.get(entry_id).outcome is Outcome.DONE


def test_the_list_goes_on_where_its_page_ended(app: Flask) -> None:
    log = service(AuditLog, app)
    actor = Actor(account_id=AccountId("acc_1"), email="a@b.example", role="owner", network="")
    for _ in range(120):
        log.conclude(log.begin(actor, "admin_orders.note"))
    owner, seen, path = Staff(app), [], "/admin/audit?action=admin_orders.note"
    while path:
        page = soup(owner.get(path))
        seen += [link["href"] for link in page.select("tbody td:first-child a")]
        following = page.select_one("a[rel=next]")
        path = str(following["href"]) if following else ""
    assert len(seen) == len(set(seen)) == 120


def test_differences_are_named_by_path() -> None:
    old = {"title": "Shirt", "tags": ["a", "b"], "same": 1, "gone": {"x": 1}}
    new = {"title": "Shirts", "tags": ["a", "c", "d"], "same": 1}
    assert differences(old, new) == [
        Difference(path="gone.x", before=1, after=None),
        Difference(path="tags.1", before="b", after="c"),
        Difference(path="tags.2", before=None, after="d"),
        Difference(path="title", before="Shirt", after="Shirts"),
    ]


@pytest.mark.parametrize("name", ["²", "९", "9" * 5_000])
def test_what_looks_like_a_number_and_is_a_name_is_a_difference(name: str) -> None:
    old, new = ({"attributes": {name: value}} for value in "ab")
    assert differences(old, new) == [Difference(path=f"attributes.{name}", before="a", after="b")]


def test_what_is_narrowed_differs_in_the_same() -> None:
    old = {"a": [{"x": 1, "y": 2}, {"x": 3}], "same": {"z": []}, "gone": 1, "kind": {"k": 1}}
    new = {"a": [{"x": 1, "y": 5}], "same": {"z": []}, "come": [4], "kind": "k"}
    before, after = narrowed(old, new)
    assert before == {"a": {"0": {"y": 2}, "1": {"x": 3}}, "gone": 1, "kind": {"k": 1}}
    assert after == {"a": {"0": {"y": 5}}, "come": [4], "kind": "k"}
    assert differences(before, after) == differences(old, new)
