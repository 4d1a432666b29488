"""Pictures as the rest of the shop sees them, wherever they are kept."""

from __future__ import annotations

from app.media.names import tone_in
from app.media.store import WIDTHS, MediaStore, StoredImage


class MediaService:
    """New pictures go to the first store; older ones are shown from wherever they are."""

    def __init__(self, *stores: MediaStore) -> None:
        self._stores = stores

    @property
    def origins(self) -> tuple[str, ...]:
        """Where else than from the shop itself its own pictures come from."""
        return tuple(store.origin for store in self._stores if store.origin)

    def put(self, data: bytes, title: str) -> StoredImage:
        """Store a picture; storing it again is a no-op.

        Raises ``PictureRefused`` for what is none, ``MediaUnavailable`` if it cannot be kept now.
        """
        return self._stores[0].put(data, title)

    def url(self, src: str, width: int, own: int = 0) -> str:
        """The address of a copy at least ``width`` pixels wide, if the picture is that wide.

        ``own`` is the picture's width, 0 if unknown. Pictures of other sites are linked as they
        are.
        """
        store = self._store_of(src)
        if store is None:
            return src
        step = next((each for each in WIDTHS if each >= width), WIDTHS[-1])
        return store.copy_url(src, min(step, own) if own else step)

    def srcset(self, src: str, own: int) -> str:
        """Every width there is for ``srcset``; empty where there is no choice."""
        store = self._store_of(src)
        if store is None or not own:
            return ""
        return ", ".join(f"{store.copy_url(src, width)} {width}w" for width in steps(own))

    def tone(self, src: str) -> str:
        """The colour to show until the picture comes (``#rrggbb``); empty if unknown."""
        return tone_in(src) if self._store_of(src) else ""

    def _store_of(self, src: str) -> MediaStore | None:
        return next((store for store in self._stores if store.owns(src)), None)


def steps(own: int) -> tuple[int, ...]:
    """The widths a picture ``own`` pixels wide is offered in: never wider than it is."""
    below = tuple(width for width in WIDTHS if width < own)
    return below if own > WIDTHS[-1] else (*below, own)
