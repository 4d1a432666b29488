"""Groups: made, renamed, filled, deleted and brought back; promotions for them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from app.db.database import Database
from app.groups.service import GroupService
from app.promotions.definitions import read_definitions
from app.promotions.models import Conditions
from app.promotions.service import PromotionService
from app.web.registry import service
from tests.support.catalog import CatalogMaker
from tests.support.member import Member, make_proven
from tests.support.people import entries, last_change
from tests.support.promotions import PromotionMaker, enter
from tests.support.shopper import Shopper
from tests.support.staff import Staff


def _made(app: Flask, *emails: str) -> GroupService:
    groups = service(GroupService, app)
    groups.create("vip", "Friends")
    groups.add("vip", emails)
    return groups


def test_a_group_is_made_once(app: Flask) -> None:
    owner, form = Staff(app), {"name": "Friends", "code": "VIP"}
    assert owner.post("/admin/groups", form).location.endswith("/admin/groups/vip")
    assert owner.post("/admin/groups", form).status_code == 303
    taken = owner.post("/admin/groups", {"name": "Others", "code": "vip"})
    assert taken.status_code == 422
    assert "There is a group with the code vip already." in taken.text
    assert 'value="Others"' in taken.text
    wrong = owner.post("/admin/groups", {"name": "Others", "code": "no spaces"})
    assert wrong.status_code == 422
    assert [each.name for each in service(GroupService, app).every()] == ["Friends"]
    assert last_change(app, "group:vip").after == {"code": "vip", "name": "Friends"}


def test_a_name_is_written_over_what_was_read(app: Flask) -> None:
    groups, owner = _made(app), Staff(app)
    form = {"name": "Buddies", "version": "1"}
    groups.rename("vip", "Pals", 1)
    answer = owner.post("/admin/groups/vip", form)
    assert answer.status_code == 409
    assert "Pals" in answer.text
    assert "Buddies" in answer.text
    assert groups.get("vip").name == "Pals"
    assert entries(app) == []
    assert owner.post("/admin/groups/vip", {"name": "Buddies", "version": "2"}).status_code == 303
    assert last_change(app, "group:vip").before == {"code": "vip", "name": "Pals"}


def test_many_addresses_are_added_and_some_removed(app: Flask) -> None:
    groups, owner = _made(app, "a@x.example"), Staff(app)
    answer = owner.post(
        "/admin/groups/vip/members", {"emails": "A@x.example, b@x.example\nc@x.example;"}
    )
    assert answer.status_code == 303
    assert groups.get("vip").size == 3
    assert last_change(app, "group:vip").after == {"added": ["b@x.example", "c@x.example"]}
    wrong = owner.post("/admin/groups/vip/members", {"emails": "d@x.example\nnot-one"})
    assert wrong.status_code == 422
    assert "not-one" in wrong.text
    assert groups.get("vip").size == 3
    chosen = {"email": ["b@x.example", "c@x.example", "z@x.example"]}
    assert owner.post("/admin/groups/vip/removal", chosen).status_code == 303
    assert [each.email for each in groups.members("vip", "", 10)] == ["a@x.example"]
    assert last_change(app, "group:vip").before == {"members": ["b@x.example", "c@x.example"]}
    assert owner.post("/admin/groups/vip/removal", {}).status_code == 422


def test_a_deleted_group_comes_back_with_its_members(app: Flask) -> None:
    groups, owner = _made(app, "a@x.example", "b@x.example"), Staff(app)
    page = owner.follow(owner.post("/admin/groups/vip/deletion", {}))
    assert "Deleted: Friends." in page.text
    assert groups.every() == []
    assert groups.codes_of(["a@x.example"]) == frozenset()
    (entry,) = entries(app, "group:vip")
    assert owner.post(f"/admin/audit/{entry.id}/undo", {}).status_code == 303
    assert groups.get("vip").size == 2
    assert groups.codes_of(["a@x.example"]) == {"vip"}


def test_the_same_address_added_at_once_is_counted_once(app: Flask) -> None:
    groups = _made(app)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: groups.add("vip", ["a@x.example"]), range(4)))
    assert groups.get("vip").size == 1


# --- promotions for a group -----------------------------------------------------------------------


def _with_mugs(app: Flask, shopper: Shopper) -> None:
    shopper.add(CatalogMaker(app).mug(), 2)


def test_an_automatic_promotion_is_for_who_is_in_the_group(app: Flask, shopper: Shopper) -> None:
    PromotionMaker(app).add(name="For friends", conditions=Conditions(groups=("vip",)))
    groups = _made(app)
    make_proven(app, "ann@example.com")
    ann = Member(app)
    ann.log_in()
    _with_mugs(app, ann)
    shopper.add("MUG", 2)
    assert "For friends" not in ann.get("/cart").text
    groups.add("vip", ["ann@example.com"])
    assert "For friends" in ann.get("/cart").text
    assert "For friends" not in shopper.get("/cart").text


def test_a_code_for_a_group_is_refused_to_others(app: Flask) -> None:
    PromotionMaker(app).add("FRIENDS", conditions=Conditions(groups=("vip",)))
    groups = _made(app)
    make_proven(app, "ann@example.com")
    ann = Member(app)
    ann.log_in()
    _with_mugs(app, ann)
    refused = enter(ann, "FRIENDS")
    assert refused.status_code == 422
    assert "This code is for another customer." in refused.text
    groups.add("vip", ["ann@example.com"])
    assert enter(ann, "FRIENDS").status_code == 303
    assert "FRIENDS" in ann.get("/cart").text


def test_a_guest_is_known_at_checkout(app: Flask, shopper: Shopper) -> None:
    PromotionMaker(app).add("FRIENDS", conditions=Conditions(groups=("vip",)))
    _made(app, "bob@example.com")
    _with_mugs(app, shopper)
    enter(shopper, "FRIENDS")
    assert "We check at checkout" in shopper.get("/cart").text
    refused = shopper.check_out()
    assert refused.status_code == 422
    assert service(Database, app)["orders"].find_one() is None
    accepted = shopper.check_out(email="bob@example.com")
    assert accepted.status_code == 303


def test_a_file_defines_promotions_for_groups(app: Flask) -> None:
    text = """[{"name": "Trade", "automatic": true, "conditions": {"groups": ["trade"]},
        "benefit": {"kind": "percentage", "basis_points": 500}}]"""
    (definition,) = read_definitions(text, ["US"])
    promotions = service(PromotionService, app)
    promotions.create(definition.promotion)
    assert promotions.get(definition.promotion.id).conditions.groups == ("trade",)
