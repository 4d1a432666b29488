"""Taking a backup of the whole shop at one moment, and putting one in the place of everything.

What is in it: every document, the indexes that migrations do not make, and the masters of pictures
that are kept in the folder. What is not: sessions, because a token that was spent since would look
stolen, and whatever can be made again (Redis, copies of pictures, search in memory).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from app.backup.archive import (
    ArchiveReader,
    Documents,
    StoredPicture,
    read_archive,
    write_archive,
)
from app.backup.errors import BackupDamaged, BackupError, BackupTooNew, ShopNotEmpty
from app.backup.models import Backup, Header
from app.db.cache import Cache
from app.db.database import Database
from app.db.migrations import all_migrations, applied_migrations, upgrade
from app.db.refilling import Refilling
from app.db.snapshots import Moment, MomentPassed, one_moment
from app.media.local import LocalMediaStore
from app.shared.clock import now
from app.shared.ids import new_id

Progress = Callable[[int, int], None]
_LEFT_OUT = {"migrations", "migration_lock", "restores", "auth_sessions"}
_PRECIOUS = ("orders", "accounts", "products", "captures", "audit_log")
_SERIES = ("orders", "invoices", "credit_notes")  # numbers that people hold on paper
_BATCH = 500


def _silent(_: int, __: int) -> None:
    """Tell nobody."""


class Backups:
    """Makes, checks and restores backups. ``keys`` encrypt them: the first new ones, each old."""

    def __init__(
        self, database: Database, cache: Cache, media: LocalMediaStore, keys: Sequence[str]
    ) -> None:
        self._database = database
        self._cache = cache
        self._media = media
        self._keys = tuple(keys)
        self._refilling = Refilling(database)

    # --- taking ---------------------------------------------------------------------------------

    def create(
        self, path: Path, *, with_media: bool = True, progress: Progress = _silent
    ) -> Backup:
        """Write a backup while the shop goes on. Raises ``BackupError`` and ``OSError``; then there
        is no file, and one that was there before is as it was."""
        if self._refilling.running():
            raise BackupError("A backup is being restored here: there is nothing whole to back up.")
        key = self._keys[0] if self._keys else ""
        try:
            with one_moment(self._database) as moment:
                header = self._header(moment, with_media=with_media)
                with write_archive(path, header, key) as archive:
                    done = 0
                    for name in header.indexes:
                        for written in archive.documents(name, moment.documents(name)):
                            done += written
                            progress(done, 0)
                    for picture in self._media.names() if with_media else ():
                        if path_of := self._media.master(picture):
                            archive.picture(picture, path_of.read_bytes())
                    manifest = archive.finish()
        except MomentPassed as error:
            raise BackupError(
                "The database forgot the moment before all of it was read. Let it remember longer "
                "(minSnapshotHistoryWindowInSeconds), or use mongodump --oplog."
            ) from error
        return Backup(header=header, manifest=manifest, encrypted=bool(key))

    def _header(self, moment: Moment, *, with_media: bool) -> Header:
        names = [name for name in moment.names if name not in _LEFT_OUT]
        indexes = {name: moment.indexes(name) for name in names}
        return Header(
            id=new_id("bak"),
            taken_at=now().isoformat(timespec="seconds"),
            migrations=tuple(sorted(applied_migrations(self._database))),
            indexes=json.loads(json.dumps(indexes, default=int)),
            has_media=with_media,
        )

    # --- looking --------------------------------------------------------------------------------

    def check(self, path: Path, progress: Progress = _silent) -> Backup:
        """Read a backup from front to back. Raises ``BackupError`` unless it is whole, and
        ``OSError``."""
        with self._reading(path) as archive:
            done = 0
            for each in archive:
                done += len(each.bson) if isinstance(each, Documents) else 0
                progress(done, 0)
            if archive.manifest is None:
                raise BackupDamaged("The backup was cut off.")
            return Backup(
                header=archive.header, manifest=archive.manifest, encrypted=archive.encrypted
            )

    @contextmanager
    def _reading(self, path: Path) -> Iterator[ArchiveReader]:
        with read_archive(path, self._keys) as archive:
            known = {each.name for each in all_migrations()}
            if newer := set(archive.header.migrations) - known:
                raise BackupTooNew(
                    f"The backup is of a later version of the shop: {min(newer)} is unknown here."
                )
            yield archive

    # --- restoring ------------------------------------------------------------------------------

    def restore(
        self,
        path: Path,
        *,
        over: bool = False,
        skip_numbers: int = 0,
        progress: Progress = _silent,
    ) -> Backup:
        """Put a backup in the place of everything, once it was found whole. Killed half-way it
        starts over when it is called again.

        Without ``over`` it raises ``ShopNotEmpty`` where there is something to be lost.
        ``skip_numbers`` leaves out so many numbers of orders and invoices: those given since the
        backup are not given again. Raises as ``check``.
        """
        backup = self.check(path)
        unfinished = self._refilling.running() == backup.header.id
        if not over and not unfinished and self._refilling.has_any(_PRECIOUS):
            raise ShopNotEmpty("This shop has data, which a restore would delete.")
        self._refilling.begin(backup.header.id)
        self._refilling.drop_all()
        upgrade(self._database, only=backup.header.migrations)
        self._refilling.clear(self._database.collections() - _LEFT_OUT)
        self._refill(path, backup, progress)
        for name, indexes in backup.header.indexes.items():
            self._refilling.ensure_indexes(name, indexes)
        if skip_numbers:
            self._refilling.raise_counters(_SERIES, skip_numbers)
        upgrade(self._database)
        self._cache.clear()
        self._refilling.end()
        return backup

    def _refill(self, path: Path, backup: Backup, progress: Progress) -> None:
        done, whole = 0, backup.manifest.documents
        with self._reading(path) as archive:
            for each in archive:
                if isinstance(each, StoredPicture):
                    self._put_back(each)
                    continue
                for start in range(0, len(each.bson), _BATCH):
                    batch = each.bson[start : start + _BATCH]
                    self._refilling.insert(each.collection, batch)
                    done += len(batch)
                    progress(done, whole)

    def _put_back(self, picture: StoredPicture) -> None:
        try:
            self._media.put_back(picture.name, picture.data)
        except ValueError as error:
            raise BackupDamaged(f"There is something odd in the backup: {error}") from error
