"""Product CSV in and out: tried out first, then carried out in the background."""

from __future__ import annotations

import re
from datetime import datetime

from flask import Response, current_app, request
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as BaseResponse

from app.admin.catalog_answers import CHECK
from app.admin.form_pictures import takes_uploads
from app.admin.guard import area, changed, needs, staff
from app.admin.lists import cut, list_state
from app.admin.permissions import Permission
from app.catalog.csv.exporting import CsvExport
from app.catalog.csv.job_models import ImportJob
from app.catalog.csv.jobs import MOST_BYTES, ImportJobs
from app.catalog.models import Category, ProductStatus
from app.catalog.shelving import Shelving
from app.markets.models import Market
from app.markets.service import MarketService
from app.shared.clock import now
from app.shared.errors import Invalid
from app.shared.ids import new_id
from app.shared.texts import Text
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page

blueprint = area("imports", __name__, "/imports")
takes_uploads(blueprint, MOST_BYTES)
_PAGE = 25
_IMPORT_ID = re.compile(r"imp_[0-9A-Za-z]{26}")


@blueprint.get("")
@needs(Permission.CATALOG_VIEW)
def imports() -> Response:
    """Uploading, exporting, and what was imported until now."""
    return _show()


@blueprint.post("")
@needs(Permission.CATALOG_EDIT)
def upload() -> BaseResponse:
    """Keep a file and have it tried out. Sent twice it is one import."""
    file = request.files.get("file")
    import_id = request.form.get("import_id", "")
    try:
        market = _market(request.form.get("market", ""))
        job, is_new = service(ImportJobs).upload(
            import_id if _IMPORT_ID.fullmatch(import_id) else new_id("imp"),
            _name(file),
            file.read() if file else b"",
            market,
            staff().email,
        )
    except Invalid as refusal:
        return _show(422, CHECK, refusal.fields)
    if is_new:
        changed(f"import:{job.id}", job.file_name, None, _plain(job))
    return leave_to(f"/admin/imports/{job.id}")


@blueprint.get("/<import_id>")
@needs(Permission.CATALOG_VIEW)
def progress(import_id: str) -> Response:
    """How far an import is, what it would change, and what it has changed."""
    job = service(ImportJobs).get(import_id)
    return page("admin/catalog/import.html", "progress", job=job)


@blueprint.post("/<import_id>/start")
@needs(Permission.CATALOG_EDIT)
def start(import_id: str) -> BaseResponse:
    """Have the worker carry an import out. Pressed twice it starts once."""
    before = service(ImportJobs).get(import_id)
    job, started = service(ImportJobs).start(import_id)
    if started:
        changed(f"import:{job.id}", job.file_name, _plain(before), _plain(job))
        leave_message(Text("The import has begun. You may leave this page."))
    return leave_to(f"/admin/imports/{job.id}")


@blueprint.get("/export.csv")
@needs(Permission.CATALOG_VIEW)
def export() -> Response:
    """The catalog as a file that imports back, sent piece by piece."""
    market = service(MarketService).find(request.args.get("market", ""))
    market = market or service(MarketService).default
    pieces = service(CsvExport).stream(
        market,
        status=request.args.get("status", ""),
        category=request.args.get("category", ""),
    )
    body = (piece.encode() for piece in pieces)
    response = current_app.response_class(body, mimetype="text/csv")
    name = f"products-{market.code.lower()}-{_stamp(now())}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _market(code: str) -> Market:
    found = service(MarketService).find(code)
    if found is None:
        message = Text("Please choose a market.")
        raise Invalid(message, {"market": message})
    return found


def _name(file: FileStorage | None) -> str:
    """The file's own name, without folders or unprintable letters."""
    name = (file.filename or "") if file else ""
    return "".join(filter(str.isprintable, re.split(r"[/\\]", name)[-1]))


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y%m%d-%H%M")


def _plain(job: ImportJob) -> dict[str, object]:
    return {
        "file_name": job.file_name,
        "market": job.market,
        "size": job.size,
        "rows": job.all_rows,
        "state": job.state.value,
    }


def _show(status: int = 200, message: str = "", problems: dict[str, str] | None = None) -> Response:
    state = list_state()
    found = service(ImportJobs).list(state.after, _PAGE + 1)
    return page(
        "admin/catalog/imports.html",
        "content",
        status,
        state=state,
        found=cut(found, _PAGE, "id"),
        import_id=new_id("imp"),
        message=message,
        problems=problems or {},
        chosen_market=request.form.get("market", ""),
        open_markets=service(MarketService).open(),
        statuses=[each.value for each in ProductStatus],
        categories=service(Shelving).every(Category),
    )
