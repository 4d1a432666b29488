"""Codes of promotions in the panel, and how promotions are used."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask

from app.audit_log.models import AuditEntry, AuditFilter
from app.audit_log.service import AuditLog
from app.db.database import Database
from app.identity.models import Role
from app.promotions.errors import PromotionUsedUp
from app.promotions.kinds import FreeShipping
from app.promotions.models import Customer, Reduction
from app.promotions.tallies import UsageTallies
from app.promotions.usage import UsageService
from app.shared.clock import now
from app.shared.ids import OrderId, new_id
from app.web.registry import service
from tests.admin.test_stock_admin import form_of, sent
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox
from tests.support.promotions import PromotionMaker, enter, sums
from tests.support.shopper import HTMX, Shopper, soup
from tests.support.staff import Staff


@pytest.fixture
def promotions(app: Flask) -> PromotionMaker:
    return PromotionMaker(app)


def entries(app: Flask, subject: str) -> list[AuditEntry]:
    return service(AuditLog, app).list(AuditFilter(subject=subject), 100)


# --- codes ----------------------------------------------------------------------------------------


def test_a_code_is_added_once(app: Flask, owner: Staff, promotions: PromotionMaker) -> None:
    made = promotions.add("FIRST")
    path = f"/admin/promotions/{made.id}/codes"
    form = {**form_of(owner.get(path), "/codes", 1), "code": "vip 2", "limit": "3"}
    for _ in range(2):
        assert sent(owner, path, form).status_code == 303
    page = owner.get(f"{path}?q=vi").text
    assert "VIP2" in page
    assert "0 of 3" in page
    assert "FIRST" not in page
    (entry,) = entries(app, "code:VIP2")
    assert entry.changes[0].after == {"code": "VIP2", "limit": 3}
    assert sent(owner, path, {**form, "limit": "4"}).status_code == 409
    assert sent(owner, path, {**form, "code": "?"}).status_code == 422
    assert sent(owner, path, {**form, "limit": "0"}).status_code == 422
    assert len(list(promotions.coupons.every(made.id))) == 2


def test_a_batch_sent_twice_is_made_once(
    app: Flask, owner: Staff, promotions: PromotionMaker
) -> None:
    made = promotions.add("FIRST")
    path = f"/admin/promotions/{made.id}"
    form = form_of(owner.get(f"{path}/codes"), "/batches")
    form |= {"name": "Spring fair", "count": "620", "prefix": "moss"}
    for _ in range(2):
        assert sent(owner, f"{path}/batches", form).status_code == 303
    codes = list(promotions.coupons.every(made.id, "Spring fair"))
    assert len(codes) == 620
    assert all(each.code.startswith("MOSS-") and each.limit == 1 for each in codes)
    assert len(entries(app, f"batch:{made.id}:Spring fair")) == 1
    answer = owner.get(f"{path}/codes.csv?batch=Spring+fair")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {row["code"] for row in rows} == {each.code for each in codes}
    other = {**form_of(owner.get(f"{path}/codes"), "/batches"), "name": "Spring fair", "count": "5"}
    assert sent(owner, f"{path}/batches", other).status_code == 409
    for wrong in ({"count": "0"}, {"count": "10001"}, {"name": ""}, {"prefix": "?"}, {"key": "x"}):
        refused = sent(owner, f"{path}/batches", {**form, "name": "Other", **wrong})
        assert refused.status_code == 422, wrong
    assert len(promotions.coupons.batches(made.id)) == 1


def test_two_who_make_the_same_batch_at_once_make_no_code_too_many(
    promotions: PromotionMaker,
) -> None:
    made = promotions.add("FIRST")

    def make(_: int) -> int:
        batch = promotions.coupons.make_batch(made.id, 1200, name="fair", key="bat_1")
        return batch.made

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(make, range(3))) == [1200, 1200, 1200]
    assert len(list(promotions.coupons.every(made.id, "fair"))) == 1200


def test_a_code_that_is_off_is_refused_until_it_is_on_again(
    app: Flask,
    owner: Staff,
    promotions: PromotionMaker,
    catalog: CatalogMaker,
    shopper: Shopper,
) -> None:
    made = promotions.add("FIRST", "SECOND", name="Spring")
    shopper.add(catalog.mug())
    assert enter(shopper, "FIRST").status_code == 303  # it is in a cart by then
    path = f"/admin/promotions/{made.id}/codes"
    form = form_of(owner.get(path), f"{path}/state")
    assert (form["code"], form["active"]) == ("FIRST", "off")
    for _ in range(2):
        assert sent(owner, f"{path}/state", form).status_code == 303
    assert "Spring" not in sums(shopper.get("/cart"))
    other = Shopper(app)
    other.add("MUG")
    assert enter(other, "FIRST").status_code == 422
    states = [(each.code, each.active) for each in promotions.coupons.every(made.id)]
    assert states == [("FIRST", False), ("SECOND", True)]
    (entry,) = entries(app, "code:FIRST")
    assert (entry.changes[0].before, entry.changes[0].after) == (
        {"active": True},
        {"active": False},
    )
    assert sent(owner, f"{path}/state", {**form, "code": "NONE"}).status_code == 404
    again = form_of(owner.get(path), f"{path}/state")
    assert again["active"] == "on"
    assert owner.client.post(f"{path}/state", data=again, headers=HTMX).status_code == 200
    assert sums(shopper.get("/cart"))["Spring"] == "−$2.00"


def test_an_order_cannot_take_a_code_that_was_switched_off(
    app: Flask, promotions: PromotionMaker, database: Database
) -> None:
    made = promotions.add("FIRST", code_limit=5)
    assert promotions.coupons.switch_code(made.id, "FIRST", active=False)
    reduction = Reduction(
        promotion_id=made.id, revision=1, name=made.name, code="FIRST", level=made.level
    )
    later = now() + timedelta(hours=1)
    with pytest.raises(PromotionUsedUp):
        database.in_transaction(
            lambda session: service(UsageService, app).take(
                OrderId("ord_1"), [reduction], Customer(), later, session
            )
        )
    assert database["promotion_uses"].count_documents({}) == 0
    (code,) = promotions.coupons.every(made.id)
    assert code.left == 5


def test_codes_of_a_batch_that_is_off_are_refused_until_it_is_on_again(
    app: Flask,
    owner: Staff,
    promotions: PromotionMaker,
    catalog: CatalogMaker,
    shopper: Shopper,
) -> None:
    made = promotions.add("FIRST")
    (code,) = promotions.make_codes(made, 1, name="fair")
    sku, other = catalog.mug(), Shopper(app)
    shopper.add(sku)
    other.add(sku)
    path = f"/admin/promotions/{made.id}/batches/state"
    for _ in range(2):
        answer = owner.post(path, {"name": "fair", "active": "off"})
        assert answer.status_code == 303
    refused = enter(shopper, code)
    assert refused.status_code == 422
    assert "not valid any more" in refused.text
    assert enter(shopper, "FIRST").status_code == 303
    (entry,) = entries(app, f"batch:{made.id}:fair")
    assert (entry.changes[0].before, entry.changes[0].after) == (
        {"active": True},
        {"active": False},
    )
    assert owner.post(path, {"name": "fair", "active": "on"}).status_code == 303
    assert enter(other, code).status_code == 303
    assert owner.post(path, {"name": "nothing", "active": "on"}).status_code == 404


def test_an_order_cannot_take_a_code_whose_batch_went_off_meanwhile(
    app: Flask, promotions: PromotionMaker, database: Database
) -> None:
    made = promotions.add("FIRST")
    (code,) = promotions.make_codes(made, 1, name="fair")
    promotions.coupons.switch(made.id, "fair", active=False)
    reduction = Reduction(
        promotion_id=made.id, revision=1, name=made.name, code=code, level=made.level
    )
    with pytest.raises(PromotionUsedUp):
        database.in_transaction(
            lambda session: service(UsageService, app).take(
                OrderId("ord_1"), [reduction], Customer(), now() + timedelta(hours=1), session
            )
        )
    assert database["promotion_uses"].count_documents({}) == 0


# --- figures --------------------------------------------------------------------------------------


@pytest.fixture
def bought(
    app: Flask, promotions: PromotionMaker, catalog: CatalogMaker, sandbox: Sandbox
) -> Callable[..., str]:
    """Buys two mugs with a code, and says the order's number."""
    sku = catalog.mug(stock=50)

    def buy(*codes: str) -> str:
        shopper = Shopper(app)
        shopper.add(sku, 2)
        for code in codes:
            assert enter(shopper, code).status_code == 303
        page = soup(shopper.pay(sandbox))
        heading = page.select_one("h1")
        assert heading is not None
        return str(heading.text)

    return buy


def test_uses_are_counted_once_with_what_they_gave(
    app: Flask,
    owner: Staff,
    promotions: PromotionMaker,
    bought: Callable[..., str],
    database: Database,
) -> None:
    made = promotions.add("FIRST", limit_total=10)
    free = promotions.add("SHIP", benefit=FreeShipping())
    (code,) = promotions.make_codes(made, 1, name="fair")
    bought("FIRST", "SHIP")
    bought(code)
    tallies = service(UsageTallies, app)
    assert [tallies.run(), tallies.run()] == [3, 0]
    total = tallies.totals([made.id, free.id])
    assert (total[made.id].used, [each.minor for each in total[made.id].given]) == (2, [800])
    (shipping,) = total[free.id].given
    assert shipping.minor > 0
    (day,) = tallies.days(made.id, now().date())
    assert day.used == 2
    assert promotions.coupons.batch(made.id, "fair").used == 1
    page = soup(owner.get("/admin/promotions"))
    cells = {
        row.select("th a")[0]["href"]: [c.text for c in row.select("td.number")]
        for row in page.select("tbody tr")
    }
    assert cells[f"/admin/promotions/{made.id}"] == ["2 of 10", "$8.00"]


def test_the_usage_page_has_a_picture_a_table_and_the_orders(
    app: Flask,
    owner: Staff,
    promotions: PromotionMaker,
    bought: Callable[..., str],
    database: Database,
) -> None:
    made = promotions.add("FIRST")
    bought("FIRST")
    service(UsageTallies, app).run()
    order = database["orders"].find_one({})
    assert order is not None
    page = soup(owner.get(f"/admin/promotions/{made.id}/usage"))
    assert page.select_one("svg[role=img]") is not None
    assert [cell.text for cell in page.select("details tbody td")] == ["1", "$4.00"]
    link = page.select_one(f'a[href="/admin/orders/{order["number"]}"]')
    assert link is not None
    assert "paid" in page.select_one("#list tbody").text
    analyst = soup(Staff(app, Role.ANALYST).get(f"/admin/promotions/{made.id}/usage"))
    assert analyst.select('a[href^="/admin/orders/"]') == []
    assert page.select("script:not([src])") == []


def test_the_list_of_uses_goes_on_where_its_page_ended(
    app: Flask, owner: Staff, promotions: PromotionMaker, database: Database
) -> None:
    made = promotions.add("FIRST")
    usage = service(UsageService, app)
    reduction = Reduction(
        promotion_id=made.id, revision=1, name=made.name, code="FIRST", level=made.level
    )
    for _ in range(60):
        database.in_transaction(
            lambda session: usage.take(
                OrderId(new_id("ord")), [reduction], Customer(), now() + timedelta(hours=1), session
            )
        )
    path, seen = f"/admin/promotions/{made.id}/usage", []
    while path:
        page = soup(owner.get(path))
        seen += [cell.text for cell in page.select("#list tbody th")]
        following = page.select_one("a[rel=next]")
        path = str(following["href"]) if following else ""
    assert len(seen) == len(set(seen)) == 60
