"""What nobody types and somebody sends: every form and list answers with a page, never a failure."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from app.admin.products_variants_draft import (
    MOST_VARIANTS,
    Draft,
    OptionDraft,
    ValueDraft,
)
from app.credit.service import CreditService
from app.db.database import Database
from app.groups.service import GroupService
from app.web.registry import service
from tests.support.catalog import CatalogMaker
from tests.support.member import Mailbox, Member
from tests.support.people import work
from tests.support.staff import Staff

HUGE = "9" * 5_000  # more digits than Python reads
ODD = (HUGE, "9" * 25, "²", "１２", "1e999999", "-1e999999", "1e-999999", "NaN", "-1", "\x00")
_MARKET = "/admin/settings/markets/US"
_FORMS: tuple[tuple[str, dict[str, str]], ...] = (
    ("/admin/bundles/new", {"title": "Set", "percent": "{}", "pricing": "percent", "part.0.sku": "MUG"}),
    ("/admin/bundles/new", {"title": "Set", "drop_part": "{}", "up_part": "{}", "target": "{}", "add": "MUG"}),
    ("/admin/bundles/new", {"title": "Set", "pricing": "fixed", "price.US": "{}", "part.0.sku": "MUG"}),
    ("/admin/categories/new", {"name": "Odd", "slug": "odd-category", "revision": "{}"}),
    ("/admin/categories/new", {"name": "Odd", "slug": "odd-2", "image_width": "{}", "image_src": "/media/x.webp"}),
    ("/admin/collections/new", {"title": "Odd", "slug": "odd", "revision": "{}", "drop_condition": "{}"}),
    ("/admin/collections/new", {"title": "Odd", "slug": "odd-2", "kind": "rule", "condition.0.field": "price", "condition.0.least.US": "{}"}),
    ("/admin/gift-cards", {"amount": "{}", "currency": "USD", "key": "gift-card-key-1"}),
    ("/admin/groups/vip", {"name": "Friends", "version": "{}"}),
    ("/admin/home", {"market": "", "revision": "{}"}),
    ("/admin/inventory/MUG/adjustment", {"location": "main", "change": "{}", "cause": "damage", "key": "adjust-key"}),
    ("/admin/inventory/MUG/count", {"location": "main", "read_at": "{}", "quantity": "{}"}),
    ("/admin/inventory/MUG/threshold", {"read": "{}", "threshold": "3"}),
    ("/admin/locations/main", {"name": "Main", "priority": "0", "version": "{}"}),
    ("/admin/money/findings/none", {"action": "mark", "version": "{}"}),
    ("/admin/products/bulk/prices", {"action": "amount", "value": "{}", "market": "US"}),
    ("/admin/promotions/new", {"name": "Odd", "kind": "percentage", "share": "{}", "priority": "{}", "limit_total": "{}"}),
    ("/admin/reviews/decision", {"review": "rev_x:{}", "decision": "publish"}),
    ("/admin/settings/gateways/stripe/keys", {"version": "{}", "secret_key": "sk_test_x"}),
    ("/admin/settings/gateways/stripe/removal", {"version": "{}"}),
    ("/admin/settings/shop", {"seller": "Us", "cancel_minutes": "{}", "return_days": "30", "version": "{}"}),
    ("/admin/settings/shop/defaults", {"version": "{}"}),
    ("/admin/transfers", {"sku": "MUG", "units": "{}", "source": "main", "target": "west"}),
    (_MARKET, {"version": "{}", "rates.0.rate": "{}", "rates.{}.rate": "1", "position": "{}"}),
    (_MARKET, {"version": "1", "do": "remove rates.{}"}),
    (_MARKET, {"version": "1", "do": "remove zones.{}.methods.{}"}),
    (_MARKET, {"version": "1", "zones.0.methods.0.price": "{}", "zones.0.methods.0.kind": "flat"}),
)  # fmt: skip
_LISTS = (
    "/admin/inventory?sort=available&after={}:x", "/admin/inventory?q=m&after={}:x",
    "/admin/inventory/MUG?before={}", "/admin/orders?sort=total&after={}-x", "/admin/orders?after={}_x",
    "/admin/customers?spent={}", "/admin/products?sort=updated&after={}~x",
    "/admin/settings/markets/US/trial?value={}&grams={}", "/admin/promotions?q={}", "/account/orders?page={}",
    "/products?page={}&min_price={}", "/products/dune-mug/reviews?page={}",
)  # fmt: skip


@pytest.fixture(autouse=True)
def shop(app: Flask, catalog: CatalogMaker) -> None:
    """A mug, and a group."""
    catalog.mug()
    service(GroupService, app).create("vip", "Friends")


def _filled(fields: dict[str, str], odd: str) -> dict[str, str]:
    return {name.replace("{}", odd): value.replace("{}", odd) for name, value in fields.items()}


@pytest.mark.parametrize(("path", "fields"), _FORMS)
def test_odd_numbers_in_forms_are_refused_or_left_alone(
    owner: Staff, path: str, fields: dict[str, str]
) -> None:
    token = owner.token()
    for odd in ODD:
        form = {"csrf_token": token, **_filled(fields, odd)}
        assert owner.client.post(path, data=form).status_code < 500, odd[:20]


@pytest.mark.parametrize("address", _LISTS)
def test_odd_places_in_lists_show_a_page(owner: Staff, address: str) -> None:
    for odd in (*ODD[:-1], "%00", "9999-12-31", "0001-01-01T00:00%2B23:59"):
        assert owner.get(address.replace("{}", odd)).status_code < 500, odd[:20]


def test_the_last_day_there_is_ends_a_list_of_orders(owner: Staff) -> None:
    assert owner.get("/admin/orders?from=0001-01-01&to=9999-12-31").status_code == 200
    assert owner.get("/admin/orders?sort=oldest&to=9999-12-31").status_code == 200
    assert owner.get("/admin/money?from=9999-12-31&to=9999-12-31").status_code == 200


def test_a_gift_card_ends_before_time_does(app: Flask, owner: Staff, database: Database) -> None:
    form = {"amount": "25", "currency": "USD", "key": "gift-card-key-2", "expires_on": "9999-12-31"}
    answer = owner.post("/admin/gift-cards", form)
    assert answer.status_code == 422
    assert "Please choose an earlier day." in answer.text
    assert database["credit_accounts"].count_documents({}) == 0
    assert service(CreditService, app).check() == []


def test_a_note_is_of_no_version_beyond_all(app: Flask, owner: Staff, database: Database) -> None:
    person = Member(app)
    assert person.register().status_code == 303
    work(app)
    customer = database["customers"].find_one()
    assert customer is not None
    for odd in ODD:
        form = {"text": "Rings twice.", "version": odd}
        assert owner.post(f"/admin/customers/{customer['_id']}/note", form).status_code < 500
    assert database["customer_notes"].count_documents({}) == 0


def test_variants_beyond_all_are_not_waited_for() -> None:
    values = tuple(ValueDraft(key=f"v{number}", text=f"Value {number}") for number in range(3_000))
    options = tuple(
        OptionDraft(key=f"o{place}", name=f"Option {place}", values=values) for place in range(3)
    )
    assert len(Draft(options=options, rows=()).after("generate", "mug").rows) == MOST_VARIANTS


def test_names_of_fields_are_not_nested_without_end(owner: Staff) -> None:
    form: dict[str, Any] = {"version": "1", ".".join("a" * 5_000): "1"}
    assert owner.post(_MARKET, form).status_code == 422


def test_to_ask_for_the_options_needs_no_account_and_breaks_nothing(owner: Staff) -> None:
    for path in ("/admin/gift-cards", "/admin/orders", "/account", "/cart", "/products"):
        assert owner.client.options(path).status_code < 500, path
    assert owner.get("/admin").status_code == 200


def test_a_test_mail_goes_out_whatever_its_key(owner: Staff, mailbox: Mailbox) -> None:
    path = "/admin/settings/mails/order_confirmation/de/test"
    assert owner.post(path, {"key": "𝚪Æ\n"}).status_code == 303
    (mail,) = mailbox.read(owner.email)
    assert str(mail["Message-ID"]).isascii()


def test_an_origin_that_is_none_is_another_site(owner: Staff) -> None:
    form = {"csrf_token": owner.token(), "name": "Pals", "version": "1"}
    answer = owner.client.post("/admin/groups/vip", data=form, headers={"Origin": "http://[::1"})
    assert answer.status_code == 403
