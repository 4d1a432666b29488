"""The file itself: a gzipped tar, which tools for both can open, encrypted as a whole or not.

    header.json                    what it is, and when it was taken
    documents/orders/000001.bson   documents one after the other, as mongodump has them
    media/mug-0123456789ab.webp    masters of pictures
    manifest.json                  how much of everything there must be

Written and read from front to back, a piece at a time.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from app.backup.errors import BackupDamaged, BackupTooNew
from app.backup.models import FORMAT, Header, Manifest, Tally
from app.backup.sealing import MAGIC, SealedReader, SealedWriter
from app.shared.files import replaceable

_HEADER, _MANIFEST = "header.json", "manifest.json"
_DOCUMENTS, _MEDIA = "documents", "media"
_PIECE = 1024 * 1024  # bytes of documents
_LARGEST = 64 * 1024 * 1024  # bytes of anything: no document or picture is nearly as large
_LEVEL = 6
_BROKEN = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile)


@dataclass(slots=True)
class _Count:
    count: int = 0
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def add(self, data: bytes, count: int = 1) -> None:
        self.count += count
        self.size += len(data)
        self.digest.update(data)

    def tally(self) -> Tally:
        return Tally(count=self.count, size=self.size, sha256=self.digest.hexdigest())


class ArchiveWriter:
    """Adds things to a backup; ``finish`` comes last."""

    def __init__(self, tar: tarfile.TarFile, header: Header) -> None:
        self._tar = tar
        self._counts: dict[str, _Count] = {}
        self._media = _Count()
        self._add(_HEADER, _json(header))

    def documents(self, name: str, documents: Iterable[bytes]) -> Iterator[int]:
        """Add a collection's documents; tells of each piece how many were in it."""
        count = self._counts.setdefault(name, _Count())
        for number, piece in enumerate(_pieces(documents), 1):
            data = b"".join(piece)
            self._add(f"{_DOCUMENTS}/{name}/{number:06}.bson", data)
            count.add(data, len(piece))
            yield len(piece)

    def picture(self, name: str, data: bytes) -> None:
        """Add a picture's master."""
        self._add(f"{_MEDIA}/{name}", data)
        self._media.add(name.encode() + data)

    def finish(self) -> Manifest:
        """Say how much there is."""
        tallies = {name: each.tally() for name, each in self._counts.items()}
        manifest = Manifest(collections=tallies, media=self._media.tally())
        self._add(_MANIFEST, _json(manifest))
        return manifest

    def _add(self, name: str, data: bytes) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(data), 0o600
        self._tar.addfile(member, io.BytesIO(data))


@dataclass(frozen=True, slots=True)
class Documents:
    """Some documents of a collection."""

    collection: str
    bson: list[bytes]


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A picture's master."""

    name: str
    data: bytes


class ArchiveReader:
    """What is in a backup, in its order; ``manifest`` is there once all of it was read.

    Everything is counted on the way and compared: raises ``BackupDamaged`` for the least
    difference, and ``BackupTooNew``.
    """

    def __init__(self, tar: tarfile.TarFile, *, encrypted: bool) -> None:
        self.encrypted = encrypted
        self._members = _members(tar)
        self._counts: dict[str, _Count] = defaultdict(_Count)
        self._media = _Count()
        name, data = next(self._members, ("", b""))
        if name != _HEADER:
            raise BackupDamaged("This is not a backup of a shop.")
        with _told_plainly():
            self.header = _header(data)
        self.manifest: Manifest | None = None

    def __iter__(self) -> Iterator[Documents | StoredPicture]:
        for name, data in self._members:
            kind, _, rest = name.partition("/")
            if self.manifest is not None:
                raise BackupDamaged("There is something behind the backup's end.")
            if kind == _DOCUMENTS:
                collection = rest.partition("/")[0]
                found = _split(data)
                self._counts[collection].add(data, len(found))
                yield Documents(collection, found)
            elif kind == _MEDIA:
                self._media.add(rest.encode() + data)
                yield StoredPicture(rest, data)
            elif name == _MANIFEST:
                self.manifest = self._checked(data)
        if self.manifest is None:
            raise BackupDamaged("The backup was cut off.")

    def _checked(self, data: bytes) -> Manifest:
        with _told_plainly():
            told = json.loads(data)
            manifest = Manifest(
                collections={name: Tally(**each) for name, each in told["collections"].items()},
                media=Tally(**told["media"]),
            )
        for name, tally in manifest.collections.items():
            if self._counts[name].tally() != tally:
                raise BackupDamaged(f"The documents of {name} are not as they were written.")
        if self._counts.keys() - manifest.collections.keys() or manifest.media != (
            self._media.tally()
        ):
            raise BackupDamaged("The backup holds other things than were written.")
        return manifest


@contextmanager
def write_archive(path: Path, header: Header, key: str = "") -> Iterator[ArchiveWriter]:
    """Write a backup that has its name only once it is whole, and that its owner alone can read.
    Raises ``OSError``."""
    path = replaceable(path)
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.unlink(missing_ok=True)
    with ExitStack() as stack:
        stack.callback(unfinished.unlink, missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        file = stack.enter_context(os.fdopen(descriptor, "wb"))
        target = stack.enter_context(SealedWriter(file, key)) if key else None
        packed = gzip.GzipFile(
            filename="", mode="wb", compresslevel=_LEVEL, fileobj=target or file, mtime=0
        )
        with packed, tarfile.open(mode="w|", fileobj=cast("IO[bytes]", packed)) as tar:
            yield ArchiveWriter(tar, header)
        if target:
            target.close()
        file.flush()
        os.fsync(file.fileno())
        unfinished.replace(path)


@contextmanager
def read_archive(path: Path, keys: Sequence[str] = ()) -> Iterator[ArchiveReader]:
    """Open a backup. Raises ``BackupDamaged`` and ``BackupLocked``, while it is read as well."""
    with ExitStack() as stack:
        file = stack.enter_context(path.open("rb"))
        encrypted = file.read(len(MAGIC)) == MAGIC
        file.seek(0)
        source = io.BufferedReader(SealedReader(file, keys)) if encrypted else file
        with _told_plainly():
            packed = stack.enter_context(gzip.GzipFile(fileobj=source, mode="rb"))
            tar = stack.enter_context(tarfile.open(mode="r|", fileobj=cast("IO[bytes]", packed)))
        yield ArchiveReader(tar, encrypted=encrypted)


@contextmanager
def _told_plainly() -> Iterator[None]:
    try:
        yield
    except (*_BROKEN, ValueError, KeyError, TypeError) as error:
        raise BackupDamaged("The backup is damaged, or this is none.") from error


def _members(tar: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    while True:
        with _told_plainly():
            member = tar.next()
            content = tar.extractfile(member) if member and member.size <= _LARGEST else None
            data = content.read() if content else b""
        if member is None:
            return
        if content is None or len(data) != member.size:
            raise BackupDamaged(f"There is something odd in the backup: {member.name!r}")
        tar.members.clear()  # type: ignore[attr-defined]  # or it grows with the backup
        yield member.name, data


def _pieces(documents: Iterable[bytes]) -> Iterator[list[bytes]]:
    piece: list[bytes] = []
    size = 0
    for each in documents:
        piece.append(each)
        size += len(each)
        if size >= _PIECE:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def _split(data: bytes) -> list[bytes]:
    """Documents out of a piece: each begins with its length."""
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "little")
        if size < 5 or at + size > len(data):
            raise BackupDamaged("There is half a document in the backup.")
        found.append(data[at : at + size])
        at += size
    return found


def _json(content: Header | Manifest) -> bytes:
    return json.dumps(asdict(content), indent=1).encode()


def _header(data: bytes) -> Header:
    told = json.loads(data)
    if told.get("format") != FORMAT:
        raise BackupTooNew("This backup has a form that this version of the shop does not know.")
    return Header(**{**told, "migrations": tuple(told["migrations"])})
