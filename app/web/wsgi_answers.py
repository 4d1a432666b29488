"""What a WSGI application answers (PEP 3333), for those who stand before it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache


@lru_cache(maxsize=64)
def code_of(status: str) -> int:
    """The number that a status begins with."""
    return int(status[:3])


class Answer:
    """What it said first: give it as ``start_response``. ``status`` is code and phrase."""

    __slots__ = ("_written", "headers", "status")

    def __init__(self) -> None:
        self.status = "500 Internal Server Error"
        self.headers: list[tuple[str, str]] = []
        self._written: list[bytes] = []

    def __call__(
        self, status: str, headers: list[tuple[str, str]], _: object = None
    ) -> Callable[[bytes], object]:
        """Hear it, and take what is written instead of returned."""
        self.status, self.headers = status, headers
        return self._written.append

    @property
    def code(self) -> int:
        """The status as a number."""
        return code_of(self.status)

    def has(self, header: str) -> bool:
        """Whether there is a header of this name, in small letters."""
        return any(name.lower() == header for name, _ in self.headers)

    def pieces(self, parts: Iterable[bytes]) -> Iterator[bytes]:
        """The body that the application returned, closed at its end or if nobody wants the rest."""
        try:
            yield from self._written
            yield from parts
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()

    def whole(self, parts: Iterable[bytes]) -> bytes:
        """All of the body that the application returned."""
        return b"".join(self.pieces(parts))
