"""A disk without room: pages and pictures still come, and uploads say what is wrong."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask

from app.catalog.csv.job_models import ImportState
from app.catalog.csv.jobs import ImportJobs
from app.db.database import Database
from app.markets.service import UNITED_STATES
from app.media.errors import MediaUnavailable
from app.media.service import MediaService
from app.web.registry import service
from tests.support.pictures import encoded, opened, two_halves
from tests.support.shopper import Shopper


@contextmanager
def no_room() -> Iterator[None]:
    """No file of this process may grow (EFBIG in the place of ENOSPC)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_log_that_takes_nothing_fails_no_request(
    shopper: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Path("/dev/full").open("w")  # noqa: SIM115 - closing it fails, as it is meant to
    monkeypatch.setattr(sys, "stdout", full)
    answers = [shopper.get("/orders/lookup").status_code, shopper.get("/nowhere").status_code]
    monkeypatch.undo()
    with pytest.raises(OSError, match="No space"):
        full.close()
    assert answers == [200, 404]


def test_a_picture_is_shown_as_it_is_kept_while_no_copy_can_be_made(
    app: Flask, shopper: Shopper
) -> None:
    stored = service(MediaService, app).put(encoded(two_halves(1000, 800)), "Mug")
    name = stored.src.removeprefix("/media/")
    with no_room():
        answer = shopper.get(f"/media/w320/{name}")
    assert answer.status_code == 200
    assert opened(answer.data).size == (1000, 800)
    assert not answer.cache_control.immutable
    again = shopper.get(f"/media/w320/{name}")
    assert opened(again.data).size == (320, 256)
    assert again.cache_control.immutable


def test_a_new_picture_is_refused_whole(app: Flask, environment: dict[str, str]) -> None:
    with no_room(), pytest.raises(MediaUnavailable):
        service(MediaService, app).put(encoded(two_halves(1000, 800)), "Mug")
    kept = list((Path(environment["MOSSX_DATA_DIR"]) / "media").iterdir())
    assert [each for each in kept if not each.name.startswith(".place-")] == []


def test_products_are_imported_all_the_same(app: Flask, database: Database) -> None:
    jobs = service(ImportJobs, app)
    data = b"Handle,Title,Variant SKU,Variant Price\nmug,Mug,MUG,20.00\n"
    with no_room():
        job, _ = jobs.upload("imp_1", "products.csv", data, UNITED_STATES, "ann@example.com")
        jobs.run()
        jobs.start(job.id)
        jobs.run()
    assert jobs.get(job.id).state is ImportState.DONE
    assert database["products"].count_documents({"slug": "mug"}) == 1


@pytest.mark.parametrize("kept", [b"", b"no picture"])
def test_a_picture_that_cannot_be_read_is_sent_as_it_is(
    shopper: Shopper, environment: dict[str, str], kept: bytes
) -> None:
    folder = Path(environment["MOSSX_DATA_DIR"]) / "media"
    folder.mkdir(exist_ok=True)
    (folder / "mug.webp").write_bytes(kept)
    answer = shopper.get("/media/w320/mug.webp")
    assert (answer.status_code, answer.data) == (200, kept)
    assert not answer.cache_control.immutable


def test_a_name_that_no_file_can_have_is_not_found(
    shopper: Shopper, environment: dict[str, str]
) -> None:
    (Path(environment["MOSSX_DATA_DIR"]) / "media").mkdir(exist_ok=True)
    for path in ("/media", "/media/w320"):
        assert shopper.get(f"{path}/{'x' * 300}.webp").status_code == 404
