"""Entries of the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

from app.shared.ids import AccountId
from app.shared.places import place

AuditId = NewType("AuditId", str)


class Outcome(StrEnum):
    """What became of an action."""

    BEGUN = "begun"  # still running, or its process died: the result has to be looked up
    DONE = "done"
    DENIED = "denied"  # the role does not allow it; nothing was tried
    FAILED = "failed"  # it ended in an error; what it had done until then may stand


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One thing that was changed. ``subject`` is its kind and key, ``product:linen-shirt``.

    ``before`` is None for something new, ``after`` for something deleted. Neither holds a secret.
    """

    subject: str
    label: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None

    @property
    def kind(self) -> str:
        """What sort of thing it is."""
        return self.subject.partition(":")[0]

    @property
    def key(self) -> str:
        """Which one of its kind."""
        return self.subject.partition(":")[2]


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who did something: a member of staff as they were at that time."""

    account_id: AccountId
    email: str
    role: str
    network: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditEntry:
    """One action. ``action`` is the name of the view that carried it out."""

    id: AuditId
    at: datetime
    actor: Actor
    action: str
    outcome: Outcome
    note: str = ""
    changes: tuple[Change, ...] = ()
    undone_by: AuditId | None = None
    undoes: AuditId | None = None

    @property
    def place(self) -> str:
        """Where a list goes on after it."""
        return place(self.at, self.id)


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditFilter:
    """Which entries to list; empty fields ask for nothing. ``after`` is the ``place`` of the last
    one that was shown."""

    account_id: str = ""
    action: str = ""
    subject: str = ""
    outcome: str = ""
    after: str = ""
