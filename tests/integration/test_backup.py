"""Backups: of one moment, whole or refused, put in the place of everything."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tarfile
import threading
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import create_app
from app.backup.archive import read_archive
from app.backup.errors import BackupDamaged, BackupLocked, BackupTooNew, ShopNotEmpty
from app.backup.service import Backups
from app.db.cache import Cache
from app.db.database import Database
from app.db.migrations import all_migrations
from app.web.registry import service
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox
from tests.support.member import Member
from tests.support.shopper import Shopper

KEY, OTHER = "backup-key-0123456789-abcdefghijklm", "another-key-9876543210-zyxwvutsrqpo"
_OWN = {"migrations", "migration_lock", "auth_sessions", "restores"}


def _everything(database: Database) -> dict[str, list[Any]]:
    """All documents and the names of all indexes, without what no backup holds."""
    found: dict[str, list[Any]] = {}
    for name in sorted(database.collections() - _OWN):
        documents = sorted(database[name].find(), key=lambda each: str(each["_id"]))
        found[name] = [documents, sorted(database[name].index_information())]
    return {name: each for name, each in found.items() if each[0]}


@pytest.fixture
def lived_in(app: Flask, ready: Shopper, sandbox: Sandbox) -> Flask:
    """A shop with an order, an account and what these bring along."""
    ready.pay(sandbox)
    Member(app).register()
    return app


@pytest.fixture
def elsewhere(environment: dict[str, str], tmp_path: Path, app: Flask) -> Any:
    """Another shop, on an empty database of the same server."""
    uri = environment["MONGODB_URI"].replace("/mossx", "/elsewhere")
    other = create_app(
        {**environment, "MONGODB_URI": uri, "MOSSX_DATA_DIR": str(tmp_path / "elsewhere")}
    )
    yield other
    service(Database, other).client.drop_database("elsewhere")
    service(Database, other).close()


def _backups(app: Flask, *keys: str) -> Backups:
    own = service(Backups, app)
    return Backups(own._database, own._cache, own._media, keys)


@pytest.mark.parametrize("key", ["", KEY])
def test_a_backup_puts_back_everything(
    lived_in: Flask, elsewhere: Flask, database: Database, tmp_path: Path, key: str
) -> None:
    picture = tmp_path / "media" / "mug-0123456789ab.webp"
    picture.parent.mkdir(exist_ok=True)
    picture.write_bytes(b"a picture")
    path, keys = tmp_path / "shop.backup", [key] if key else []
    made = _backups(lived_in, *keys).create(path)
    assert path.stat().st_mode & 0o077 == 0
    assert (b"ann@example.com" in path.read_bytes()) is False
    assert made.encrypted is bool(key)
    before = _everything(database)
    restored = _backups(elsewhere, *keys).restore(path)
    assert restored.manifest == made.manifest
    assert _everything(service(Database, elsewhere)) == before
    copied = tmp_path / "elsewhere" / "media" / picture.name
    assert copied.read_bytes() == b"a picture"
    again = _backups(elsewhere, *keys).restore(path, over=True)
    assert again.manifest == made.manifest
    assert _everything(service(Database, elsewhere)) == before


def test_a_plain_backup_is_what_common_tools_read(lived_in: Flask, tmp_path: Path) -> None:
    path = tmp_path / "shop.backup"
    _backups(lived_in).create(path)
    with tarfile.open(path, "r:gz") as tar:
        names = tar.getnames()
    assert names[0] == "header.json"
    assert "documents/orders/000001.bson" in names
    assert names[-1] == "manifest.json"


def test_it_is_of_one_moment_while_the_shop_goes_on(
    lived_in: Flask, elsewhere: Flask, database: Database, tmp_path: Path
) -> None:
    """Somebody moves a token from one collection to the other, back and forth: at every moment it
    is in exactly one."""
    database["sent_messages"].delete_many({})
    database["carts"].update_one({}, {"$set": {"token": 1}})
    stop = threading.Event()

    def juggle() -> None:
        here = True
        while not stop.is_set():

            def work(session: Any, here: bool = here) -> None:
                database["carts"].update_one(
                    {}, {"$set": {"token": int(not here)}}, session=session
                )
                if here:
                    database["sent_messages"].insert_one({"_id": "token"}, session=session)
                else:
                    database["sent_messages"].delete_one({"_id": "token"}, session=session)

            database.in_transaction(work)
            here = not here

    other = service(Database, elsewhere)
    thread = threading.Thread(target=juggle)
    thread.start()
    try:
        for number in range(2):
            path = tmp_path / f"{number}.backup"
            _backups(lived_in).create(path, with_media=False)
            _backups(elsewhere).restore(path, over=True)
            cart = other["carts"].find_one({"token": {"$exists": True}})
            assert cart is not None
            moved = other["sent_messages"].count_documents({"_id": "token"})
            assert cart["token"] + moved == 1
    finally:
        stop.set()
        thread.join()


def test_a_shop_with_data_is_not_overwritten_unasked(
    lived_in: Flask, database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "shop.backup"
    _backups(lived_in).create(path)
    before = _everything(database)
    with pytest.raises(ShopNotEmpty):
        _backups(lived_in).restore(path)
    result = lived_in.test_cli_runner().invoke(args=["backup", "restore", str(path)])
    assert result.exit_code == 1
    assert "--over" in result.output
    assert _everything(database) == before


@pytest.mark.parametrize("key", ["", KEY])
def test_what_is_damaged_is_found_before_anything_is_written(
    lived_in: Flask, elsewhere: Flask, tmp_path: Path, key: str
) -> None:
    path, keys = tmp_path / "shop.backup", [key] if key else []
    _backups(lived_in, *keys).create(path)
    whole = path.read_bytes()
    middle = len(whole) // 2
    bad = [
        b"",
        b"this is no backup",
        whole[:-40],
        whole[:middle],
        whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
    ]
    if key:
        bad += [whole[:70], whole + b"more", whole[: middle // 65552 * 65552]]
    for content in bad:
        path.write_bytes(content)
        with pytest.raises(BackupDamaged):
            _backups(elsewhere, *keys).restore(path)
    assert service(Database, elsewhere).collections() == set()


def test_a_sealed_backup_takes_one_of_the_keys(
    lived_in: Flask, elsewhere: Flask, tmp_path: Path
) -> None:
    path = tmp_path / "shop.backup"
    _backups(lived_in, KEY).create(path)
    for keys in ((), (OTHER,)):
        with pytest.raises(BackupLocked, match="BACKUP_KEY"):
            _backups(elsewhere, *keys).check(path)
    assert _backups(elsewhere, OTHER, KEY).check(path).encrypted


def test_a_backup_of_a_later_version_is_refused(
    lived_in: Flask, database: Database, elsewhere: Flask, tmp_path: Path
) -> None:
    path = tmp_path / "shop.backup"
    database["migrations"].insert_one({"_id": "9999_wings"})
    try:
        _backups(lived_in).create(path)
    finally:
        database["migrations"].delete_one({"_id": "9999_wings"})
    with pytest.raises(BackupTooNew, match="9999_wings"):
        _backups(elsewhere).restore(path)


def test_a_backup_of_an_earlier_version_is_brought_up_to_date(
    lived_in: Flask, database: Database, elsewhere: Flask, tmp_path: Path
) -> None:
    path, last = tmp_path / "shop.backup", all_migrations()[-1].name
    known = database["migrations"].find_one({"_id": last})
    database["migrations"].delete_one({"_id": last})
    try:
        _backups(lived_in).create(path)
    finally:
        database["migrations"].insert_one(known or {})
    _backups(elsewhere).restore(path)
    assert service(Database, elsewhere)["migrations"].find_one({"_id": last})


def test_killed_half_way_it_is_done_again(
    lived_in: Flask, elsewhere: Flask, environment: dict[str, str], database: Database,
    tmp_path: Path,
) -> None:  # fmt: skip
    path = tmp_path / "shop.backup"
    _backups(lived_in).create(path)
    before = _everything(database)
    uri = environment["MONGODB_URI"].replace("/mossx", "/elsewhere")
    own = {**environment, "MONGODB_URI": uri, "MOSSX_DATA_DIR": str(tmp_path / "elsewhere")}
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from app import create_app\n"
        "from app.backup.service import Backups\n"
        "from app.db.refilling import Refilling\n"
        "from app.web.registry import service\n"
        "real = Refilling.insert\n"
        "def insert(self, name, documents):\n"
        "    real(self, name, documents)\n"
        "    if name == 'orders':\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "Refilling.insert = insert\n"
        "service(Backups, create_app()).restore(Path(sys.argv[1]))\n"
    )
    dead = subprocess.run(
        [sys.executable, "-c", code, str(path)], env={**os.environ, **own}, check=False, timeout=60
    )
    assert dead.returncode == -signal.SIGKILL
    ready = elsewhere.test_client().get("/readyz")
    assert ready.status_code == 503
    assert ready.json is not None
    assert ready.json["checks"]["mongodb"] == "a backup is being restored"
    _backups(elsewhere).restore(path)
    assert _everything(service(Database, elsewhere)) == before
    assert elsewhere.test_client().get("/readyz").status_code == 200


def test_a_failed_backup_leaves_the_last_one(
    lived_in: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "shop.backup"
    _backups(lived_in).create(path)
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("app.backup.archive.ArchiveWriter.finish", fail)
    with pytest.raises(OSError, match="No space"):
        _backups(lived_in).create(path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir() if "backup" in each.name] == [path.name]


def test_numbers_given_since_are_left_out_and_the_cache_is_emptied(
    lived_in: Flask, ready: Shopper, sandbox: Sandbox, database: Database, tmp_path: Path,
    catalog: CatalogMaker,
) -> None:  # fmt: skip
    path = tmp_path / "shop.backup"
    run = lived_in.test_cli_runner().invoke
    assert run(args=["backup", "create", str(path)]).exit_code == 0
    assert "whole:" in run(args=["backup", "check", str(path)]).output
    last = database["orders"].find_one()
    assert last is not None
    cache = service(Cache, lived_in)
    cache.set("old page", b"x", 60)
    restored = run(args=["backup", "restore", str(path), "--over"])
    assert restored.exit_code == 0, restored.output
    assert cache.get("old page") is None
    guest = Shopper(lived_in)
    guest.add("MUG")
    guest.pay(sandbox)
    newest = database["orders"].find_one(sort=[("placed_at", -1)])
    assert newest is not None
    number = int(last["number"].removeprefix("MX-"))
    assert newest["number"] == f"MX-{number + 1001}"
    with read_archive(path) as archive:
        assert "auth_sessions" not in archive.header.indexes
