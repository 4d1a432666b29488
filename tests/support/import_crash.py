"""A worker that dies by kill -9 while it carries out an import.

``python -m tests.support.import_crash POINT``, as ``tests.support.crash``.
"""

from __future__ import annotations

import sys

from app import create_app
from app.catalog.csv.importing import CsvImport
from app.catalog.csv.job_repository import ImportJobRepository
from app.catalog.csv.jobs import ImportJobs
from app.inventory.service import InventoryService
from app.web.registry import service
from tests.support.dying import Point, arm

POINTS: dict[str, Point] = {
    "leased, nothing done": (ImportJobRepository, "file", False),
    "products stored, stock not counted": (InventoryService, "count", False),
    "stock counted, batch not noted": (ImportJobRepository, "pass_batch", False),
    "batch noted, uncommitted": (ImportJobRepository, "pass_batch", True),
    "batch done": (CsvImport, "_store", True),
    "all done, not said": (ImportJobRepository, "conclude", False),
}


def main() -> None:
    """Arm the point and work."""
    app = create_app()
    arm(POINTS[sys.argv[1]])
    service(ImportJobs, app).run()


if __name__ == "__main__":
    main()
