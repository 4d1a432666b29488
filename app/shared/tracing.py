"""Where the time of one purchase went, over processes: spans, if anybody asked for them.

Off, which is the default, a span costs a look at a variable. What a span is about
(``mossx.attempt`` and its like) goes for the spans inside it as well. Only ids are told, never
anything of a person; of an error its class alone, since messages may hold what somebody typed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
Value = str | int | bool
ATTEMPT = "mossx.attempt"
ORDER = "mossx.order"


class Spans(Protocol):
    """What records spans."""

    def span(
        self, name: str, about: Mapping[str, Value], parent: str, kind: str
    ) -> AbstractContextManager[None]:
        """A span around what is inside, below the current one; or, where a ``parent`` is given,
        below that one and linked to the current one."""

    def note(self, about: Mapping[str, Value]) -> None:
        """Say more about the current span."""

    def name(self, name: str) -> None:
        """Call the current span otherwise."""

    def carried(self) -> str:
        """The current span, to be a parent elsewhere later; ``""`` outside of any."""

    def close(self) -> None:
        """Send what waits, and record no more."""


class _Switch:
    """One recorder for the whole process, as for logs."""

    spans: Spans | None = None


def begin(spans: Spans) -> None:
    """Record spans from now on."""
    end()
    _Switch.spans = spans


def end() -> None:
    """Send what waits, and record no more."""
    spans, _Switch.spans = _Switch.spans, None
    if spans is not None:
        spans.close()


@contextmanager
def span(
    name: str, about: Mapping[str, Value] | None = None, *, parent: str = "", kind: str = "internal"
) -> Iterator[None]:
    """A span around what is inside. ``kind`` is internal, server, client, producer or consumer."""
    spans = _Switch.spans
    if spans is None:
        yield
        return
    with spans.span(name, about or {}, parent, kind):
        yield


def step(name: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """A function whose every call is a span."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @wraps(function)
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
            with span(name):
                return function(*args, **kwargs)

        return wrapped

    return decorate


def note(about: Mapping[str, Value], *, name: str = "") -> None:
    """Say more about the current span, and call it otherwise if a ``name`` is given."""
    spans = _Switch.spans
    if spans is not None:
        spans.note(about)
        if name:
            spans.name(name)


def carried() -> str:
    """The current span in the form of a ``traceparent`` header, to be a ``parent`` in another
    process later; ``""`` while nothing is recorded."""
    return _Switch.spans.carried() if _Switch.spans is not None else ""
