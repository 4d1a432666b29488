"""Who may call which address of the panel, as the tables in ``permissions`` say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_TABLES = Path(__file__).parent / "permissions"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One address and the roles that it answers."""

    method: str
    rule: str
    roles: frozenset[str]

    @property
    def name(self) -> str:
        """As the route is known."""
        return f"{self.method} {self.rule}"


def rows() -> list[Row]:
    """Every row of every table."""
    found = []
    for table in sorted(_TABLES.glob("*.psv")):
        lines = table.read_text().splitlines()[1:]
        for line in filter(None, map(str.strip, lines)):
            method, rule, roles = (part.strip() for part in line.split("|"))
            found.append(Row(method=method, rule=rule, roles=frozenset(roles.split())))
    return found
