"""Reviews in the panel: read, published and refused, one by one or many at once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from app.catalog.models import Product
from app.identity.models import Role
from app.reviews.models import Draft, Review, ReviewState
from app.reviews.service import ReviewService
from app.shared.ids import AccountId
from app.web.registry import service
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.people import entries, last_change
from tests.support.reviews import Buyers
from tests.support.shopper import HTMX, soup
from tests.support.staff import Staff


@pytest.fixture
def mug(catalog: CatalogMaker) -> Product:
    """Something to review."""
    product = make_product("Dune Mug", make_variant("MUG"))
    catalog.add(product)
    return product


def _waiting(app: Flask, mug: Product, name: str = "Ann", stars: int = 4) -> Review:
    reviews, account_id = service(ReviewService, app), AccountId(f"acc_{name}")
    Buyers(app).order(mug.id, account_id)
    draft = Draft(stars=stars, title=f"Said by {name}", text="Holds tea.", name=name)
    return reviews.write(reviews.right_of_account(account_id, name, mug.id), draft)


def _rewritten(app: Flask, mug: Product, review: Review) -> Review:
    reviews = service(ReviewService, app)
    right = reviews.right_of_account(AccountId(str(review.account_id)), "Ann", mug.id)
    return reviews.write(right, replace(review.draft, text="Leaks."))


def _states(app: Flask, *reviews: Review) -> list[ReviewState]:
    return [service(ReviewService, app).get(each.id).state for each in reviews]


def test_those_that_wait_are_listed_first(app: Flask, mug: Product) -> None:
    _waiting(app, mug)
    Buyers(app).says(mug.id, 5, "Shown")
    staff = Staff(app, Role.SUPPORT)
    queue = staff.get("/admin/reviews")
    assert "Said by Ann" in queue.text
    assert "Dune Mug" in queue.text
    assert "Shown" not in queue.text
    assert "Shown" in staff.get("/admin/reviews?state=published").text
    assert "Said by Ann" in staff.get("/admin/reviews?state=all&q=dune-mug&stars=4").text
    assert "Said by Ann" not in staff.get("/admin/reviews?q=other").text
    assert "<html" not in staff.get("/admin/reviews", headers=HTMX).text


def test_one_is_published_as_it_was_read(app: Flask, mug: Product) -> None:
    review, staff = _waiting(app, mug), Staff(app)
    assert "Holds tea." in staff.get(f"/admin/reviews/{review.id}").text
    form = {"handle": review.handle, "action": "publish"}
    assert staff.post("/admin/reviews/decision", form).status_code == 303
    assert staff.post("/admin/reviews/decision", form).status_code == 303
    assert _states(app, review) == [ReviewState.PUBLISHED]
    change = last_change(app, f"review:{review.id}")
    assert (change.before or {})["state"] == "waiting"
    assert (change.after or {})["state"] == "published"


def test_one_is_refused_with_a_reason(app: Flask, mug: Product) -> None:
    review = _waiting(app, mug)
    form = {"handle": review.handle, "action": "refuse", "reason": "About the post"}
    assert Staff(app).post("/admin/reviews/decision", form).status_code == 303
    known = service(ReviewService, app).get(review.id)
    assert (known.state, known.reason) == (ReviewState.REFUSED, "About the post")
    assert known.moderated_by == "owner@staff.example"


def test_one_that_was_written_anew_is_read_again(app: Flask, mug: Product) -> None:
    review = _waiting(app, mug)
    _rewritten(app, mug, review)
    form = {"handle": review.handle, "action": "refuse", "reason": "Too short"}
    answer = Staff(app).post("/admin/reviews/decision", form)
    assert answer.status_code == 409
    assert "Leaks." in answer.text
    assert "Too short" in answer.text
    assert _states(app, review) == [ReviewState.WAITING]
    assert entries(app) == []


def test_many_are_published_at_once_but_for_those_that_changed(app: Flask, mug: Product) -> None:
    first, second, third = (_waiting(app, mug, name) for name in ("Ann", "Bob", "Cyd"))
    _rewritten(app, mug, second)
    owner = Staff(app)
    form = {"handle": [each.handle for each in (first, second, third)], "action": "publish"}
    page = owner.follow(owner.post("/admin/reviews/decision", form))
    assert "2 reviews are published." in page.text
    assert "1 was written anew" in page.text
    assert _states(app, first, second, third) == [
        ReviewState.PUBLISHED,
        ReviewState.WAITING,
        ReviewState.PUBLISHED,
    ]
    assert len(entries(app)[0].changes) == 2


@pytest.mark.parametrize(
    "form", [{}, {"action": "publish"}, {"action": "praise", "handle": "rev_1:1"}]
)
def test_what_decides_nothing_changes_nothing(
    app: Flask, mug: Product, form: dict[str, str]
) -> None:
    review = _waiting(app, mug)
    assert Staff(app).post("/admin/reviews/decision", form).status_code == 422
    assert _states(app, review) == [ReviewState.WAITING]
    assert entries(app) == []


def test_no_decision_leads_out_of_the_shop(app: Flask, mug: Product) -> None:
    form = {"handle": _waiting(app, mug).handle, "action": "publish", "back": "https://x.example"}
    assert Staff(app).post("/admin/reviews/decision", form).location == "/admin/reviews"


def test_the_list_goes_on_where_its_page_ended(app: Flask, mug: Product) -> None:
    for number in range(30):
        _waiting(app, mug, f"B{number}")
    owner, seen, path = Staff(app), set(), "/admin/reviews"
    while path:
        page = soup(owner.get(path))
        seen |= {box["value"] for box in page.select("input[name=handle]")}
        following = page.select_one("a[rel=next]")
        path = str(following["href"]) if following else ""
    assert len(seen) == 30
