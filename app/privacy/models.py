"""How long things are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class Periods:
    """By the environment. ``papers`` are those that the law asks for."""

    grace: timedelta
    unpaid: timedelta
    papers: timedelta
    audit_log: timedelta
    traces: timedelta
