"""The dashboard and the reports below it."""

from __future__ import annotations

from flask import Response, request

from app.admin.guard import allowed, area, needs
from app.admin.overview import PREVENTED, make_overview, make_todo
from app.admin.periods import RANGES, chosen_period
from app.admin.permissions import Permission
from app.admin.reports import ReportName, make_report, success_text, title_of
from app.admin.spreadsheets import spreadsheet
from app.analytics.service import AnalyticsService
from app.shared.clock import now
from app.shared.errors import NotFound
from app.shared.texts import Text
from app.web.registry import service
from app.web.rendering import page, wants_fragment

blueprint = area("analytics", __name__)


@blueprint.get("")
@needs(Permission.PANEL)
def dashboard() -> Response:
    """Figures for who may see them, and for everybody what there is to do.

    The figures ask for themselves again and again; while nothing changed the answer is empty.
    """
    if not allowed(Permission.REPORTS):
        return page("admin/analytics/todo.html", "content", todo=make_todo())
    choice = chosen_period("today")
    mark = f"{now():%Y-%m-%d}.{service(AnalyticsService).revision()}"
    if wants_fragment() and request.args.get("seen") == mark:
        return Response(status=204)
    return page(
        "admin/analytics/dashboard.html",
        "figures",
        422 if choice.errors else 200,
        choice=choice,
        ranges=RANGES,
        mark=mark,
        shown=make_overview(choice),
        todo=make_todo(),
        success=success_text,
        prevented_label=PREVENTED.__getitem__,
    )


@blueprint.get("/reports")
@needs(Permission.REPORTS)
def reports() -> Response:
    """Every report there is."""
    names = [(name.value, title_of(name)) for name in ReportName]
    return page("admin/analytics/reports.html", "content", names=names)


@blueprint.get("/reports/<name>")
@needs(Permission.REPORTS)
def report(name: str) -> Response:
    """One report as table and chart, or as CSV."""
    if name not in set(ReportName):
        raise NotFound(Text("There is no report of this name."))
    choice = chosen_period("30")
    made = make_report(ReportName(name), choice, request.args.get("name", "")[:200])
    if request.args.get("format") == "csv":
        head = [made.first, Text("Currency"), *(column.label for column in made.columns)]
        lines = [(line.label, line.currency, *line.values) for line in made.lines]
        return spreadsheet(f"{name}-{choice.span.first}-{choice.span.last}", head, lines)
    return page(
        "admin/analytics/report.html",
        "figures",
        422 if choice.errors else 200,
        choice=choice,
        ranges=RANGES,
        report=made,
        csv_link=choice.link(name=request.args.get("name", ""), format="csv"),
    )
