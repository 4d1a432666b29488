"""What differs between two states of a thing, path by path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.shared.numbers import whole


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A field that is not as it was: ``variants.0.sku``. None stands for nothing at all."""

    path: str
    before: Any
    after: Any


def differences(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> list[Difference]:
    """Every plain field that changed, by path."""
    old, new = dict(_leaves(before or {})), dict(_leaves(after or {}))
    return [
        Difference(path=path, before=old.get(path), after=new.get(path))
        for path in sorted({*old, *new}, key=_in_order)
        if old.get(path) != new.get(path)
    ]


def narrowed(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both states without what they have in common, which makes no difference; what was in a list
    stands by its place."""
    old, new = dict(before), dict(after)
    for name in before.keys() & after.keys():
        held, now = _branches(before[name]), _branches(after[name])
        if before[name] == after[name]:
            del old[name], new[name]
        elif held is not None and now is not None:
            old[name], new[name] = narrowed(held, now)
    return old, new


def _branches(value: Any) -> Mapping[str, Any] | None:
    if isinstance(value, Mapping):
        return value
    if isinstance(value, list | tuple):
        return {str(place): each for place, each in enumerate(value)}
    return None


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        items: Iterator[tuple[Any, Any]] = iter(value.items())
    elif isinstance(value, list | tuple):
        items = iter(enumerate(value))
    else:
        yield path, value
        return
    for name, inner in items:
        yield from _leaves(inner, f"{path}.{name}" if path else str(name))


def _in_order(path: str) -> list[tuple[int, str]]:
    """Numbers by their size, so that the tenth comes after the second."""
    return [(whole(part, -1), part) for part in path.split(".")]
