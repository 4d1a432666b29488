"""Reviews: who may write one, what becomes of it, and where it is shown."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from app.catalog.editing import ProductEditing
from app.catalog.models import Product
from app.catalog.repository import CatalogRepository
from app.catalog.service import CatalogService
from app.db.database import Database
from app.reviews.models import ReviewState
from app.reviews.service import ReviewService
from app.shared.clock import now
from app.shared.ids import AccountId
from app.web.page_cache import PageCache
from app.web.registry import service
from tests.support.answers import BOTH_WAYS, assert_refused, assert_shown, assert_went_to
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.member import Member
from tests.support.orders import OrderMaker
from tests.support.reviews import SAID, Buyers
from tests.support.shopper import Shopper, soup

FORM = "/products/dune-mug/review"
LIST = "/products/dune-mug/reviews"


@pytest.fixture
def mug(catalog: CatalogMaker) -> Product:
    mug = make_product("Dune Mug", make_variant("MUG"))
    catalog.add(mug)
    return mug


@pytest.fixture
def buyers(app: Flask) -> Buyers:
    return Buyers(app)


@pytest.fixture
def buyer(member: Member, mug: Product, buyers: Buyers) -> Member:
    """Ann, who has bought the mug."""
    buyers.order(mug.id, _account(member))
    return member


def _account(member: Member) -> AccountId:
    found = service(Database, member.app)["accounts"].find_one({"email": member.email})
    assert found is not None
    return AccountId(found["_id"])


def _stored(app: Flask) -> list[dict[str, object]]:
    return list(service(Database, app)["reviews"].find({}))


def _publish_all(app: Flask) -> None:
    reviews = service(ReviewService, app)
    for each in reviews.in_state(ReviewState.WAITING):
        reviews.publish(each.id, each.version, "test")


def test_a_product_that_is_not_out_yet_has_no_reviews_page(
    shopper: Shopper, catalog: CatalogMaker
) -> None:
    day = now() + timedelta(days=1)
    catalog.add(make_product("Secret Lamp", make_variant("LAMP"), published_at=day))
    assert shopper.get("/products/secret-lamp").status_code == 404
    for path in ("reviews", "review"):
        assert shopper.get(f"/products/secret-lamp/{path}").status_code == 404
    assert shopper.post("/products/secret-lamp/review/order", {}).status_code == 404


# --- writing --------------------------------------------------------------------------------------


@BOTH_WAYS
def test_a_buyer_writes_and_it_waits_to_be_read(app: Flask, buyer: Member, htmx: bool) -> None:
    answer = buyer.post(FORM, SAID, htmx=htmx)
    assert_went_to(answer, FORM, htmx=htmx)
    (stored,) = _stored(app)
    assert (stored["state"], stored["stars"], stored["text"]) == ("waiting", 4, SAID["text"])
    page = buyer.get(FORM)
    assert_shown(page)
    assert "We read every review" in page.text
    assert soup(page).select_one("textarea").text.strip() == SAID["text"]
    assert "Good mug" not in buyer.get(LIST).text


@BOTH_WAYS
def test_what_is_missing_is_said_beside_its_field_and_nothing_is_lost(
    app: Flask, buyer: Member, htmx: bool
) -> None:
    answer = buyer.post(FORM, {**SAID, "stars": "6", "title": " ", "text": "x" * 2001}, htmx=htmx)
    assert_refused(answer, "stars", "title", "text", htmx=htmx)
    assert "x" * 2001 in answer.text
    assert _stored(app) == []


def test_sending_twice_is_sending_once_and_a_change_waits_again(app: Flask, buyer: Member) -> None:
    for _ in range(2):
        buyer.post(FORM, SAID)
    _publish_all(app)
    buyer.post(FORM, SAID)
    (stored,) = _stored(app)
    assert (stored["state"], stored["version"]) == ("published", 1)
    buyer.post(FORM, {**SAID, "stars": "2", "text": "It broke."})
    (stored,) = _stored(app)
    assert (stored["state"], stored["version"], stored["stars"]) == ("waiting", 2, 2)
    assert _ratings(app) == 0


def _ratings(app: Flask) -> int:
    product = service(CatalogService, app).find_product("dune-mug")
    assert product is not None
    return product.ratings.total


def test_who_did_not_buy_it_is_refused(
    app: Flask, member: Member, mug: Product, buyers: Buyers, catalog: CatalogMaker
) -> None:
    other = make_product("Bowl", make_variant("BOWL"))
    catalog.add(other)
    buyers.order(other.id, _account(member))
    refunded = buyers.order(mug.id, _account(member))
    OrderMaker(app).refund(refunded.id)
    assert member.get(FORM).status_code == 403
    assert member.post(FORM, SAID).status_code == 403
    assert _stored(app) == []


def test_a_stranger_is_asked_who_they_are(app: Flask, shopper: Shopper, mug: Product) -> None:
    page = shopper.get(FORM)
    assert_shown(page)
    link = soup(page).select_one("main a[href^='/account/login']")
    assert link is not None
    assert link["href"] == "/account/login?next=%2Fproducts%2Fdune-mug%2Freview"
    assert shopper.post(FORM, SAID).status_code == 403
    assert _stored(app) == []


@pytest.mark.parametrize("path", ["/products/nothing/review", "/products/nothing/reviews"])
def test_what_is_not_sold_is_not_found(shopper: Shopper, path: str) -> None:
    assert shopper.get(path).status_code == 404


@BOTH_WAYS
def test_a_guest_shows_the_order(
    app: Flask, shopper: Shopper, mug: Product, buyers: Buyers, htmx: bool
) -> None:
    order = buyers.order(mug.id)
    service(Database, app)["orders"].update_one({}, {"$set": {"number": "MX-1"}})
    answer = shopper.post(
        f"{FORM}/order", {"number": "mx-1", "email": "Ann@example.com"}, htmx=htmx
    )
    link = f"{FORM}?order=MX-1&token={order.access_token}"
    assert_went_to(answer, link, htmx=htmx)
    secret = {"order": "MX-1", "token": order.access_token}
    assert_went_to(shopper.post(FORM, {**SAID, **secret}), link)
    assert "Good mug" in shopper.get(link).text
    assert shopper.get(f"{FORM}?order=MX-1&token=wrong").status_code == 404
    (stored,) = _stored(app)
    assert "ann@example.com" not in str(stored)


@BOTH_WAYS
def test_a_wrong_order_is_refused_without_saying_what_was_wrong(
    shopper: Shopper, mug: Product, htmx: bool
) -> None:
    answer = shopper.post(f"{FORM}/order", {"number": "MX-1", "email": "x@example.com"}, htmx=htmx)
    assert_shown(answer, htmx=htmx, status=422)
    assert "no order with this number and e-mail" in answer.text


def test_a_guest_who_registers_keeps_the_one_review(
    app: Flask, mug: Product, buyers: Buyers, member: Member
) -> None:
    order = buyers.order(mug.id)
    database = service(Database, app)
    database["orders"].update_one({}, {"$set": {"number": "MX-1"}})
    member.post(FORM, {**SAID, "order": "MX-1", "token": order.access_token})
    database["orders"].update_one({}, {"$set": {"account_id": _account(member)}})
    member.post(FORM, {**SAID, "title": "Still good"})
    (stored,) = _stored(app)
    assert (stored["title"], stored["account_id"]) == ("Still good", _account(member))


def _move(app: Flask, mug: Product) -> None:
    service(ProductEditing, app).change(mug.id, lambda product: replace(product, slug="sand-mug"))


def test_what_is_below_an_old_address_is_found_at_the_new_one(
    app: Flask, shopper: Shopper, mug: Product
) -> None:
    _move(app, mug)
    for below in ("reviews?page=2", "review?order=MX-1&token=a%2Bb"):
        answer = shopper.get(f"/products/dune-mug/{below}")
        assert (answer.status_code, answer.location) == (301, f"/products/sand-mug/{below}")


def test_a_review_begun_before_its_product_moved_is_kept(
    app: Flask, buyer: Member, mug: Product
) -> None:
    _move(app, mug)
    answer = buyer.post(FORM, SAID)
    assert (answer.status_code, answer.location) == (308, "/products/sand-mug/review")
    assert_went_to(buyer.post(answer.location, SAID), "/products/sand-mug/review")
    (stored,) = _stored(app)
    assert stored["text"] == SAID["text"]


# --- reading --------------------------------------------------------------------------------------


def test_markup_is_text_and_links_are_not_made(app: Flask, buyer: Member) -> None:
    text = "<script>alert(1)</script> https://spam.example [x](y)"
    buyer.post(FORM, {**SAID, "title": "<b>Bold</b>", "text": text})
    _publish_all(app)
    page = soup(Shopper(app).get(LIST))
    review = page.select_one(".review")
    assert review is not None
    assert text in review.text
    assert not review.select("script, b, a")


def test_a_page_has_ten_and_leads_on(app: Flask, shopper: Shopper, mug: Product) -> None:
    buyers = Buyers(app)
    for number in range(11):
        buyers.says(mug.id, 1 + number % 5, f"Number {number:02}")
    first = soup(shopper.get(LIST))
    titles = [each.text for each in first.select(".review h3")]
    assert titles == [f"Number {number:02}" for number in range(10, 0, -1)]
    older = first.select_one(".pager a[rel=next]")
    assert older is not None
    assert older["href"] == older["hx-get"] == f"{LIST}?page=2"
    second = soup(shopper.get(f"{LIST}?page=2"))
    assert [each.text for each in second.select(".review h3")] == ["Number 00"]
    assert shopper.get(f"{LIST}?page=99").status_code == 200


def test_machines_are_told_what_people_see(app: Flask, shopper: Shopper, mug: Product) -> None:
    buyers = Buyers(app)
    buyers.says(mug.id, 5, "</script><b>Fine")
    buyers.says(mug.id, 4, "Good")

    def data(path: str) -> dict[str, object]:
        scripts = soup(shopper.get(path)).select("script[type='application/ld+json']")
        found = [json.loads(each.text) for each in scripts]
        return next(each for each in found if each["@type"] == "Product")

    mean = {"@type": "AggregateRating", "ratingValue": "4.5", "reviewCount": 2, "bestRating": 5}
    assert data("/products/dune-mug")["aggregateRating"] == mean
    listed = data(LIST)
    assert listed["aggregateRating"] == mean
    reviews = listed["review"]
    assert isinstance(reviews, list)
    assert {each["name"] for each in reviews} == {"</script><b>Fine", "Good"}
    assert reviews[0]["author"] == {"@type": "Person", "name": "Ann"}


def test_the_account_page_lists_what_can_be_reviewed(app: Flask, buyer: Member) -> None:
    link = soup(buyer.get("/account/reviews")).select_one(f".row a[href='{FORM}']")
    assert link is None  # the order knows the product by its slug then
    row = soup(buyer.get("/account/reviews")).select_one(".row")
    assert row is not None
    assert "Write a review" in row.text
    buyer.post(FORM, SAID)
    assert "Being read" in buyer.get("/account/reviews").text
    assert Shopper(app).get("/account/reviews").status_code == 303


# --- kept pages -----------------------------------------------------------------------------------


@pytest.fixture
def following(app: Flask, mug: Product) -> Iterator[PageCache]:
    """A server's page cache, which follows what changes."""
    follower = service(CatalogService, app).follower
    follower.start()
    _until(lambda: follower.is_following)
    yield service(PageCache, app)
    follower.close()


def _until(said: object) -> None:
    end = time.monotonic() + 20
    while not said():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_kept_pages_follow_a_publication_and_its_end(
    app: Flask, mug: Product, following: PageCache, shopper: Shopper
) -> None:
    paths = ("/products/dune-mug", LIST, "/products")
    assert all("out of 5 stars" not in shopper.get(path).text for path in paths)
    misses = following.counts.misses
    assert all(shopper.get(path).status_code == 200 for path in paths)
    assert following.counts.misses == misses  # all three are kept
    review = Buyers(app).says(mug.id, 5)
    _until(lambda: all("out of 5 stars" in shopper.get(path).text for path in paths))
    page = soup(shopper.get("/products/dune-mug"))
    assert re.search(r"5\.0\s*·\s*1 review", page.select_one(".rating").text)
    part = page.select_one(f"[hx-get='{LIST}'][hx-trigger=revealed]")
    assert part is not None
    assert part.select_one(f"noscript a[href='{LIST}']")
    assert "<html" not in shopper.get(LIST, headers={"HX-Request": "true"}).text
    service(ReviewService, app).refuse(review.id, review.version, "test", "No.")
    _until(lambda: all("out of 5 stars" not in shopper.get(path).text for path in paths))


def test_storing_a_product_keeps_its_ratings(app: Flask, mug: Product) -> None:
    database = service(Database, app)
    Buyers(app).says(mug.id, 3)
    catalog = CatalogRepository(database)
    stored = catalog.find_by_slug("dune-mug")
    assert stored is not None
    assert stored.revision == mug.revision + 1  # cards show it too
    assert database.in_transaction(lambda session: catalog.replace(stored, session))
    assert _ratings(app) == 1
