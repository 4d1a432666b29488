"""The media folder under several processes, and its addresses on the web."""

from __future__ import annotations

import multiprocessing
import os
import stat
from pathlib import Path

import pytest
from flask import Flask

from app.media import local
from app.media.local import LocalMediaStore
from app.media.picture import make_copy
from app.media.service import MediaService
from app.web.registry import service
from tests.support.pictures import encoded, opened, two_halves

PHOTO = encoded(two_halves(1000, 800), "JPEG", quality=80)


@pytest.fixture
def store(tmp_path: Path) -> LocalMediaStore:
    return LocalMediaStore(tmp_path / "media")


def _name(store: LocalMediaStore, data: bytes = PHOTO) -> str:
    return store.put(data, "Dune Mug").src.removeprefix(local.PREFIX)


def test_storing_twice_writes_once(store: LocalMediaStore, tmp_path: Path) -> None:
    first = store.put(PHOTO, "Dune Mug")
    file = tmp_path / "media" / first.src.removeprefix(local.PREFIX)
    written = file.stat().st_mtime_ns
    assert store.put(PHOTO, "Dune Mug") == first
    assert file.stat().st_mtime_ns == written
    assert not file.stat().st_mode & stat.S_IXUSR


def test_only_the_shops_widths_are_made(store: LocalMediaStore, tmp_path: Path) -> None:
    name = _name(store)
    for width in (1, 321, 999, 1001, 100_000):
        assert store.copy(name, width) is None
    assert sorted(path.name for path in (tmp_path / "media").glob("w*")) == []
    made = store.copy(name, 320)
    assert made is not None
    assert opened(made.read_bytes()).size == (320, 256)
    own = store.copy(name, 1000)
    assert own is not None
    assert opened(own.read_bytes()).size == (1000, 800)
    assert store.copy(name, 1920) == store.master(name)


@pytest.mark.parametrize("name", ["../../etc/passwd", "..", "x/../y.webp", "none.webp", ".place-0", "a.webp\0"])  # fmt: skip
def test_no_name_leads_out_of_the_folder(store: LocalMediaStore, name: str) -> None:
    assert store.master(name) is None
    assert store.copy(name, 320) is None


def _ask(folder: Path, name: str, start: object, counts: Path) -> None:
    def counted(data: bytes, width: int) -> bytes:
        (counts / f"{os.getpid()}-{os.urandom(4).hex()}").touch()
        return make_copy(data, width)

    local.make_copy = counted
    start.wait(20)
    made = LocalMediaStore(folder).copy(name, 640)
    assert made is not None
    assert opened(made.read_bytes()).size == (640, 512)


def test_of_many_processes_one_makes_a_copy_and_all_get_it(
    store: LocalMediaStore, tmp_path: Path
) -> None:
    name = _name(store)
    counts = tmp_path / "counts"
    counts.mkdir()
    fork = multiprocessing.get_context("fork")
    start = fork.Barrier(8)
    arguments = (tmp_path / "media", name, start, counts)
    processes = [fork.Process(target=_ask, args=arguments) for _ in range(8)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
    assert [process.exitcode for process in processes] == [0] * 8
    assert len(list(counts.iterdir())) == 1
    assert list((tmp_path / "media" / "w640").iterdir()) == [tmp_path / "media" / "w640" / name]


def test_a_maker_that_died_half_way_leaves_nothing_in_the_way(
    store: LocalMediaStore, tmp_path: Path
) -> None:
    name = _name(store)
    folder = tmp_path / "media" / "w320"
    folder.mkdir()
    (folder / f".{name}.part").write_bytes(b"half a pict")
    made = store.copy(name, 320)
    assert made is not None
    assert opened(made.read_bytes()).size == (320, 256)
    assert [path.name for path in folder.iterdir()] == [name]


def test_pictures_are_kept_for_ever_by_whoever_asks(app: Flask) -> None:
    src = service(MediaService, app).put(PHOTO, "Dune Mug").src
    client = app.test_client()
    for address in (src, src.replace("/media/", "/media/w640/")):
        answer = client.get(address)
        assert (answer.status_code, answer.mimetype) == (200, "image/webp")
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "Set-Cookie" not in answer.headers
        again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304
    for address in (src.replace("/media/", "/media/w641/"), "/media/w640/none.webp"):
        assert client.get(address).status_code == 404
