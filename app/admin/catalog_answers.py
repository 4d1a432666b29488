"""How the catalog's forms answer: again with messages, or beside what somebody else has saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.admin.differences import Difference, differences
from app.shared.texts import Text

CHECK = Text("Please check the fields below.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rivalry:
    """Two versions of one thing: what is stored by now, and what this form would store over it."""

    fields: list[Difference]

    @property
    def message(self) -> str:
        """What to say above them."""
        return Text(
            "Somebody else has saved this while you were editing. Nothing of yours is lost: "
            "compare, change what you like, and save again to put yours over theirs."
        )


def rivalry(theirs: Mapping[str, Any] | None, yours: Mapping[str, Any]) -> Rivalry:
    """Both versions side by side, as far as they differ; counters of changes aside."""
    plain = [{k: v for k, v in (each or {}).items() if k != "revision"} for each in (theirs, yours)]
    return Rivalry(fields=differences(*plain))
