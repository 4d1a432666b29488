"""Imports and their files, where every process finds them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from app.catalog.csv.job_models import ImportCounts, ImportJob, ImportState, Plan, Refusal
from app.catalog.csv.planning import FieldChange, PlannedProduct
from app.db.database import Database, Document, Session
from app.db.moments import passed
from app.shared.clock import now

_CHUNK = 4 * 1024 * 1024  # bytes; a document holds 16 MB at most
_MOST_REFUSALS = 500
_MOVING = [each.value for each in ImportState if each.is_moving]


class ImportJobRepository:
    """Reads and writes ``catalog_imports`` and ``catalog_import_files``."""

    def __init__(self, database: Database) -> None:
        self._jobs = database["catalog_imports"]
        self._files = database["catalog_import_files"]

    def store_file(self, job_id: str, data: bytes) -> None:
        """Keep a file for some weeks; storing it again is a no-op."""
        for place in range(0, len(data), _CHUNK):
            name = f"{job_id}:{place // _CHUNK:05}"
            chunk = {"at": now(), "data": data[place : place + _CHUNK]}
            self._files.replace_one({"_id": name}, chunk, upsert=True)

    def file(self, job_id: str) -> Iterator[bytes]:
        """The file, piece by piece; nothing where it is gone."""
        place = 0
        while found := self._files.find_one({"_id": f"{job_id}:{place:05}"}):
            yield found["data"]
            place += 1

    def insert(self, job: ImportJob) -> None:
        """Store a new import. Raises ``DuplicateKeyError`` if it is there."""
        document = asdict(job)
        document["_id"] = document.pop("id")
        document["refusals"] = list(document["refusals"])
        self._jobs.insert_one({**document, "planned": _plan_to_document(job.planned)})

    def find(self, job_id: str) -> ImportJob | None:
        """An import, or None."""
        found = self._jobs.find_one({"_id": job_id})
        return _job(found) if found else None

    def list(self, before: str, most: int) -> list[ImportJob]:
        """Imports, the newest first, from the one after ``before`` on; without their plans."""
        wanted: Document = {"_id": {"$lt": before}} if before else {}
        fields = {"planned": 0, "refusals": 0}
        return [_job(each) for each in self._jobs.find(wanted, fields).sort("_id", -1).limit(most)]

    def start(self, job_id: str) -> bool:
        """Have a checked import carried out; False if it is not (any more) only checked."""
        result = self._jobs.update_one(
            {"_id": job_id, "state": ImportState.CHECKED.value},
            {
                "$set": {
                    "state": ImportState.IMPORTING.value,
                    "rows": 0,
                    "products": 0,
                    "tries": 0,
                },
                "$unset": {"lease": ""},
            },
        )
        return bool(result.modified_count)

    # --- for the worker at it -----------------------------------------------------------------

    def lease(self, worker: str, until: datetime) -> ImportJob | None:
        """Take an import that waits, or whose worker is gone; None if there is none."""
        free = {"$or": [{"lease": None}, passed("lease", now(), until - now())]}
        for found in self._jobs.find({"state": {"$in": _MOVING}, **free}, {"lease": 1}).limit(10):
            taken = self._jobs.update_one(
                {"_id": found["_id"], "lease": found.get("lease"), "state": {"$in": _MOVING}},
                {"$set": {"lease": until, "worker": worker}, "$inc": {"tries": 1}},
            )
            if taken.modified_count:
                return self.find(found["_id"])
        return None

    def renew(self, job_id: str, worker: str, until: datetime, **more: int) -> bool:
        """Keep the lease; False if it was lost."""
        return self._set(job_id, worker, {"lease": until, **more})

    def pass_batch(
        self,
        job: ImportJob,
        worker: str,
        until: datetime,
        part: ImportCounts,
        refusals: Sequence[Refusal],
        session: Session,
    ) -> ImportCounts | None:
        """Note, in the transaction that stores a batch, that it is done up to the product and row
        that ``job`` names; the counts of all until now, or None if the lease was lost."""
        found = self._jobs.find_one({"_id": job.id, "worker": worker}, session=session)
        if found is None:
            return None
        so_far = found["counts"]
        counts = {name: so_far[name] + count for name, count in asdict(part).items()}
        known = [*found["refusals"], *map(asdict, refusals)]
        done = {
            "products": job.products,
            "rows": job.rows,
            "counts": counts,
            "refusals": known[:_MOST_REFUSALS],
            "lease": until,
            "tries": 0,
        }
        # a lease lost since it was read is a write conflict
        return ImportCounts(**counts) if self._set(job.id, worker, done, session) else None

    def conclude(
        self, job_id: str, worker: str, state: ImportState, *, problem: str = "", **more: Any
    ) -> bool:
        """End what the worker was at; False if the lease was lost."""
        return self._set(
            job_id,
            worker,
            {"state": state.value, "problem": problem, "lease": None, "worker": "", **more},
        )

    def store_plan(self, job_id: str, worker: str, plan: Plan) -> bool:
        """Store what trying it out has shown, and that it can be started."""
        return self.conclude(
            job_id, worker, ImportState.CHECKED, planned=_plan_to_document(plan), rows=0
        )

    def _set(
        self, job_id: str, worker: str, values: Document, session: Session | None = None
    ) -> bool:
        result = self._jobs.update_one(
            {"_id": job_id, "worker": worker}, {"$set": values}, session=session
        )
        return bool(result.matched_count)


def lease_until(seconds: int) -> datetime:
    """When a lease that begins now ends."""
    return now() + timedelta(seconds=seconds)


def _plan_to_document(plan: Plan) -> Document:
    document: Document = asdict(plan)
    for name in ("products", "stock", "refusals"):
        document[name] = list(document[name])
    for each in document["products"]:
        each["changes"] = list(each["changes"])
    return document


def _plan(document: Document) -> Plan:
    return Plan(
        counts=ImportCounts(**document["counts"]),
        products=tuple(
            PlannedProduct(**{**each, "changes": tuple(FieldChange(**c) for c in each["changes"])})
            for each in document["products"]
        ),
        stock=tuple(FieldChange(**each) for each in document["stock"]),
        refusals=tuple(Refusal(**each) for each in document["refusals"]),
    )


def _job(document: Document) -> ImportJob:
    plain = {name: document[name] for name in _FIELDS if name in document}
    return ImportJob(
        id=document["_id"],
        state=ImportState(document["state"]),
        counts=ImportCounts(**document["counts"]),
        refusals=tuple(Refusal(**each) for each in document.get("refusals", ())),
        planned=_plan(document["planned"]) if "planned" in document else Plan(),
        **plain,
    )


_FIELDS = (
    "file_name", "market", "by", "at", "size", "products", "rows", "all_rows", "problem", "tries",
)  # fmt: skip
