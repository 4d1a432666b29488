"""Imports in the background: uploaded, tried out, started, carried on by whichever worker is there.

A worker leases an import, again before each try of a batch, and notes in the batch's transaction
how far it is. One that dies leaves its lease to run out, and the next goes on after the last batch
that was done: each is done once.
Whoever has lost the lease cannot write any more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import structlog

from app.catalog.csv.importing import CsvImport, ImportReport
from app.catalog.csv.job_models import ImportCounts, ImportJob, ImportState, Plan, Refusal
from app.catalog.csv.job_repository import ImportJobRepository, lease_until
from app.catalog.csv.planning import planned_products, planned_stock
from app.catalog.csv.reading import UnreadableFile, check_file
from app.db.database import Database, Session
from app.db.errors import DuplicateKeyError
from app.markets.models import Market
from app.markets.service import MarketService
from app.shared.clock import now
from app.shared.errors import Conflict, Invalid, NotFound, ShopError
from app.shared.ids import new_id
from app.shared.texts import Text

MOST_BYTES = 20 * 1024 * 1024
_LEASE = 90  # seconds; MongoDB ends a batch's transaction after 60
_MOST_TRIES = 5  # at one and the same batch
_MOST_SHOWN = 200  # products, SKUs and rows of a plan
_log = structlog.get_logger()


class LeaseLost(Exception):
    """Another worker goes on with the import."""


class ImportJobs:
    """Imports as staff start and follow them, and as the worker carries them out."""

    def __init__(
        self,
        database: Database,
        importer: CsvImport,
        markets: MarketService,
        on_done: Callable[[], object],
    ) -> None:
        self._jobs = ImportJobRepository(database)
        self._importer = importer
        self._markets = markets
        self._on_done = on_done

    # --- for staff ----------------------------------------------------------------------------

    def upload(
        self, job_id: str, file_name: str, data: bytes, market: Market, by: str
    ) -> tuple[ImportJob, bool]:
        """Keep a file and have it tried out; the import, and whether it is new: sent twice it is
        one, and what is chosen in a form that was sent before is another. Raises ``Invalid``
        beside ``file``."""
        known = self._jobs.find(job_id)
        if known is not None:
            if known.market == market.code and self._file(job_id) == data:
                return known, False
            job_id = new_id("imp")
        if not 0 < len(data) <= MOST_BYTES:
            message = Text("Please choose a file of at most 20 MB.")
            raise Invalid(message, {"file": message})
        rows = _count_rows(data)
        job = ImportJob(
            id=job_id,
            file_name=file_name[:200] or "products.csv",
            market=market.code,
            by=by,
            at=now(),
            size=len(data),
            all_rows=rows,
        )
        self._jobs.store_file(job_id, data)
        try:
            self._jobs.insert(job)
        except DuplicateKeyError:  # the same form, sent twice at once
            return self.get(job_id), False
        return job, True

    def get(self, job_id: str) -> ImportJob:
        """An import. Raises ``NotFound``."""
        found = self._jobs.find(job_id)
        if found is None:
            raise NotFound(Text("There is no such import."))
        return found

    def list(self, before: str, most: int) -> list[ImportJob]:
        """Imports, the newest first, after the one ``before``; without what they would change."""
        return self._jobs.list(before, most)

    def start(self, job_id: str) -> tuple[ImportJob, bool]:
        """Have an import carried out that was tried out; whether this is what started it. Raises
        ``NotFound``, and ``Conflict`` for one that cannot be started."""
        started = self._jobs.start(job_id)
        job = self.get(job_id)
        if not started and job.state in {ImportState.CHECKING, ImportState.FAILED}:
            raise Conflict(Text("This import cannot be started. Please look at it again."))
        return job, started

    # --- for the worker -----------------------------------------------------------------------

    def run(self) -> int:
        """Carry on with whatever waits; how many imports ended. May be done by several at once."""
        ended = 0
        worker = new_id("wrk")
        while (job := self._jobs.lease(worker, lease_until(_LEASE))) is not None:
            try:
                self._work(job, worker)
            except LeaseLost:
                _log.warning("import_lease_lost", import_id=job.id)
            except ShopError as refusal:
                self._fail(job, worker, str(refusal))
            ended += 1
        return ended

    def _work(self, job: ImportJob, worker: str) -> None:
        if job.tries > _MOST_TRIES:
            self._fail(job, worker, Text("It stopped several times at the same place."))
            return
        market = self._markets.get(job.market)
        data = self._file(job.id)  # not on the disk, which may be full
        if job.state is ImportState.CHECKING:
            self._try_out(job, worker, data, market)
        else:
            self._import(job, worker, data, market)

    def _file(self, job_id: str) -> bytes:
        return b"".join(self._jobs.file(job_id))

    def _fail(self, job: ImportJob, worker: str, problem: str) -> None:
        self._jobs.conclude(job.id, worker, ImportState.FAILED, problem=str(problem))

    def _try_out(self, job: ImportJob, worker: str, data: bytes, market: Market) -> None:
        def progress(rows: int, _: int) -> None:
            if not self._jobs.renew(job.id, worker, lease_until(_LEASE), rows=rows):
                raise LeaseLost

        plan, total = Plan(), ImportReport()
        for decision in self._importer.plan(data, market, progress):
            total.add(decision.report)
            plan = replace(
                plan,
                products=(*plan.products, *planned_products(decision))[:_MOST_SHOWN],
                stock=(*plan.stock, *planned_stock(decision))[:_MOST_SHOWN],
            )
        refusals = sorted(_refusals(total), key=lambda each: each.line)
        plan = replace(plan, counts=_counts(total), refusals=tuple(refusals[:_MOST_SHOWN]))
        if not self._jobs.store_plan(job.id, worker, plan):
            raise LeaseLost

    def _import(self, job: ImportJob, worker: str, data: bytes, market: Market) -> None:
        journal = _Journal(self._jobs, job, worker)
        self._importer.run(data, market, lambda _done, _all: None, journal)
        if not self._jobs.conclude(job.id, worker, ImportState.DONE):
            raise LeaseLost
        if journal.counts.created or journal.counts.updated:
            self._on_done()


class _Journal:
    """Notes how far an import is, as long as its worker has the lease."""

    def __init__(self, jobs: ImportJobRepository, job: ImportJob, worker: str) -> None:
        self._jobs = jobs
        self._job = job
        self._worker = worker
        self.counts = job.counts

    @property
    def passed(self) -> int:
        """Products of the file that are done."""
        return self._job.products

    def begin(self) -> None:
        """Keep the lease for this try of a batch. Not in its transaction, which notes the batch in
        the same document and would conflict. Raises ``LeaseLost``."""
        if not self._jobs.renew(self._job.id, self._worker, lease_until(_LEASE)):
            raise LeaseLost

    def done(self, products: int, rows: int, part: ImportReport, session: Session) -> None:
        """Note a batch in its transaction. Raises ``LeaseLost``, which undoes it."""
        counts = self._jobs.pass_batch(
            replace(self._job, products=products, rows=rows),
            self._worker,
            lease_until(_LEASE),
            _counts(part),
            _refusals(part),
            session,
        )
        if counts is None:
            raise LeaseLost
        self.counts = counts


def _count_rows(data: bytes) -> int:
    try:
        return check_file(data)[1]
    except UnreadableFile as refusal:
        raise Invalid(refusal.message, {"file": refusal.message}) from refusal


def _counts(report: ImportReport) -> ImportCounts:
    return ImportCounts(
        created=report.created,
        updated=report.updated,
        unchanged=report.unchanged,
        variants=report.variants,
        stock_changes=report.stock_changes,
        refused=len(report.problems),
    )


def _refusals(report: ImportReport) -> list[Refusal]:
    return [Refusal(line=each.line, reason=str(each.reason)) for each in report.problems]
