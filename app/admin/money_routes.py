"""The money report: the books against the gateways, and repairing what differs."""

from __future__ import annotations

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.admin.guard import allowed, area, changed, needs, staff
from app.admin.overview import PREVENTED
from app.admin.periods import RANGES, Choice, chosen_period
from app.admin.permissions import Permission
from app.admin.spreadsheets import spreadsheet
from app.analytics.models import Kind
from app.analytics.service import AnalyticsService
from app.checkout.audit_models import Action, Finding, MoneyDay
from app.checkout.audit_runs import AuditRuns
from app.checkout.repairs import Repairs
from app.payments.disputes import DisputeService
from app.shared.errors import Conflict, Invalid
from app.shared.numbers import whole
from app.shared.texts import Text
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page

blueprint = area("money", __name__, "/money")
_MOST = 100
_CLOSED = 20
_ACTIONS = {
    Action.SETTLE: Text("Ask the gateway and book"),
    Action.FOLLOW: Text("Look at its refunds again"),
    Action.REFUND: Text("Refund what is left"),
    Action.MARK: Text("Mark as dealt with"),
}
_HEAD = (
    "day", "gateway", "currency", "payments", "captured by the books", "captured by the gateway",
    "refunded by the books", "refunded by the gateway", "difference", "compared at",
)  # fmt: skip


@blueprint.get("")
@needs(Permission.REPORTS)
def report() -> Response:
    """Totals by gateway and day, what differs, and how duplicates were prevented."""
    choice = chosen_period("7")
    if request.args.get("format") == "csv":
        name = f"money-{choice.span.first}-{choice.span.last}"
        return spreadsheet(name, _HEAD, map(_line, _days(choice)))
    return _show(choice, 422 if choice.errors else 200)


def _days(choice: Choice) -> list[MoneyDay]:
    return service(AuditRuns).days(choice.span.first.isoformat(), choice.span.last.isoformat())


def _show(
    choice: Choice, status: int, problem: str = "", wanted: str = "", finding_id: str = ""
) -> Response:
    """The page; ``problem`` says why what was ``wanted`` of a finding was not done."""
    runs, analytics = service(AuditRuns), service(AnalyticsService)
    return page(
        "admin/analytics/money.html",
        "report",
        status,
        choice=choice,
        ranges=RANGES,
        days=_days(choice),
        run=next(iter(runs.latest(1)), None),
        findings=runs.open_findings(_MOST),
        closed=runs.closed_findings(_CLOSED),
        disputes=service(DisputeService).open_ones(_MOST),
        dispute_sums=service(DisputeService).sums(),
        action_labels=_ACTIONS,
        may_repair=allowed(Permission.MONEY),
        csv_link=choice.link("/admin/money", format="csv"),
        shown={"prevented": analytics.by_name(Kind.PREVENTED, choice.span, choice.market)},
        prevented_label=PREVENTED.__getitem__,
        problem=problem,
        wanted=wanted,
        conflict=service(Repairs).get(finding_id) if finding_id else None,
    )


def _line(day: MoneyDay) -> tuple[object, ...]:
    return (
        day.day,
        day.gateway,
        day.currency,
        day.payments,
        day.money(day.captured),
        day.money(day.listed_captured),
        day.money(day.refunded),
        day.money(day.listed_refunded),
        day.difference,
        day.compared_at,
    )


@blueprint.post("/runs")
@needs(Permission.MONEY)
def start() -> BaseResponse:
    """Have the worker compare now; once more meanwhile is the same comparison."""
    run = service(AuditRuns).ask(staff().email)
    changed(f"audit_run:{run.id}", Text("Comparison with the gateways"), None, {"by": run.by})
    leave_message(Text("The books are being compared with the gateways."))
    return leave_to("/admin/money")


@blueprint.post("/findings/<finding_id>")
@needs(Permission.MONEY)
def repair(finding_id: str) -> BaseResponse:
    """Have a difference repaired, or mark it as dealt with."""
    action, version = _wanted()
    try:
        before, after = service(Repairs).ask(finding_id, version, action, staff().email)
    except Conflict as moved:
        return _show(chosen_period("7"), 409, moved.message, _ACTIONS[action], finding_id)
    label = f"{before.difference} {before.order_number or before.payment_id}"
    changed(f"finding:{before.id}", label, _plain(before), _plain(after))
    done = Text("Marked as dealt with.") if action is Action.MARK else Text("It is being repaired.")
    leave_message(done)
    return leave_to("/admin/money")


def _wanted() -> tuple[Action, int]:
    wanted = request.form.get("action", "")
    version = whole(request.form.get("version", ""), None)
    if wanted not in set(Action) or version is None:
        raise Invalid(Text("Please choose what is to be done."))
    return Action(wanted), version


def _plain(finding: Finding) -> dict[str, object]:
    return {"state": finding.state.value, "note": finding.note}
