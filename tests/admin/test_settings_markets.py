"""Markets by hand: new ones, every part of them, and what the checkout then says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.audit_log.models import AuditFilter
from app.audit_log.service import AuditLog
from app.markets.documents import to_document
from app.markets.models import TaxMode
from app.markets.service import MarketService
from app.markets.shipping import Band, ShippingKind
from app.markets.suggesting import suggest_market
from app.promotions.kinds import FixedAmount
from app.promotions.models import Conditions
from app.shared.errors import Invalid
from app.shared.money import Money
from app.web.registry import service
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.forms import errors, filled_form
from tests.support.gateways import Sandbox
from tests.support.markets import JAPAN, KUWAIT
from tests.support.promotions import PromotionMaker
from tests.support.shopper import HTMX, Shopper, soup
from tests.support.staff import Staff

MARKETS = "/admin/settings/markets"
NEW = f"{MARKETS}/new"
PARIS = {"city": "Paris", "state": "", "postal_code": "75001", "country": "FR"}


@pytest.fixture
def markets(app: Flask) -> MarketService:
    return service(MarketService, app)


def _press(
    owner: Staff, page: TestResponse, path: str, action: str, **changes: str
) -> TestResponse:
    """Press a button of the market's form."""
    return owner.post(path, {**filled_form(page, path, **changes), "do": action})


def _edit(owner: Staff, code: str, **changes: str) -> TestResponse:
    path = f"{MARKETS}/{code}"
    return _press(owner, owner.get(path), path, "save", **changes)


def _entries(app: Flask, code: str) -> list[object]:
    return service(AuditLog, app).list(AuditFilter(subject=f"market:{code}"), 50)


@pytest.mark.parametrize("gateway", ["stripe", "razorpay"])
def test_a_market_entered_by_hand_can_be_bought_in(
    app: Flask,
    owner: Staff,
    markets: MarketService,
    catalog: CatalogMaker,
    shopper: Shopper,
    sandbox: Sandbox,
    gateway: str,
) -> None:
    catalog.add(make_product("Lamp", make_variant("LAMP", FR=4000)))
    page = owner.get(f"{NEW}?country=FR")
    page = _press(owner, page, NEW, "add zones.0.methods")
    page = _press(owner, page, NEW, "add zones.0.methods.1.bands", **{
        "zones.0.methods.1.name": "Parcel",
        "zones.0.methods.1.code": "parcel",
        "zones.0.methods.1.kind": "by_weight",
        "zones.0.methods.1.min_days": "1",
        "zones.0.methods.1.max_days": "2",
    })  # fmt: skip
    page = _press(owner, page, NEW, "add zones.0.methods.1.bands", **{
        "zones.0.methods.1.bands.0.up_to": "1000", "zones.0.methods.1.bands.0.price": "7.50",
    })  # fmt: skip
    answer = _press(owner, page, NEW, "save", open="yes", **{
        "zones.0.methods.1.bands.1.price": "12",
        "zones.0.methods.0.price": "4.90",
        "zones.0.methods.0.names.de": "Standardversand",
    })  # fmt: skip
    assert answer.status_code == 303, answer.text
    stored = markets.get("FR")
    assert (stored.currency, stored.locale, stored.version) == ("EUR", "fr_FR", 1)
    assert stored.tax.rates["standard"] == 2000
    parcel = stored.zones[0].methods[1]
    assert parcel.kind is ShippingKind.BY_WEIGHT
    assert parcel.bands == (
        Band(up_to=1000, price=Money(750, "EUR")),
        Band(up_to=None, price=Money(1200, "EUR")),
    )
    (entry,) = _entries(app, "FR")
    assert entry.changes[0].before is None
    assert shopper.post("/market", {"market": "FR", "language": "de"}).status_code == 303
    shopper.add("LAMP")
    assert "Standardversand" in shopper.get("/checkout").text
    order = shopper.pay_in(sandbox, gateway, PARIS)
    assert order.status_code == 200
    assert sandbox.captures()[0][1] == 4490
    assert {each["currency"] for each in sandbox.ledger()["payments"]} == {"EUR"}


@pytest.mark.parametrize("market", [JAPAN, KUWAIT], ids=["JP", "KW"])
def test_the_form_of_a_market_says_the_market(
    owner: Staff, markets: MarketService, market: object
) -> None:
    code = market.code
    markets.store(to_document(market))
    before = markets.get(code)
    answer = _edit(owner, code, name="Renamed")
    assert answer.status_code == 303, answer.text
    after = markets.get(code)
    assert replace(after, name=before.name, version=before.version) == before
    assert after.version == before.version + 1


def test_every_starting_market_survives_its_form(owner: Staff, markets: MarketService) -> None:
    for market in markets.every():
        assert _edit(owner, market.code).status_code == 303
        assert markets.get(market.code) == market


def test_a_change_is_in_the_log_with_both_states(app: Flask, owner: Staff) -> None:
    assert _edit(owner, "DE", **{"zones.0.methods.0.price": "5.90"}).status_code == 303
    (entry,) = _entries(app, "DE")
    (change,) = entry.changes
    assert change.before["zones"][0]["methods"][0]["price"] == 490
    assert change.after["zones"][0]["methods"][0]["price"] == 590
    assert "zones.0.methods.0.price" in owner.get(f"/admin/audit/{entry.id}").text


@pytest.mark.parametrize(
    ("field", "typed", "place"),
    [
        ("zones.0.methods.1.price", "4.901", "zones.0.methods.1.price"),
        ("zones.0.methods.1.price", "-1", "zones.0.methods.1.price"),
        ("zones.0.methods.0.max_days", "0", "zones.0.methods.0.max_days"),
        ("zones.0.methods.0.min_days", "soon", "zones.0.methods.0.min_days"),
        ("zones.0.countries", "FR", "zones.0.countries"),
        ("zones.0.regions", "XX", "zones.0.regions"),
        ("rates.1.rate", "7.123", "rates.1.rate"),
        ("rates.1.rate", "101", "rates.1.rate"),
        ("rates.1.class", "Odd!", "rates.1.rate"),
        ("rates.0.class", "reduced", "rates.1.class"),
        ("rates.1.region", "XX", "rates.1.region"),
        ("currency", "XXQ", "currency"),
        ("locale", "nowhere", "locale"),
        ("countries", "Germany", "countries"),
        ("name", "", "name"),
        ("zones.0.name", "x" * 81, "zones.0.name"),
        ("zones.0.methods.0.name", "x" * 81, "zones.0.methods.0.name"),
        ("zones.0.methods.0.names.de", "x" * 81, "zones.0.methods.0.names.de"),
        ("zones.0.methods.0.max_days", "366", "zones.0.methods.0.max_days"),
        ("zones.0.methods.0.price", "9" * 25, "zones.0.methods.0.price"),
        ("zones.0.methods.0.free_from", "9" * 25, "zones.0.methods.0.free_from"),
        ("zones.0.methods.0.free_from", "-5", "zones.0.methods.0.free_from"),
        ("tax.name", "x" * 81, "tax.name"),
    ],
)
def test_a_wrong_value_is_named_beside_its_field(
    app: Flask, owner: Staff, markets: MarketService, field: str, typed: str, place: str
) -> None:
    before = markets.get("DE")
    answer = _edit(owner, "DE", **{field: typed})
    assert answer.status_code == 422
    assert place in errors(answer), errors(answer)
    assert f'href="#{place}"' in answer.text
    assert filled_form(answer, f"{MARKETS}/DE")[field] == typed
    assert markets.get("DE") == before
    assert _entries(app, "DE") == []


@pytest.mark.parametrize("kind", ["by_weight", "by_subtotal"])
@pytest.mark.parametrize(
    ("field", "typed"), [("price", "-1"), ("price", "9" * 25), ("up_to", "9" * 25)]
)
def test_a_wrong_step_is_named_beside_its_own_field(
    owner: Staff, kind: str, field: str, typed: str
) -> None:
    method, path = "zones.0.methods.0", f"{MARKETS}/DE"
    page = _press(owner, owner.get(path), path, f"add {method}.bands", **{f"{method}.kind": kind})
    steps = {f"{method}.bands.0.price": "1", f"{method}.bands.0.up_to": "5"}
    answer = _press(owner, page, path, "save", **{**steps, f"{method}.bands.0.{field}": typed})
    assert answer.status_code == 422
    assert list(errors(answer)) == [f"{method}.bands.0.{field}"]


def test_the_last_of_three_decimals_is_told_beside_its_field(
    owner: Staff, markets: MarketService
) -> None:
    markets.store({**to_document(KUWAIT), "version": 0})
    place = "zones.0.methods.0.price"
    answer = _edit(owner, "KW", **{place: "1.234"})
    assert errors(answer) == {place: "The last of three decimals is 0: no card pays another."}
    assert _edit(owner, "KW", **{place: "1.230"}).status_code == 303


@pytest.mark.parametrize("name", ["tax", "zones.0.methods.0.names", "countries.x", "tax.name.x"])
def test_a_form_of_another_shape_is_refused(owner: Staff, name: str) -> None:
    assert owner.post(f"{MARKETS}/DE", {name: "x", "do": "save"}).status_code == 422


def test_rows_come_and_go_without_anything_being_stored(
    app: Flask, owner: Staff, markets: MarketService
) -> None:
    before, path = markets.get("US"), f"{MARKETS}/US"
    page = _press(owner, owner.get(path), path, "add rates", name="Typed")
    form = filled_form(page, path)
    assert form["name"] == "Typed"
    assert "rates.7.rate" in form
    page = _press(owner, page, path, "remove rates.3")
    assert "rates.7.rate" not in filled_form(page, path)
    page = _press(owner, page, path, "add zones")
    assert "zones.1.methods.0.code" in filled_form(page, path)
    for odd in ("add zones.9.methods", "remove name", "remove zones.x", "add name", "odd"):
        assert _press(owner, page, path, odd).status_code == 200
    assert markets.get("US") == before
    assert _entries(app, "US") == []


def test_two_owners_see_both_versions(owner: Staff, markets: MarketService) -> None:
    path = f"{MARKETS}/DE"
    first = filled_form(owner.get(path), path, name="Deutschland")
    second = filled_form(owner.get(path), path, **{"zones.0.methods.0.price": "9.90"})
    assert owner.post(path, first).status_code == 303
    clash = owner.post(path, second)
    assert clash.status_code == 409
    rows = {
        row.th.text: [cell.text for cell in row.select("td")]
        for row in soup(clash).select("#clash tbody tr")
    }
    assert rows == {
        "name": ["Deutschland", "Germany"],
        "zones.0.methods.0.price": ["490", "990"],
    }
    assert markets.get("DE").zones[0].methods[0].price == Money(490, "EUR")
    assert owner.post(path, filled_form(clash, path)).status_code == 303
    assert markets.get("DE").zones[0].methods[0].price == Money(990, "EUR")


def test_a_form_that_was_read_before_the_markets_moved_leaves_their_order(
    owner: Staff, markets: MarketService
) -> None:
    path = f"{MARKETS}/DE"
    form = filled_form(owner.get(path), path, name="Deutschland")
    assert markets.reorder(["US", "IN", "DE"], ["DE", "US", "IN"])
    clash = owner.post(path, form)
    assert clash.status_code == 409
    assert "position" not in soup(clash).select_one("#clash").text
    assert owner.post(path, filled_form(clash, path)).status_code == 303
    assert markets.every()[0].name == "Deutschland"


def test_a_form_that_is_sent_twice_stores_one_version(owner: Staff, markets: MarketService) -> None:
    path = f"{MARKETS}/DE"
    form = filled_form(owner.get(path), path, name="Deutschland")
    assert [owner.post(path, form).status_code for _ in range(2)] == [303, 303]
    assert markets.get("DE").version == 2
    new = filled_form(owner.get(f"{NEW}?country=NL"), NEW)
    assert [owner.post(NEW, new).status_code for _ in range(2)] == [303, 303]
    assert markets.get("NL").version == 1


def test_a_new_market_does_not_take_the_code_of_another(
    owner: Staff, markets: MarketService
) -> None:
    known = markets.get("DE")
    answer = owner.post(NEW, filled_form(owner.get(f"{NEW}?country=DE"), NEW))
    assert answer.status_code == 422
    assert errors(answer) == {"code": "There is a market of this code already."}
    again = filled_form(answer, NEW, code="DEB", name="Germany for businesses")
    assert owner.post(NEW, again).status_code == 303
    assert markets.get("DE") == known


@pytest.mark.parametrize(
    "amounts",
    [
        {"benefit": FixedAmount(amounts={"JP": 1000})},
        {"conditions": Conditions(minimum_subtotal={"JP": 1000})},
    ],
)
def test_a_currency_stays_while_a_promotion_has_amounts_in_it(
    app: Flask, owner: Staff, markets: MarketService, amounts: dict[str, Any]
) -> None:
    markets.store({**to_document(JAPAN), "version": 0})
    promotions = PromotionMaker(app)
    promotions.add("YEN", name="Yen off", **amounts)
    answer = _edit(owner, "JP", currency="USD")
    assert errors(answer)["currency"] == ("Promotions have amounts in JPY in this market: Yen off.")
    assert markets.get("JP").currency == "JPY"
    assert _edit(owner, "JP", name="Nippon").status_code == 303


def test_the_order_makes_the_default(app: Flask, owner: Staff, markets: MarketService) -> None:
    form = {"was": "US,IN,DE", "order": "IN,US,DE"}
    (seen,) = {str(each["value"]) for each in soup(owner.get(MARKETS)).select("input[name=was]")}
    assert seen == form["was"]
    assert soup(owner.get(MARKETS)).select_one('button[name=order][value="IN,US,DE"]') is not None
    for _ in range(2):
        assert owner.post(f"{MARKETS}/order", form).status_code == 303
    assert [each.code for each in markets.every()] == ["IN", "US", "DE"]
    assert markets.default.code == "IN"
    assert markets.get("IN").version == 2
    (entry,) = service(AuditLog, app).list(AuditFilter(subject="settings:markets"), 9)
    assert entry.changes[0].before == {"order": ["US", "IN", "DE"]}
    for stale in ({**form, "order": "US,DE,IN"}, {"was": "IN,US,DE", "order": "IN,US"}):
        assert owner.post(f"{MARKETS}/order", stale).status_code == 409
    assert [each.code for each in markets.every()] == ["IN", "US", "DE"]


def test_the_last_open_market_stays_open(owner: Staff, markets: MarketService) -> None:
    for code in ("IN", "DE"):
        form = filled_form(owner.get(f"{MARKETS}/{code}"), f"{MARKETS}/{code}")
        del form["open"]
        assert owner.post(f"{MARKETS}/{code}", form).status_code == 303
    form = filled_form(owner.get(f"{MARKETS}/US"), f"{MARKETS}/US")
    del form["open"]
    assert owner.post(f"{MARKETS}/US", form).status_code == 422
    assert [each.code for each in markets.open()] == ["US"]


@pytest.mark.parametrize("htmx", [False, True])
def test_trying_a_market_says_what_the_checkout_says(
    owner: Staff, markets: MarketService, htmx: bool
) -> None:
    markets.store(to_document(JAPAN))
    query = "country=JP&region=Tokyo&grams=3000&value=4000&tax_class=reduced"
    answer = owner.get(f"{MARKETS}/JP/trial?{query}", headers=HTMX if htmx else None)
    assert answer.status_code == 200
    assert ("<html" in answer.text) is not htmx
    rows = [
        [cell.get_text(" ", strip=True) for cell in row.select("th, td")]
        for row in soup(answer).select("#trial tbody tr")
    ]
    assert [row[0] for row in rows] == ["Standard", "Parcel", "Pick-up"]
    assert [row[2] for row in rows] == ["¥500", "¥1,200", "¥0"]
    assert [row[4] for row in rows] == ["¥4,500", "¥5,200", "¥4,000"]
    assert rows[0][3] == "JCT 8 %: ¥333"


def test_trying_where_nothing_is_delivered_says_so(owner: Staff) -> None:
    assert "Nothing is delivered there" in owner.get(f"{MARKETS}/DE/trial?country=FR").text
    wrong = owner.get(f"{MARKETS}/DE/trial?value=much&grams=-1")
    assert wrong.status_code == 422
    assert set(errors(wrong)) == {"trial-value", "trial-grams"}


@pytest.mark.parametrize(
    ("code", "currency", "locale", "mode", "rate"),
    [
        ("FR", "EUR", "fr_FR", TaxMode.INCLUSIVE, 2000),
        ("JP", "JPY", "ja_JP", TaxMode.INCLUSIVE, 1000),
        ("US", "USD", "en_US", TaxMode.EXCLUSIVE, 0),
        ("KW", "KWD", "ar_KW", TaxMode.INCLUSIVE, 0),
        ("BR", "BRL", "pt_BR", TaxMode.INCLUSIVE, 0),
    ],
)
def test_a_country_suggests_its_market(
    code: str, currency: str, locale: str, mode: TaxMode, rate: int
) -> None:
    market = suggest_market(code.lower(), ())
    assert (market.currency, market.locale) == (currency, locale)
    assert (market.tax.mode, market.tax.rates["standard"]) == (mode, rate)
    assert not market.open


@pytest.mark.parametrize(
    ("code", "standard", "reduced"),
    [
        ("EE", 2400, 900), ("FI", 2550, 1350), ("LT", 2100, 1200), ("RO", 2100, 1100),
        ("SK", 2300, 1900), ("CH", 810, 260), ("TR", 2000, 1000),
    ],
)  # fmt: skip
def test_rates_are_those_of_2026(code: str, standard: int, reduced: int) -> None:
    rates = suggest_market(code, ()).tax.rates
    assert (rates["standard"], rates["reduced"]) == (standard, reduced)


def test_no_country_suggests_nothing(owner: Staff) -> None:
    with pytest.raises(Invalid):
        suggest_market("Nowhere", ())
    assert owner.get(f"{NEW}?country=XX").status_code == 422
    assert owner.get(NEW).status_code == 200


def test_every_country_suggests_a_market_that_can_be_stored(
    owner: Staff, markets: MarketService
) -> None:
    for code in ("BR", "AE", "CA", "KR", "HK", "CL", "AQ", "IE"):
        answer = owner.post(NEW, filled_form(owner.get(f"{NEW}?country={code}"), NEW))
        assert answer.status_code == 303, (code, errors(answer))
        assert markets.get(code).position > 2
