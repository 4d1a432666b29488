"""Periodic work shared by any number of workers: each due time is taken by one of them."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.db.database import Database
from app.db.errors import DuplicateKeyError
from app.db.moments import has_passed
from app.shared.clock import now

_LEASE = timedelta(minutes=10)  # for a round; one that takes longer may meet the next one


class Schedules:
    """Remembers when each job is due next, so that two workers never do the same round."""

    def __init__(self, database: Database) -> None:
        self._schedules = database["schedules"]

    def due(self) -> dict[str, datetime]:
        """When each job is due; one that is late by more than a moment is done by nobody."""
        return {each["_id"]: each["due_at"] for each in self._schedules.find()}

    def take(self, job: str, every: timedelta) -> datetime | None:
        """When ``job`` is due next, if this caller is the one to run it now; else None.

        A seldom one is leased first, and due in a while unless it is ``done``: whoever takes it may
        die.
        """
        moment = now()
        next_due = moment + min(every, _LEASE)
        known = self._schedules.find_one({"_id": job})
        if known is not None:
            if not has_passed(known["due_at"], moment, every):
                return None
            return next_due if self._move(job, known["due_at"], next_due) else None
        try:
            self._schedules.insert_one({"_id": job, "due_at": next_due})
        except DuplicateKeyError:
            return None
        return next_due

    def done(self, job: str, every: timedelta, taken: datetime) -> None:
        """The round that was ``taken`` is over: the next one is due in its time."""
        if every > _LEASE:
            self._move(job, taken, taken - _LEASE + every)

    def _move(self, job: str, due: datetime, next_due: datetime) -> bool:
        moved = self._schedules.update_one(
            {"_id": job, "due_at": due}, {"$set": {"due_at": next_due}}
        )
        return bool(moved.modified_count)
