"""What gets no address in its form gets one that is made from what it is called."""

from __future__ import annotations

import pytest
from flask import Flask

from app.catalog.models import Category, Collection
from app.catalog.shelving import Shelving
from app.groups.service import GroupService
from app.inventory.locations import Locations
from app.pages.service import ContentPages
from app.web.registry import service
from tests.support.shopper import soup
from tests.support.staff import Staff

# Where each is made, its fields for what it is called and for its address, and what else is asked.
KINDS = {
    "category": ("/admin/categories/new", "name", "slug", {}),
    "collection": ("/admin/collections/new", "title", "slug", {"kind": "hand"}),
    "group": ("/admin/groups", "name", "code", {}),
    "location": ("/admin/locations/new", "name", "code", {"priority": "10"}),
    "page": ("/admin/pages/new", "title_en", "slug", {"body_en": "Words.", "position": "10"}),
}


def _addresses(app: Flask, kind: str) -> list[str]:
    match kind:
        case "category":
            return [each.slug for each in service(Shelving, app).every(Category)]
        case "collection":
            return [each.slug for each in service(Shelving, app).every(Collection)]
        case "group":
            return [each.code for each in service(GroupService, app).every()]
        case "location":
            return [each.code for each in service(Locations, app).every() if each.code != "main"]
        case _:
            return [each.slug for each in service(ContentPages, app).every()]


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_address_is_made_of_the_name(app: Flask, owner: Staff, kind: str) -> None:
    path, name, address, more = KINDS[kind]
    before = _addresses(app, kind)
    answer = owner.post(path, {**more, name: "Über & Under", address: " "})
    assert answer.status_code == 303, answer.text
    assert set(_addresses(app, kind)) - set(before) == {"uber-under"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_made_address_that_is_taken_is_named_beside_the_field(
    app: Flask, owner: Staff, kind: str
) -> None:
    path, name, address, more = KINDS[kind]
    owner.post(path, {**more, name: "Under", address: "uber-under"})
    before = _addresses(app, kind)
    answer = owner.post(path, {**more, name: "Über & Under", address: ""})
    assert answer.status_code in {409, 422}
    error = soup(answer).select_one(f"#{address}-error")
    assert error is not None
    assert "uber-under" in error.text
    assert "Über &amp; Under" in answer.text
    assert _addresses(app, kind) == before


@pytest.mark.parametrize("called", ["", "!?"])
@pytest.mark.parametrize("kind", KINDS)
def test_without_a_letter_there_is_no_address(
    app: Flask, owner: Staff, kind: str, called: str
) -> None:
    path, name, address, more = KINDS[kind]
    before = _addresses(app, kind)
    answer = owner.post(path, {**more, name: called, address: ""})
    assert answer.status_code == 422
    missing, other = (address, name) if called else (name, address)
    assert soup(answer).select_one(f"#{missing}-error") is not None
    assert soup(answer).select_one(f"#{other}-error") is None  # one thing is wrong, not two
    assert _addresses(app, kind) == before


@pytest.mark.parametrize("kind", KINDS)
def test_the_form_asks_for_no_address(owner: Staff, kind: str) -> None:
    path, _, address, _ = KINDS[kind]
    field = soup(owner.get(path)).select_one(f"[name={address}]")
    assert field is not None
    assert not {"required", "aria-required"} & field.attrs.keys()
    hint = soup(owner.get(path)).select_one(f"#{address}-hint")
    assert hint is not None
    assert "Leave it empty" in hint.text
