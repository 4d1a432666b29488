"""Pages of the owner's own words are put up, changed and taken down in the panel."""

from __future__ import annotations

import pytest
from flask import Flask

from app.audit_log.models import AuditFilter
from app.audit_log.service import AuditLog
from app.pages.service import ContentPages
from app.web.registry import service
from tests.support.forms import errors, filled_form
from tests.support.shopper import Shopper, soup
from tests.support.staff import Staff

PAGES = "/admin/pages"
NEW = f"{PAGES}/new"
TERMS = f"{PAGES}/terms"
FILLED = {"slug": "terms", "title_en": "Terms", "body_en": "You pay once.", "at_checkout": "y"}


def _add(owner: Staff, **changes: str) -> object:
    return owner.post(NEW, filled_form(owner.get(NEW), NEW, **{**FILLED, **changes}))


@pytest.mark.parametrize("htmx", [False, True])
def test_a_page_is_put_up_changed_and_taken_down(
    app: Flask, owner: Staff, shopper: Shopper, htmx: bool
) -> None:
    form = filled_form(owner.get(NEW), NEW, **FILLED)
    assert owner.post(NEW, form, htmx=htmx).status_code == (200 if htmx else 303)
    assert "You pay once." in shopper.get("/pages/terms").text
    listed = soup(owner.get(PAGES)).select_one("tbody")
    assert [each["href"] for each in listed.select("a")] == [TERMS, "/pages/terms"]
    assert "English" in listed.text

    form = filled_form(owner.get(TERMS), TERMS, body_en="You never pay.", body_de="Nie.")
    assert form["at_checkout"] == "y"
    assert owner.post(TERMS, form, htmx=htmx).status_code == (200 if htmx else 303)
    assert "You never pay." in shopper.get("/pages/terms").text

    removal = f"{TERMS}/removal"
    form = filled_form(owner.get(TERMS), removal)
    for _ in range(2):
        assert owner.post(removal, form, htmx=htmx).status_code == (200 if htmx else 303)
    assert shopper.get("/pages/terms").status_code == 404
    assert owner.get(TERMS).status_code == 404
    told = service(AuditLog, app).list(AuditFilter(subject="page:terms"), 10)
    assert len(told) == 3
    assert told[0].changes[0].before["bodies"] == {"en": "You never pay.", "de": "Nie."}


def test_a_page_is_linked_in_the_markets_that_are_ticked(
    app: Flask, owner: Staff, shopper: Shopper
) -> None:
    assert _add(owner, slug="imprint", markets="DE").status_code == 303
    assert filled_form(owner.get(f"{PAGES}/imprint"), f"{PAGES}/imprint")["markets"] == "DE"
    assert "DE" in soup(owner.get(PAGES)).select_one("tbody").text
    assert "/pages/imprint" not in shopper.get("/").text
    assert shopper.get("/pages/imprint").status_code == 200
    shopper.post("/market", {"market": "DE", "language": "en"})
    assert "/pages/imprint" in shopper.get("/").text

    assert set(errors(_add(owner, slug="other", markets="XX"))) == {"markets"}
    assert [each.slug for each in service(ContentPages, app).every()] == ["imprint"]


def test_what_is_wrong_is_said_beside_its_field(app: Flask, owner: Staff) -> None:
    answer = _add(owner, slug="Big Words", title_en=" ", body_en="", title_de="x" * 81)
    assert answer.status_code == 422
    assert set(errors(answer)) == {"slug", "title_en", "body_en", "title_de"}
    assert filled_form(answer, NEW)["slug"] == "Big Words"
    assert set(errors(_add(owner, slug="new"))) == {"slug"}
    assert set(errors(_add(owner, position="many"))) == {"position"}
    assert service(ContentPages, app).every() == []


def test_an_address_has_one_page(app: Flask, owner: Staff) -> None:
    assert _add(owner).status_code == 303
    assert _add(owner).status_code == 303  # sent twice
    answer = _add(owner, title_en="Others")
    assert answer.status_code == 409
    assert set(errors(answer)) == {"slug"}
    assert service(ContentPages, app).read("terms").version == 1


def test_two_who_change_the_same_page_see_both_versions(app: Flask, owner: Staff) -> None:
    _add(owner)
    first = filled_form(owner.get(TERMS), TERMS, title_en="First")
    second = filled_form(owner.get(TERMS), TERMS, title_en="Second")
    removal = filled_form(owner.get(TERMS), f"{TERMS}/removal")
    assert owner.post(TERMS, first).status_code == 303
    clash = owner.post(TERMS, second)
    assert clash.status_code == 409
    cells = [each.text for each in soup(clash).select("#clash td")]
    assert cells == ["First", "Second"]
    assert owner.post(f"{TERMS}/removal", removal).status_code == 409
    assert owner.post(TERMS, filled_form(clash, TERMS)).status_code == 303
    assert service(ContentPages, app).read("terms").titles == {"en": "Second"}
