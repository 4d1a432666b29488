"""Every answer tells browsers the policy, and no page needs an exception from it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.security.conftest import HTTPS
from tests.security.crawl import crawl, get_rules, sample
from tests.security.inline import inline_code
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.gateways import Sandbox
from tests.support.member import Member
from tests.support.shopper import HTMX, Shopper
from tests.support.staff import Staff

_OWN = "/admin/settings/mails/<kind>/<language>/html"  # a mail draws itself, in a sandbox


def directives(answer: TestResponse) -> dict[str, str]:
    """The content policy by directive."""
    policy = answer.headers["Content-Security-Policy"]
    parts = (each.strip().partition(" ") for each in policy.split(";"))
    return {name: sources for name, _, sources in parts}


def assert_guarded(answer: TestResponse, what: str) -> None:
    """The policy is there, each header once, and lets nothing inline through."""
    for name in (
        "Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy",
        "Permissions-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy",
    ):  # fmt: skip
        assert len(answer.headers.getlist(name)) == 1, (what, name)
    assert answer.headers["X-Content-Type-Options"] == "nosniff", what
    assert answer.headers["Referrer-Policy"] == "strict-origin-when-cross-origin", what
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin", what
    policy = directives(answer)
    assert policy["default-src"] == policy["base-uri"] == policy["object-src"] == "'none'", what
    assert policy["frame-ancestors"] == "'none'", what
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'", what
    assert "unsafe" not in answer.headers["Content-Security-Policy"], what


# --- kinds of answers -----------------------------------------------------------------------------

ANSWERS: dict[str, tuple[Callable[[Shopper], TestResponse], int]] = {
    "page": (lambda s: s.get("/products"), 200),
    "kept page": (lambda s: [s.get("/products"), s.get("/products")][1], 200),
    "kept page, held": (lambda s: s.get("/products", headers={"If-None-Match": s.get("/products").headers["ETag"]}), 304),
    "head": (lambda s: s.client.head("/products"), 200),
    "fragment": (lambda s: s.get("/products", headers=HTMX), 200),
    "personal fragment": (lambda s: s.get("/cart/badge", headers=HTMX), 200),
    "missing": (lambda s: s.get("/nowhere"), 404),
    "forbidden": (lambda s: s.client.post("/cart/items", data={}), 403),
    "wrong method": (lambda s: s.client.post("/robots.txt"), 405),
    "trace": (lambda s: s.client.open("/cart", method="TRACE"), 405),
    "invalid": (lambda s: s.post("/orders/lookup", {"number": "x", "email": "y"}), 422),
    "too large": (lambda s: s.post("/cart/coupons", {"code": "x" * 600_000}), 413),
    "redirect": (lambda s: s.get("/account"), 303),
    "form done": (lambda s: s.post("/market", {"market": "DE"}), 303),
    "static": (lambda s: s.get("/static/css/mossx.css"), 200),
    "static, held": (lambda s: s.get("/static/css/mossx.css", headers={"If-None-Match": s.get("/static/css/mossx.css").headers["ETag"]}), 304),
    "no static": (lambda s: s.get("/static/none.css"), 404),
    "no picture": (lambda s: s.get("/media/none.webp"), 404),
    "json": (lambda s: s.get("/healthz"), 200),
    "text": (lambda s: s.get("/robots.txt"), 200),
    "xml": (lambda s: s.get("/sitemap.xml"), 200),
    "webhook": (lambda s: s.client.post("/webhooks/stripe", data=b"{}"), 400),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_every_kind_of_answer_is_guarded(app: Flask, catalog: CatalogMaker, name: str) -> None:
    catalog.mug()
    ask, status = ANSWERS[name]
    answer = ask(Shopper(app))
    assert answer.status_code == status
    assert_guarded(answer, name)


def test_a_crash_is_guarded_too(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret of the inside")

    monkeypatch.setitem(app.view_functions, "cart.show", broken)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.testing = False
    answer = Shopper(app).get("/cart")
    assert answer.status_code == 500
    assert "secret of the inside" not in answer.text
    assert_guarded(answer, "crash")


def test_public_files_may_be_shown_by_other_sites_and_pages_may_not(
    app: Flask, catalog: CatalogMaker
) -> None:
    shopper = Shopper(app)
    name = "Cross-Origin-Resource-Policy"
    assert shopper.get("/static/css/mossx.css").headers[name] == "cross-origin"
    assert shopper.get("/cart").headers[name] == "same-origin"


# --- every page -----------------------------------------------------------------------------------


@pytest.fixture
def furnished(app: Flask, catalog: CatalogMaker, sandbox: Sandbox) -> list[str]:
    """Things to look at: products, a paid order and an open cart; where a guest finds theirs."""
    catalog.mug()
    sizes = [make_variant(f"LAMP-{size}", {"Size": size}) for size in "SM"]
    catalog.add(make_product("Dune Lamp", *sizes))
    buyer = Shopper(app)
    buyer.add("MUG")
    location = buyer.check_out().location
    order = buyer.come_back(sandbox, location, "stripe").location
    return [order]


def looked_at(
    app: Flask, person: Shopper, starts: list[str]
) -> tuple[dict[str, TestResponse], list[str]]:
    """Everything that can be reached: the last answer by rule, and what is wrong."""
    answers: dict[str, TestResponse] = {}
    wrong: list[str] = []
    reached = list(crawl(app, person.get, starts))
    known = {rule for rule, _, _ in reached}
    rest = [(rule, sample(rule)) for rule in sorted(get_rules(app) - known)]
    for rule, address, answer in [*reached, *((*each, person.get(each[1])) for each in rest)]:
        answers[rule] = answer
        if rule == _OWN and answer.status_code == 200:
            continue
        assert_guarded(answer, address)
        if answer.mimetype == "text/html":
            wrong += [f"{address}: {tag}" for tag in inline_code(answer.text)]
        if answer.status_code >= 500:
            wrong.append(f"{address}: {answer.status_code}")
    return answers, wrong


def test_no_page_of_the_shop_has_code_written_into_it(app: Flask, furnished: list[str]) -> None:
    member = Member(app)
    member.register()
    member.add("LAMP-S")
    starts = ["/", "/products", "/products/dune-lamp", "/cart", "/checkout", "/account", *furnished]
    answers, wrong = looked_at(app, member, starts)
    assert wrong == []
    seen = {rule for rule, answer in answers.items() if answer.status_code == 200}
    assert {"/", "/products/<slug>", "/cart", "/checkout", "/orders/<number>", "/account"} <= seen
    assert len(seen) > 25, sorted(seen)


def test_no_page_of_the_panel_has_code_written_into_it(app: Flask, furnished: list[str]) -> None:
    answers, wrong = looked_at(app, Staff(app), ["/admin"])
    assert wrong == []
    seen = {rule for rule, answer in answers.items() if answer.status_code == 200}
    assert {"/admin", "/admin/reports", "/admin/orders/<number>", "/admin/money"} <= seen
    assert len([rule for rule in seen if rule.startswith("/admin")]) > 55, sorted(seen)


def test_a_mail_is_shown_in_a_sandbox_of_its_own(app: Flask) -> None:
    answer = Staff(app).get("/admin/settings/mails/order_confirmation/en/html")
    assert answer.status_code == 200
    policy = directives(answer)
    assert "sandbox" in policy
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'self'"
    assert len(answer.headers.getlist("Content-Security-Policy")) == 1


# --- what the configuration adds ------------------------------------------------------------------


def test_forms_may_lead_to_where_shoppers_pay_and_nowhere_else(
    app: Flask, environment: dict[str, str]
) -> None:
    sandbox = environment["STRIPE_API_BASE"]
    assert directives(Shopper(app).get("/cart"))["form-action"] == f"'self' {sandbox}"


def test_live_gateways_have_their_own_pages(environment: dict[str, str], app: Flask) -> None:
    from app import create_app

    live = {"STRIPE_API_BASE": "", "RAZORPAY_API_BASE": "", "MOSSX_GATEWAY_PAGES": "https://pay.shop.example"}  # fmt: skip
    shop = create_app({**environment, **live})
    assert directives(Shopper(shop).get("/cart"))["form-action"].split() == [
        "'self'", "https://checkout.stripe.com", "https://api.razorpay.com",
        "https://checkout.razorpay.com", "https://pay.shop.example",
    ]  # fmt: skip


def test_pictures_of_other_sites_can_be_named_or_left_out(
    environment: dict[str, str], app: Flask
) -> None:
    from app import create_app

    assert directives(Shopper(app).get("/cart"))["img-src"] == "'self' https:"
    cloud = {"CLOUDINARY_URL": "cloudinary://key:secret@cloud", "MOSSX_PICTURE_ORIGINS": "https://cdn.example"}  # fmt: skip
    shop = create_app({**environment, **cloud})
    assert (
        directives(Shopper(shop).get("/cart"))["img-src"]
        == "'self' https://res.cloudinary.com https://cdn.example"
    )


@pytest.mark.parametrize("value", ["http://cdn.example", "https://a/path", "'unsafe-inline'", "https://a; script-src *", "data:", "*"])  # fmt: skip
def test_no_setting_opens_the_policy(environment: dict[str, str], value: str) -> None:
    from app import create_app
    from app.config import ConfigurationError

    with pytest.raises(ConfigurationError, match="MOSSX_PICTURE_ORIGINS"):
        create_app({**environment, "MOSSX_PICTURE_ORIGINS": value})


def test_https_is_kept_to(app: Flask, https: Flask) -> None:
    for path in ("/", "/nowhere", "/static/css/mossx.css", "/healthz"):
        answer = https.test_client().get(path, base_url=HTTPS["BASE_URL"])
        held = answer.headers["Strict-Transport-Security"]
        age = re.fullmatch(r"max-age=(\d+); includeSubDomains", held)
        assert age, held
        assert int(age[1]) >= 365 * 24 * 3600
        assert "upgrade-insecure-requests" in directives(answer)
    assert "Strict-Transport-Security" not in app.test_client().get("/").headers
