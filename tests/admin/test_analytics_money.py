"""The money report: compared in the worker, repaired by buttons, safe to press twice."""

from __future__ import annotations

import csv
import io

import pytest
from flask import Flask

from app.audit_log.models import AuditEntry, AuditFilter
from app.audit_log.service import AuditLog
from app.checkout.audit import Difference, Discrepancy
from app.checkout.audit_models import FindingState
from app.checkout.audit_repository import AuditRepository
from app.checkout.audit_runs import AuditRuns
from app.checkout.refund_rules import RefundWish
from app.checkout.refunding import Refunding
from app.db.database import Database
from app.web.registry import service
from app.worker import Worker
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox
from tests.support.payments import GATEWAYS
from tests.support.shopper import HTMX, Shopper, soup
from tests.support.staff import Staff


@pytest.fixture
def paid(shopper: Shopper, catalog: CatalogMaker, sandbox: Sandbox) -> Shopper:
    """Somebody who bought two mugs for 48.90 through Stripe."""
    shopper.add(catalog.mug(stock=50), 2)
    shopper.pay(sandbox)
    return shopper


def work(app: Flask) -> None:
    while service(Worker, app).round():
        pass
    service(AuditRuns, app).work()


def entries(app: Flask, subject: str) -> list[AuditEntry]:
    return service(AuditLog, app).list(AuditFilter(subject=subject), 10)


def found(database: Database, **fields: str) -> Discrepancy:
    """Something that a run found, and stored."""
    order = database["orders"].find_one({}) or {"number": ""}
    wrong = Discrepancy(
        difference=Difference[fields.get("difference", "NOT_BOOKED")],
        gateway="stripe",
        payment_id=fields.get("payment_id", "pi_1"),
        order_number=order["number"],
        mended=False,
    )
    AuditRepository(database).store("run_1", [wrong])
    return wrong


def press(owner: Staff, action: str, *, htmx: bool = False) -> tuple[str, dict[str, str]]:
    """The form of the only finding, as its button would send it."""
    form = soup(owner.get("/admin/money")).select_one('form[action^="/admin/money/findings/"]')
    assert form is not None
    version = form.select_one("input[name=version]")
    assert version is not None
    return str(form["action"]), {"version": str(version["value"]), "action": action}


@GATEWAYS
def test_a_day_is_compared_with_the_gateways_list(
    app: Flask, owner: Staff, shopper: Shopper, catalog: CatalogMaker, sandbox: Sandbox,
    gateway: str,
) -> None:  # fmt: skip
    shopper.add(catalog.mug(stock=50), 2)
    shopper.pay(sandbox, gateway)
    assert owner.post("/admin/money/runs", {}).status_code == 303
    work(app)
    page = owner.get("/admin/money")
    (row,) = soup(page).select('[aria-label="Gateways day by day"] tbody tr')
    cells = [cell.get_text(strip=True) for cell in row.select("td")]
    assert cells == [gateway.capitalize(), "$0.00", "1", "$48.90", "$48.90", "$0.00", "$0.00"]
    assert "The books and the gateways agree." in page.text
    heads, line = csv.reader(io.StringIO(owner.get("/admin/money?format=csv").text))
    assert line[heads.index("difference")] == "0.00"


def test_pressing_twice_is_one_run(app: Flask, owner: Staff, database: Database) -> None:
    owner.post("/admin/money/runs", {})
    owner.post("/admin/money/runs", {}, htmx=True)
    assert database["audit_runs"].count_documents({}) == 1
    run = service(AuditRuns, app).latest()[0]
    assert run.is_open
    assert 'hx-trigger="every 2s"' in owner.get("/admin/money", headers=HTMX).text
    work(app)
    assert not service(AuditRuns, app).latest()[0].is_open
    logged = entries(app, f"audit_run:{run.id}")
    assert [change.after for entry in logged for change in entry.changes] == [
        {"by": owner.email}, {"by": owner.email},
    ]  # fmt: skip


def test_a_payment_that_nobody_came_back_with_is_mended_and_kept_in_the_report(
    app: Flask, owner: Staff, shopper: Shopper, catalog: CatalogMaker, sandbox: Sandbox,
    database: Database,
) -> None:  # fmt: skip
    shopper.add(catalog.mug(stock=50), 2)
    shopper.approve(sandbox, shopper.check_out().location, "stripe")
    service(AuditRuns, app).ask()
    service(AuditRuns, app).work()
    (finding,) = service(AuditRuns, app).closed_findings(10)
    assert (finding.difference, finding.state) == (Difference.LEFT_OVER, FindingState.MENDED)
    assert database["orders"].count_documents({"state": "paid"}) == 1


def test_a_gateway_that_is_silent_is_said(
    app: Flask, owner: Staff, sandbox: Sandbox, paid: Shopper
) -> None:
    sandbox.fault("error_500", path="payment_intents", count=50)
    sandbox.fault("error_500", path="charges", count=50)
    service(AuditRuns, app).ask()
    service(AuditRuns, app).work()
    run = service(AuditRuns, app).latest()[0]
    assert run.error
    assert "a list could not be read" in owner.get("/admin/money").text


def test_a_repair_is_done_by_the_worker_and_confirmed_by_the_next_run(
    app: Flask, owner: Staff, paid: Shopper, database: Database
) -> None:
    found(database)
    path, form = press(owner, "settle")
    assert owner.post(path, form).status_code == 303
    assert owner.post(path, form).status_code == 303  # a double click
    assert database["outbox"].count_documents({"topic": "checkout.repair_wanted"}) == 1
    (entry, *_) = reversed(entries(app, path.replace("/admin/money/findings/", "finding:")))
    (change,) = entry.changes
    assert change.before == {"state": "open", "note": ""}
    assert change.after == {"state": "repairing", "note": f"settle by {owner.email}"}
    work(app)
    work(app)
    (finding,) = service(AuditRuns, app).closed_findings(10)
    assert finding.state is FindingState.GONE
    assert database["orders"].count_documents({"state": "paid"}) == 1


def test_a_refund_for_a_finding_is_made_once(
    app: Flask, owner: Staff, paid: Shopper, sandbox: Sandbox, database: Database
) -> None:
    found(database, difference="AMOUNT")
    path, form = press(owner, "refund")
    owner.post(path, form)
    work(app)
    database["outbox"].update_many(
        {"topic": "checkout.repair_wanted"}, {"$set": {"state": "pending", "done": []}}
    )
    database["audit_findings"].update_many({}, {"$set": {"state": "repairing"}})
    work(app)
    assert database["refunds"].count_documents({}) == 1
    assert sandbox.captures() == []


def test_a_refund_for_a_finding_that_the_bank_returned_is_made_anew(
    app: Flask, owner: Staff, paid: Shopper, sandbox: Sandbox, database: Database
) -> None:
    for returned in (False, True):
        if returned:
            (refund,) = sandbox.ledger()["refunds"]
            sandbox.end_refund(refund["id"], "failure")
            service(Refunding, app).follow(database["orders"].find_one({})["_id"])
            assert [amount for _, amount in sandbox.captures()] == [4890]
        found(database, difference="AMOUNT")
        path, form = press(owner, "refund")
        owner.post(path, form)
        work(app)
        assert sandbox.captures() == []
    assert database["refunds"].count_documents({"state": "succeeded"}) == 1


def test_a_repair_that_comes_to_nothing_says_why(
    app: Flask, owner: Staff, paid: Shopper, sandbox: Sandbox, database: Database
) -> None:
    order = database["orders"].find_one({})
    service(Refunding, app).request(
        order["_id"], RefundWish(quantities={1: 2}, shipping=True), key="k", reason="",
        restock=False, by="Eve",
    )  # fmt: skip
    found(database, difference="AMOUNT")
    path, form = press(owner, "refund")
    owner.post(path, form)
    while service(Worker, app).round():
        pass
    (finding,) = service(AuditRuns, app).open_findings(10)
    assert finding.state is FindingState.REPAIRED
    assert finding.note.startswith(f"refund by {owner.email}: ")
    assert database["refunds"].count_documents({}) == 1


def test_what_was_marked_stays_marked(
    app: Flask, owner: Staff, paid: Shopper, database: Database
) -> None:
    wrong = found(database, difference="UNKNOWN")
    path, form = press(owner, "mark")
    owner.post(path, form, htmx=True)
    AuditRepository(database).store("run_2", [wrong])
    (finding,) = service(AuditRuns, app).closed_findings(10)
    assert finding.state is FindingState.MARKED
    assert service(AuditRuns, app).open_findings(10) == []


def test_two_at_once_the_second_is_told(
    app: Flask, owner: Staff, paid: Shopper, database: Database
) -> None:
    found(database)
    path, form = press(owner, "settle")
    owner.post(path, {**form, "action": "mark"})
    answer = owner.post(path, form)
    assert answer.status_code == 409
    assert "You wanted" in answer.text
    assert "marked" in answer.text
    (finding,) = service(AuditRuns, app).closed_findings(10)
    assert finding.state is FindingState.MARKED
    assert database["outbox"].count_documents({"topic": "checkout.repair_wanted"}) == 0


@pytest.mark.parametrize("form", [{}, {"action": "explode", "version": "1"}, {"action": "refund"}])
def test_an_action_that_does_not_fit_changes_nothing(
    app: Flask, owner: Staff, paid: Shopper, database: Database, form: dict[str, str]
) -> None:
    found(database)
    before = list(database["audit_findings"].find({}))
    path, _ = press(owner, "settle")
    assert owner.post(path, form).status_code == 422
    assert owner.post(path, {"action": "refund", "version": "1"}).status_code == 422
    assert list(database["audit_findings"].find({})) == before
    assert entries(app, path.replace("/admin/money/findings/", "finding:")) == []


def test_a_run_whose_worker_died_is_taken_over(
    app: Flask, database: Database, sandbox: Sandbox
) -> None:
    runs = service(AuditRuns, app)
    runs.ask()
    database["audit_runs"].update_one({}, {"$set": {"state": "running"}})
    assert not runs.work()
    past = database["audit_runs"].find_one({})
    assert past
    database["audit_runs"].update_one(
        {}, {"$set": {"beat_at": past["beat_at"].replace(year=past["beat_at"].year - 1)}}
    )
    assert runs.work()
    assert not runs.latest()[0].is_open
