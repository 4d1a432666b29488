"""Periodic work shared by any number of workers: each due time is taken by one of them."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.db.database import Database
from app.db.errors import DuplicateKeyError
from app.db.moments import has_passed
from app.shared.clock import now


class Schedules:
    """Remembers when each job is due next, so that two workers never do the same round."""

    def __init__(self, database: Database) -> None:
        self._schedules = database["schedules"]

    def due(self) -> dict[str, datetime]:
        """When each job is due; one that is late by more than a moment is done by nobody."""
        return {each["_id"]: each["due_at"] for each in self._schedules.find()}

    def take(self, job: str, every: timedelta) -> bool:
        """Whether ``job`` is due and this caller is the one to run it now."""
        moment = now()
        known = self._schedules.find_one({"_id": job})
        if known is not None:
            if not has_passed(known["due_at"], moment, every):
                return False
            taken = self._schedules.update_one(
                {"_id": job, "due_at": known["due_at"]}, {"$set": {"due_at": moment + every}}
            )
            return bool(taken.modified_count)
        try:
            self._schedules.insert_one({"_id": job, "due_at": moment + every})
        except DuplicateKeyError:
            return False
        return True
