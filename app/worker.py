"""The worker: handles the outbox and runs periodic jobs until it is told to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from types import FrameType

import structlog

from app.db.errors import PyMongoError
from app.db.outbox import Outbox
from app.db.schedules import Schedules

_IDLE = 0.25  # seconds between looks at an empty outbox
_DATABASE_AWAY = 2.0
_log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """Something done every so often by one of the workers."""

    name: str
    every: timedelta
    run: Callable[[], object]


class Worker:
    """One loop. Killed at any point it loses nothing: what it had not finished is leased again."""

    def __init__(self, outbox: Outbox, schedules: Schedules, jobs: tuple[Job, ...]) -> None:
        self._outbox = outbox
        self._schedules = schedules
        self._jobs = jobs
        self._stop = threading.Event()

    def run(self) -> None:
        """Work until ``stop``; a database that is away is waited for."""
        _log.info("worker_started")
        interrupted = False
        while not self._stop.is_set():
            try:
                if interrupted:
                    self._outbox.take_back()
                    interrupted = False
                pause = 0.0 if self.round() else _IDLE
            except PyMongoError as error:
                _log.warning("worker_waits_for_database", error=type(error).__name__)
                interrupted = True
                pause = _DATABASE_AWAY
            self._stop.wait(pause)
        _log.info("worker_stopped")

    def round(self) -> bool:
        """Run the due jobs and at most one event; say whether there was an event."""
        for job in self._jobs:
            if not self._stop.is_set() and self._schedules.take(job.name, job.every):
                self._run_job(job)
        return not self._stop.is_set() and self._outbox.run_one()

    def _run_job(self, job: Job) -> None:
        try:
            job.run()
        except PyMongoError:
            raise
        except Exception:
            _log.exception("job_failed", job=job.name)

    def stop(self) -> None:
        """End after the event at hand."""
        self._stop.set()

    def stop_on_signals(self) -> None:
        """Let SIGTERM and SIGINT end the loop cleanly (main thread only)."""

        def handler(_: int, __: FrameType | None) -> None:
            self.stop()

        signal.signal(signal.SIGTERM, handler)
        signal.signal(signal.SIGINT, handler)
