"""The local media store."""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from PIL import Image as Picture
from slugify import slugify

WIDTHS = (320, 480, 640, 960, 1280, 1920)
PREFIX = "/media/"
_NAME = re.compile(r"[a-z0-9-]+\.[0-9a-f]{12}\.(webp|jpg|jpeg|png|avif)")
_QUALITY = 82


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredImage:
    """A stored picture: its address in the shop and its size in pixels."""

    src: str
    width: int
    height: int


class MediaStore(Protocol):
    """Keeps pictures and says where each width of them is."""

    def put(self, source: Path) -> StoredImage:
        """Store a picture; storing it again is a no-op. Raises ``OSError`` for what is none."""

    def url(self, src: str, width: int) -> str:
        """The address of the picture at least ``width`` wide, if it is that large."""


class LocalMediaStore:
    """A folder: originals, and per width a folder of copies made when first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def put(self, source: Path) -> StoredImage:
        """Copy the file under a name that carries the hash of its content."""
        digest = hashlib.sha256(source.read_bytes()).hexdigest()[:12]
        name = f"{slugify(source.stem) or 'image'}.{digest}{source.suffix.lower()}"
        with Picture.open(source) as picture:
            width, height = picture.size
        target = self._folder / name
        if not target.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            unfinished = target.with_suffix(".part")
            shutil.copyfile(source, unfinished)
            unfinished.replace(target)
        return StoredImage(src=PREFIX + name, width=width, height=height)

    def url(self, src: str, width: int) -> str:
        """The next larger copy of one of our own pictures; any other address as it is."""
        name = src.removeprefix(PREFIX)
        if name == src or not _NAME.fullmatch(name):
            return src
        step = next((each for each in WIDTHS if each >= width), None)
        return f"{PREFIX}w{step}/{name}" if step else src

    def original(self, name: str) -> Path | None:
        """The stored file, or None."""
        path = self._folder / name
        return path if _NAME.fullmatch(name) and path.is_file() else None

    def resized(self, name: str, width: int) -> Path | None:
        """The copy ``width`` pixels wide, made now if need be; the original if it is smaller."""
        original = self.original(name)
        if original is None or width not in WIDTHS:
            return None
        target = self._folder / f"w{width}" / name
        if not target.is_file():
            if _width_of(original) <= width:
                return original
            target.parent.mkdir(parents=True, exist_ok=True)
            _resize(original, width, target)
        return target


@lru_cache(maxsize=4096)
def _width_of(path: Path) -> int:
    with Picture.open(path) as picture:
        return picture.width


def _resize(original: Path, width: int, target: Path) -> None:
    with Picture.open(original) as picture:
        height = round(picture.height * width / picture.width)
        copy = picture.resize((width, height), Picture.Resampling.LANCZOS)
        unfinished = target.with_name(f".{width}-{target.name}")
        copy.save(unfinished, quality=_QUALITY)
        unfinished.replace(target)
