"""The money report: runs of the audit, what they find, and what each day came to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.checkout.audit import Difference
from app.shared.money import Money


class RunState(StrEnum):
    """How far a run is."""

    ASKED = "asked"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"  # a gateway's list could not be read


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditRun:
    """A comparison of the books with the gateways' lists. ``beat_at`` is when it was last heard
    of, ``looked_at`` how many payments it looked at so far."""

    id: str
    state: RunState
    by: str
    asked_at: datetime
    beat_at: datetime
    looked_at: int
    found: int
    error: str

    @property
    def is_open(self) -> bool:
        """Whether it has not come to its end."""
        return self.state in {RunState.ASKED, RunState.RUNNING}


class FindingState(StrEnum):
    """What became of a difference."""

    OPEN = "open"
    REPAIRING = "repairing"  # the worker is to do it
    REPAIRED = "repaired"  # done; the next run shows whether that helped
    MENDED = "mended"  # by the run that found it
    MARKED = "marked"  # somebody dealt with it elsewhere
    GONE = "gone"  # a later run found it no more


class Action(StrEnum):
    """How a difference is repaired. Each may be repeated."""

    SETTLE = "settle"  # ask the gateway and book, capture or give back what it says
    FOLLOW = "follow"  # look at the order's refunds again, and send what was not sent
    REFUND = "refund"  # pay back all that is left of the order
    MARK = "mark"  # it was dealt with elsewhere


ACTIONS: dict[Difference, tuple[Action, ...]] = {
    Difference.UNKNOWN: (),
    Difference.NOT_BOOKED: (Action.SETTLE,),
    Difference.SECOND: (Action.SETTLE,),
    Difference.AMOUNT: (Action.REFUND,),
    Difference.LEFT_OVER: (Action.SETTLE,),
    Difference.MISSING: (Action.SETTLE,),
    Difference.UNFINISHED: (Action.SETTLE,),
    Difference.REFUND_UNKNOWN: (Action.FOLLOW,),
    Difference.UNPAID: (Action.SETTLE,),
    Difference.CREDIT: (),
    Difference.REFUND_MISSING: (Action.FOLLOW,),
    Difference.STOCK: (),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A difference that runs saw. Its fields are those of a ``Discrepancy``."""

    id: str
    difference: Difference
    gateway: str
    payment_id: str
    order_number: str
    state: FindingState
    note: str
    first_seen: datetime
    last_seen: datetime
    version: int

    @property
    def actions(self) -> tuple[Action, ...]:
        """What can be done about it now."""
        if self.state not in {FindingState.OPEN, FindingState.REPAIRED}:
            return ()
        return (*ACTIONS[self.difference], Action.MARK)


@dataclass(frozen=True, kw_only=True, slots=True)
class MoneyDay:
    """A gateway's payments of a day in one currency, in minor units: by the books, and by the
    gateway's own list. Both count a payment on the day on which the books have it captured."""

    day: str
    gateway: str
    currency: str
    payments: int
    captured: int
    refunded: int
    listed_captured: int
    listed_refunded: int
    compared_at: datetime

    def money(self, minor: int) -> Money:
        """An amount of it."""
        return Money(minor, self.currency)

    @property
    def difference(self) -> Money:
        """What the gateway kept more than the books say, or with a minus less."""
        listed = self.listed_captured - self.listed_refunded
        return self.money(listed - (self.captured - self.refunded))
