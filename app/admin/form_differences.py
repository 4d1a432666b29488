"""What two people made of the same form."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from wtforms import Form


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldDifference:
    """A field that was saved as ``theirs`` meanwhile, and is ``mine`` in the form."""

    label: str
    theirs: str
    mine: str


def form_differences(
    mine: Form, theirs: Form, without: Collection[str] = ()
) -> list[FieldDifference]:
    """Every field that is not the same in both, in the form's order."""
    return [
        FieldDifference(label=field.label.text, theirs=_shown(saved), mine=_shown(field.data))
        for field in mine
        if field.name not in without
        and _shown(field.data) != _shown(saved := theirs[field.name].data)
    ]


def _shown(data: object) -> str:
    if isinstance(data, bool):
        return "✓" if data else ""
    if isinstance(data, list | tuple):
        return ", ".join(map(str, data))
    return "" if data is None else "\n".join(str(data).split("\r\n")).strip()
