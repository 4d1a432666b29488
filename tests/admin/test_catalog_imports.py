"""Product CSV is tried out, imported in the background, and exported, in the panel."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.catalog.csv.job_models import ImportCounts, ImportState
from app.catalog.csv.jobs import MOST_BYTES, ImportJobs
from app.catalog.models import BundleComponent, PercentOff
from app.catalog.repository import CatalogRepository
from app.db.database import Database, Session
from app.inventory.models import Demand
from app.inventory.service import InventoryService
from app.shared.clock import now
from app.shared.ids import Sku
from app.web.registry import service
from tests.admin.editing import entries, form_of, problems
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.dying import die
from tests.support.import_crash import POINTS
from tests.support.shopper import HTMX, soup
from tests.support.staff import Staff

HEAD = "Handle,Title,Vendor,Published,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Price\n"
_die = partial(die, "tests.support.import_crash")


def _file(*rows: str) -> bytes:
    return (HEAD + "\n".join(rows) + "\n").encode()


def _many(count: int) -> bytes:
    return _file(*(f"mug-{n},Mug {n},Halden,true,M{n},shopify,{n + 1},20.00" for n in range(count)))


def _upload(owner: Staff, data: bytes, **more: Any) -> TestResponse:
    form = form_of(owner.get("/admin/imports"), "form[method=post][enctype]") | more
    file = (io.BytesIO(data), "products.csv")
    return owner.client.post("/admin/imports", data={**form, "file": file})


def _id(answer: TestResponse) -> str:
    assert answer.status_code == 303, answer.text
    return answer.location.rsplit("/", 1)[1]


def _slugs(database: Database) -> list[str]:
    return [each.slug for each in CatalogRepository(database).every_product()]


@pytest.fixture
def jobs(app: Flask) -> ImportJobs:
    return service(ImportJobs, app)


def test_a_file_is_tried_out_and_then_imported(
    app: Flask, owner: Staff, database: Database, catalog: CatalogMaker, jobs: ImportJobs
) -> None:
    catalog.add(make_product("Mug 0", make_variant("M0", US=1800), slug="mug-0"), stock=7)
    data = _file(
        "mug-0,Mug Zero,Halden,true,M0,shopify,9,20.00",
        "mug-1,Mug 1,Halden,true,M1,shopify,3,21.50",
        "mug-2,Mug 2,Halden,true,M0,shopify,3,22.00",
        "Not A Handle,X,Halden,true,M3,shopify,3,22.00",
    )
    import_id = _id(_upload(owner, data))
    waiting = owner.get(f"/admin/imports/{import_id}")
    assert "being tried out" in waiting.text
    assert soup(waiting).select_one("noscript meta[http-equiv=refresh]")
    assert soup(waiting).select_one("#progress[hx-get]")
    jobs.run()
    shown = owner.get(f"/admin/imports/{import_id}")
    assert not soup(shown).select_one("#progress[hx-get]")
    table = soup(shown).select_one("[aria-label='Products that would be written'] tbody")
    assert table is not None
    words = " ".join(table.text.split())
    assert "Mug 1 mug-1 new" in words
    assert "title Mug 0 Mug Zero" in words
    assert "M0 price US 18.00 USD 20.00 USD" in words
    assert [row.th.text for row in soup(shown).select("[aria-label='Refused rows'] tbody tr")] == [
        "4",
        "5",
    ]
    job = jobs.get(import_id)
    assert job.state is ImportState.CHECKED
    assert (job.planned.counts.created, job.planned.counts.updated) == (1, 1)
    assert [(each.name, each.before, each.after) for each in job.planned.stock] == [("M0", "7", "9"), ("M1", "", "3")]  # fmt: skip
    assert _slugs(database) == ["mug-0"]
    for _ in range(2):  # pressed twice it starts once
        assert _id(owner.post(f"/admin/imports/{import_id}/start", {})) == import_id
    jobs.run()
    job = jobs.get(import_id)
    assert job.state is ImportState.DONE
    assert job.counts == ImportCounts(
        created=1, updated=1, unchanged=0, variants=2, stock_changes=2, refused=2
    )
    assert _slugs(database) == ["mug-0", "mug-1"]
    assert service(InventoryService, app).on_hand([Sku("M0"), Sku("M1")]) == {"M0": 9, "M1": 3}
    fragment = owner.get(f"/admin/imports/{import_id}", headers=HTMX)
    assert "<html" not in fragment.text
    assert "new products" in fragment.text
    states = [each.changes[0].after["state"] for each in entries(app, f"import:{import_id}")]
    assert states == ["importing", "checking"]


def test_a_file_sent_twice_is_one_import(owner: Staff, jobs: ImportJobs) -> None:
    page = form_of(owner.get("/admin/imports"), "form[method=post][enctype]")
    answers = [_upload(owner, _many(1), import_id=page["import_id"], market="US") for _ in range(2)]
    assert len({_id(each) for each in answers}) == 1
    assert len(jobs.list("", 10)) == 1


def test_what_is_chosen_in_a_form_that_was_sent_before_is_another_import(
    owner: Staff, jobs: ImportJobs
) -> None:
    """As after the browser's button "Back"."""
    page = form_of(owner.get("/admin/imports"), "form[method=post][enctype]")
    form = {"import_id": page["import_id"], "market": "US"}
    first = _id(_upload(owner, _many(1), **form))
    other = _id(_upload(owner, _many(2), **form))
    rupees = _id(_upload(owner, _many(1), **form | {"market": "IN"}))
    found = [jobs.get(each) for each in (first, other, rupees)]
    assert [(each.all_rows, each.market) for each in found] == [(1, "US"), (2, "US"), (1, "IN")]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "at most 20 MB"),
        (b"Name,Colour\nMug,Green\n", "not a product CSV"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (HEAD.encode(), "no products"),
    ],
)
def test_what_is_no_product_list_is_refused(
    app: Flask, owner: Staff, jobs: ImportJobs, data: bytes, said: str
) -> None:
    answer = _upload(owner, data)
    assert answer.status_code == 422
    assert said in problems(answer)["file"]
    assert jobs.list("", 10) == []
    assert _upload(owner, _many(1), market="XX").status_code == 422


def test_a_file_full_of_lost_quotation_marks_says_so_in_few_words(
    owner: Staff, database: Database, jobs: ImportJobs
) -> None:
    """Quoted whole, what stands in the place of prices would be more than an import can note."""
    rows = (f'mug-{n},Mug,Halden,true,M{n},shopify,1,"{"x" * 900_000}"' for n in range(20))
    import_id = _id(_upload(owner, _file(*rows)))
    jobs.run()
    assert jobs.get(import_id).state is ImportState.CHECKED
    jobs.start(import_id)
    jobs.run()
    job = jobs.get(import_id)
    assert (job.state, job.counts.refused) == (ImportState.DONE, 20)
    assert all("is no exact USD amount" in each.reason for each in job.refusals)
    assert len(owner.get(f"/admin/imports/{import_id}").text) < 100_000


def test_a_product_that_no_document_holds_is_left_out_alone(
    owner: Staff, database: Database, jobs: ImportJobs
) -> None:
    head = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price"
    rows = (f"mug,{'' if n else 'Mug'},Size,{'x' * 500_000}{n},M{n},20.00" for n in range(20))
    data = "\n".join((head, *rows, "bowl,Bowl,Size,S,BOWL,20.00")).encode()
    import_id = _id(_upload(owner, data))
    jobs.run()
    jobs.start(import_id)
    jobs.run()
    job = jobs.get(import_id)
    assert (job.state, job.counts.created, job.counts.refused) == (ImportState.DONE, 1, 1)
    assert "too long to be stored" in job.refusals[0].reason
    assert _slugs(database) == ["bowl"]


def test_files_are_large_here_and_not_elsewhere(owner: Staff, jobs: ImportJobs) -> None:
    row = "mug,Mug,Halden,true,M,shopify,1,20.00"
    large = _file(row, *("mug,,,,,,," + "x" * 900 for _ in range(4000)))
    assert len(large) > 3 * 1024 * 1024
    _id(_upload(owner, large))
    assert _upload(owner, b"x" * (MOST_BYTES + 1)).status_code in {413, 422}
    file = (io.BytesIO(large), "x.csv")
    answer = owner.client.post("/cart/coupons", data={"csrf_token": owner.token(), "code": file})
    assert answer.status_code == 413


def test_what_is_not_tried_out_cannot_be_started(
    app: Flask, owner: Staff, database: Database, jobs: ImportJobs
) -> None:
    import_id = _id(_upload(owner, _many(2)))
    assert owner.post(f"/admin/imports/{import_id}/start", {}).status_code == 409
    assert jobs.get(import_id).state is ImportState.CHECKING
    assert len(entries(app, f"import:{import_id}")) == 1
    assert _slugs(database) == []


def test_a_bundle_of_a_bundle_is_left_out(
    owner: Staff, catalog: CatalogMaker, database: Database, jobs: ImportJobs
) -> None:
    catalog.mug()
    half = PercentOff(basis_points=5000)
    catalog.bundle("Set", BundleComponent(sku=Sku("MUG"), quantity=2), pricing=half)
    bundle = '{"components":[{"sku":"SET","quantity":1}],"pricing":{"kind":"percent_off","basis_points":10}}'
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(["Handle", "Title", "Variant SKU", "Variant Price", "Bundle"])
    writer.writerow(["sets", "Sets", "SETS", "10.00", bundle])
    writer.writerow(["bowl", "Bowl", "BOWL", "10.00", ""])
    import_id = _id(_upload(owner, target.getvalue().encode()))
    jobs.run()
    (refusal,) = jobs.get(import_id).planned.refusals
    assert refusal.reason == "a bundle cannot be part of a bundle; sets was left out"
    jobs.start(import_id)
    jobs.run()
    job = jobs.get(import_id)
    assert (job.state, job.counts.created, job.counts.refused) == (ImportState.DONE, 1, 1)
    assert CatalogRepository(database).by_slugs(["sets"]) == {}


# --- a worker that dies -------------------------------------------------------------------------


def _expire(database: Database) -> None:
    """Let the dead worker's lease run out at once."""
    database["catalog_imports"].update_many({}, {"$set": {"lease": now() - timedelta(seconds=1)}})


def _sell(stock: InventoryService, database: Database, units: dict[Sku, int]) -> None:
    """Sell what the dead worker has counted, before another goes on."""
    demands = [Demand(sku=sku, quantity=quantity) for sku, quantity in units.items()]

    def work(session: Session) -> None:
        stock.hold("ord_between", demands, now() + timedelta(hours=1), session)
        stock.commit("ord_between", session)

    database.in_transaction(work)


@pytest.mark.parametrize("point", POINTS)
def test_another_worker_carries_on(
    app: Flask,
    owner: Staff,
    database: Database,
    jobs: ImportJobs,
    environment: dict[str, str],
    point: str,
) -> None:
    import_id = _id(_upload(owner, _many(60)))
    jobs.run()
    jobs.start(import_id)
    _die(environment, point)
    assert jobs.run() == 0  # the lease still holds
    stock = service(InventoryService, app)
    sold = {sku: 1 for sku, units in stock.on_hand(map(Sku, ("M9", "M59"))).items() if units}
    _sell(stock, database, sold)
    _expire(database)
    jobs.run()
    job = jobs.get(import_id)
    assert (job.state, job.rows, job.products) == (ImportState.DONE, 60, 60)
    counts = job.counts
    assert (counts.created, counts.updated, counts.unchanged, counts.variants) == (60, 0, 0, 60)
    assert len(_slugs(database)) == 60
    wanted = {Sku(f"M{n}"): n + 1 - sold.get(Sku(f"M{n}"), 0) for n in range(60)}
    assert stock.on_hand(wanted) == wanted
    assert counts.stock_changes == 60


def test_an_import_that_kills_its_workers_is_given_up(
    owner: Staff, database: Database, jobs: ImportJobs
) -> None:
    import_id = _id(_upload(owner, _many(1)))
    database["catalog_imports"].update_one({"_id": import_id}, {"$set": {"tries": 5}})
    jobs.run()
    assert jobs.get(import_id).state is ImportState.FAILED
    assert "stopped several times" in owner.get(f"/admin/imports/{import_id}").text


# --- export -------------------------------------------------------------------------------------


def _exported(owner: Staff, query: str = "") -> list[dict[str, str]]:
    answer = owner.get(f"/admin/imports/export.csv?market=US{query}")
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_the_catalog_is_exported_whole_or_in_part(owner: Staff, catalog: CatalogMaker) -> None:
    catalog.add(
        make_product("Mug", make_variant("MUG"), category="cups"),
        make_product("Bowl", make_variant("BOWL"), category="bowls"),
    )
    assert [row["Handle"] for row in _exported(owner)] == ["mug", "bowl"]
    assert [row["Handle"] for row in _exported(owner, "&category=cups")] == ["mug"]
    assert _exported(owner, "&status=draft") == []


@pytest.mark.parametrize("title", ["=1+1", "+49", "-5", "@x", "'=1", "''=1", "'s", "plain", "＝1"])
def test_formulas_are_defused_and_come_back(
    app: Flask,
    owner: Staff,
    catalog: CatalogMaker,
    database: Database,
    jobs: ImportJobs,
    title: str,
) -> None:
    catalog.add(
        make_product(
            title, make_variant("MUG"), slug="mug", category="thing", attributes={"=Size": "=2"}
        )
    )
    before = CatalogRepository(database).by_slugs(["mug"])["mug"]
    answer = owner.get("/admin/imports/export.csv?market=US")
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert not any(cell[:1] in tuple("=+-@＝") and cell for cell in (*row, *row.values()))
    import_id = _id(_upload(owner, answer.data))
    jobs.run()
    counts = jobs.get(import_id).planned.counts
    assert (counts.unchanged, counts.refused) == (1, 0)
    assert CatalogRepository(database).by_slugs(["mug"])["mug"] == before
