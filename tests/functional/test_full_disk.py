"""A disk without room: pages and pictures still come, and uploads say what is wrong."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask

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
