"""Pictures in a folder: masters, and per width a folder of copies made when first asked for."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from zlib import crc32

import structlog
from PIL import Image as Picture

from app.media.errors import MediaUnavailable
from app.media.names import stem_of
from app.media.picture import make_copy, make_master
from app.media.store import WIDTHS, StoredImage
from app.shared.texts import Text

PREFIX = "/media/"
_NAME = re.compile(r"[a-z0-9-]+(\.[0-9a-f]{12})?\.(webp|jpg|jpeg|png|avif)")
_LONGEST_NAME = 200  # a file system takes little more, and its copies are called longer
_log = structlog.get_logger()
_MAKERS = 4  # encoders at work on this machine at once, in all processes together


class LocalMediaStore:
    """The folder may be shared by any number of processes."""

    origin = ""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def put(self, data: bytes, title: str) -> StoredImage:
        """Keep a cleaned master. Raises ``PictureRefused``, ``MediaUnavailable``."""
        master = make_master(data)
        name = f"{stem_of(title, master)}.webp"
        try:
            self._make(self._folder / name, master.encode)
        except OSError as error:
            _log.error("picture_not_kept", error=str(error))
            raise MediaUnavailable(Text("Pictures cannot be stored now.")) from error
        return StoredImage(src=PREFIX + name, width=master.width, height=master.height)

    def owns(self, src: str) -> bool:
        """Whether it is one of our names below ``/media/``."""
        return src.startswith(PREFIX) and _NAME.fullmatch(src.removeprefix(PREFIX)) is not None

    def copy_url(self, src: str, width: int) -> str:
        """The copy's address; whether it is made yet does not matter."""
        return f"{PREFIX}w{width}/{src.removeprefix(PREFIX)}"

    def master(self, name: str) -> Path | None:
        """The stored file, or None."""
        path = self._folder / name
        is_name = len(name) <= _LONGEST_NAME and _NAME.fullmatch(name)
        return path if is_name and path.is_file() else None

    def names(self) -> list[str]:
        """Every stored picture."""
        if not self._folder.is_dir():
            return []
        return sorted(path.name for path in self._folder.iterdir() if self.master(path.name))

    def put_back(self, name: str, data: bytes) -> None:
        """Store a picture under the name that it had. Raises ``ValueError`` for another one."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"not a picture's name: {name!r}")
        self._make(self._folder / name, lambda: data)

    def copy(self, name: str, width: int) -> Path | None:
        """The copy ``width`` pixels wide, made now if need be; the master if it is smaller.

        None for unknown pictures, and for widths that the shop does not use: strangers cannot fill
        the disk. Raises ``MediaUnavailable`` where there is no room for a copy, and for a master
        that cannot be read.
        """
        master = self.master(name)
        if master is None:
            return None
        try:
            own = _width_of(master)
        except OSError as error:
            _log.error("picture_not_read", error=str(error))
            raise MediaUnavailable(Text("Pictures cannot be stored now.")) from error
        if width != own and width not in WIDTHS:
            return None
        if width > own:
            return master
        target = self._folder / f"w{width}" / f"{master.stem}.webp"
        try:
            self._make(target, lambda: make_copy(master.read_bytes(), width))
        except OSError as error:
            _log.error("copy_not_kept", error=str(error))
            raise MediaUnavailable(Text("Pictures cannot be stored now.")) from error
        return target

    def _make(self, target: Path, encode: Callable[[], bytes]) -> None:
        """Write the file unless it is there; of several at once, one does the work."""
        if target.is_file():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._turn(target):
            if target.is_file():
                return
            unfinished = target.with_name(f".{target.name}.part")
            try:
                with unfinished.open("wb") as file:
                    file.write(encode())
                    file.flush()
                    os.fsync(file.fileno())
            except OSError:
                unfinished.unlink(missing_ok=True)
                raise
            unfinished.replace(target)

    @contextmanager
    def _turn(self, target: Path) -> Iterator[None]:
        """Wait for one of the few places to work; the same file always waits for the same one.

        The kernel gives the place back when a process dies, however it dies.
        """
        place = crc32(str(target).encode()) % _MAKERS
        with (self._folder / f".place-{place}").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


@lru_cache(maxsize=8192)
def _width_of(path: Path) -> int:
    with Picture.open(path) as picture:
        return picture.width
