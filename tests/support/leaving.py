"""Time that passes for accounts which are to be deleted."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from app.account.leaving import Leaving
from app.db.database import Database
from app.shared.clock import now
from app.web.registry import service


def days_pass(app: Flask) -> int:
    """Let the time of every such account come, and the worker look; how many went."""
    database = service(Database, app)
    due = {"$set": {"leaves_at": now() - timedelta(seconds=1)}}
    database["accounts"].update_many({"leaves_at": {"$type": "date"}}, due)
    return service(Leaving, app).close_due()
