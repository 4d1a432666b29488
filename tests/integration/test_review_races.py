"""Reviews written and decided upon at the same time, from the command line, and leaving."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from app.account.leaving import Leaving
from app.catalog.models import Product
from app.catalog.service import CatalogService
from app.db.database import Database
from app.identity.service import AccountService
from app.inventory.service import InventoryService
from app.reviews.errors import ReviewMovedOn
from app.reviews.models import Draft, ReviewState
from app.reviews.service import ReviewService
from app.shared.ids import AccountId, ProductId, Sku
from app.stock_alerts.service import StockAlertService
from app.web.registry import service
from app.wishlists.rules import list_of_account
from app.wishlists.service import WishlistService
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.dispatching import send_everything
from tests.support.member import make_proven
from tests.support.reviews import Buyers

_DRAFT = Draft(stars=4, title="Good", text="Very.", name="Ann")


@pytest.fixture
def mug(catalog: CatalogMaker) -> ProductId:
    mug = make_product("Mug", make_variant("MUG"))
    catalog.add(mug)
    return mug.id


def _counts(app: Flask) -> tuple[int, ...]:
    product = service(CatalogService, app).find_product("mug")
    assert isinstance(product, Product)
    return product.ratings.counts


def test_one_buyer_with_two_orders_in_many_tabs_has_one_review(
    app: Flask, mug: ProductId, database: Database
) -> None:
    buyers, reviews, ann = Buyers(app), service(ReviewService, app), AccountId("acc_ann")
    for _ in range(2):
        buyers.order(mug, ann)
    right = reviews.right_of_account(ann, "Ann", mug)

    def write(stars: int) -> None:
        reviews.write(right, Draft(stars=stars, title="Good", text="Very.", name="Ann"))

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(write, (1, 2, 3, 4, 5)))
    (stored,) = database["reviews"].find({})
    assert stored["version"] == 5
    assert stored["state"] == "waiting"


def test_what_is_decided_at_once_is_counted_exactly(app: Flask, mug: ProductId) -> None:
    buyers, reviews = Buyers(app), service(ReviewService, app)
    written = []
    for number in range(4):
        account_id = AccountId(f"acc_{number}")
        buyers.order(mug, account_id)
        right = reviews.right_of_account(account_id, "Ann", mug)
        written.append(reviews.write(right, _DRAFT))
    with ThreadPoolExecutor(4) as pool:
        for each in [
            pool.submit(reviews.publish, review.id, 1, "test") for review in (*written, *written)
        ]:
            each.result()
    assert _counts(app) == (0, 0, 0, 4, 0)
    reviews.refuse(written[0].id, 1, "test", "No.")
    reviews.refuse(written[0].id, 1, "test", "No.")
    assert _counts(app) == (0, 0, 0, 3, 0)


def test_a_text_that_nobody_read_is_not_published(app: Flask, mug: ProductId) -> None:
    buyers, reviews, ann = Buyers(app), service(ReviewService, app), AccountId("acc_ann")
    buyers.order(mug, ann)
    right = reviews.right_of_account(ann, "Ann", mug)
    read = reviews.write(right, _DRAFT)
    reviews.write(right, Draft(stars=1, title="Spam", text="Spam.", name="Ann"))
    with pytest.raises(ReviewMovedOn):
        reviews.publish(read.id, read.version, "test")
    assert _counts(app) == (0, 0, 0, 0, 0)


def test_staff_decides_on_the_command_line(app: Flask, mug: ProductId) -> None:
    buyers, reviews, ann = Buyers(app), service(ReviewService, app), AccountId("acc_ann")
    buyers.order(mug, ann)
    review = reviews.write(reviews.right_of_account(ann, "Ann", mug), _DRAFT)

    def run(*words: str) -> tuple[int, str]:
        result = app.test_cli_runner().invoke(args=["reviews", *words])
        return result.exit_code, result.output

    code, output = run("list")
    assert code == 0
    assert f"{review.handle}  4/5" in output
    assert "Good" in output
    assert run("publish", review.handle) == (0, f"{review.handle} is published\n")
    assert _counts(app) == (0, 0, 0, 1, 0)
    assert run("list") == (0, "0 waiting\n")
    assert run("refuse", review.handle, "--reason", "No.") == (0, f"{review.handle} is refused\n")
    assert reviews.get(review.id).state is ReviewState.REFUSED
    assert reviews.get(review.id).reason == "No."
    code, output = run("publish", f"{review.id}:9")
    assert (code, "has changed since" in output) == (1, True)
    code, output = run("publish", "rev_none:1")
    assert (code, "no such review" in output) == (1, True)
    assert run("publish", review.id)[0] == 2


def test_an_account_takes_what_it_said_and_wished_for_along_and_leaves_none_of_it(
    app: Flask, mug: ProductId, database: Database
) -> None:
    account_id = AccountId(make_proven(app, "ann@example.com"))
    account = service(AccountService, app).get(account_id)
    reviews = service(ReviewService, app)
    Buyers(app).order(mug, account_id)
    review = reviews.write(reviews.right_of_account(account_id, "Ann", mug), _DRAFT)
    reviews.publish(review.id, review.version, "test")
    service(WishlistService, app).add(list_of_account(account_id), Sku("MUG"))
    service(InventoryService, app).set_on_hand({Sku("MUG"): 0}, "test")
    service(StockAlertService, app).wait(Sku("MUG"), account.email)
    known = service(Leaving, app).export(account)
    assert known["reviews"][0]["text"] == "Very."
    assert [each["sku"] for each in known["wishlist"]] == ["MUG"]
    assert known["waits_for"] == ["MUG"]
    send_everything(database)
    service(Leaving, app).close(account)
    assert _counts(app) == (0, 0, 0, 0, 0)
    for name in ("reviews", "wishlists", "stock_alerts"):
        assert database[name].count_documents({}) == 0
