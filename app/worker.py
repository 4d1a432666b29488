"""The worker: handles the outbox and runs periodic jobs until it is told to stop.

Events mostly wait for gateways and mail servers, so several are handled at once; and a job that
takes its time holds up neither them nor other jobs.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from types import FrameType

import structlog

from app.db.errors import PyMongoError
from app.db.outbox import Lane, Outbox
from app.db.schedules import Schedules
from app.shared import tracing
from app.shared.meters import JOB_SECONDS, JOBS, WORKER_SEEN, timed

_LANES = 6  # events at once
_IDLE = 0.25  # seconds between looks at an empty outbox
_LOOKS_BETWEEN_ROUNDS = 10  # of a job, at whether it is due
_BETWEEN_LOOKS = (1.0, 5.0)  # seconds, at least and at most
_HEARTBEAT = 0.5  # seconds between signs of life of what waits for its turn to look
_DATABASE_AWAY = 2.0
_PATIENCE = 20  # seconds with what is at hand once it is told to stop
_log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """Something done every so often by one of the workers."""

    name: str
    every: timedelta
    run: Callable[[], object]


def pause_between_looks(every: timedelta) -> float:
    """For how many seconds a job that is done so often is not asked about: a tenth of that, so it
    is hardly late, and within bounds, as another worker or a corrected clock may change when it is
    due."""
    least, most = _BETWEEN_LOOKS
    return min(max(every.total_seconds() / _LOOKS_BETWEEN_ROUNDS, least), most)


class Worker:
    """Killed at any point it loses nothing: what it had not finished is leased again."""

    def __init__(
        self,
        outbox: Outbox,
        schedules: Schedules,
        jobs: tuple[Job, ...],
        patience: float = _PATIENCE,
    ) -> None:
        self._outbox = outbox
        self._patience = patience
        self._schedules = schedules
        self.jobs = jobs
        self._stop = threading.Event()
        self._lookout = threading.Lock()
        self._until = float("inf")  # where it leaves what is at hand
        self._turned = time.monotonic()

    def run(self) -> None:
        """Work until ``stop``; a database that is away is waited for."""
        _log.info("worker_started")
        for job in self.jobs:  # or the first failure of a rare one would be no increase
            for outcome in ("done", "failed"):
                JOBS.labels(job.name, outcome)
        threads = [
            *(
                self._thread(name, self._handle, self._outbox.lane(), name)
                for name in (f"events {number}" for number in range(1, _LANES + 1))
            ),
            *(self._thread(job.name, self._repeat, job) for job in self.jobs),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive() and time.monotonic() < self._until:
                thread.join(0.5)  # a plain join would keep signals waiting
        _log.info("worker_stopped", left=[each.name for each in threads if each.is_alive()])

    @property
    def quiet_for(self) -> float:
        """Seconds since any of its threads last was between two pieces of work."""
        return time.monotonic() - self._turned

    def _turn(self, thread: str) -> None:
        """Note that a thread is between two pieces of work."""
        self._turned = time.monotonic()
        WORKER_SEEN.labels(thread).set_to_current_time()

    def _thread(
        self, name: str, work: Callable[..., None], *about: Lane | Job | str
    ) -> threading.Thread:
        return threading.Thread(name=name, target=work, args=about, daemon=True)

    def _handle(self, lane: Lane, name: str) -> None:
        """Handle events until told to stop."""
        interrupted = False
        while not self._stop.is_set():
            self._turn(name)
            try:
                if interrupted:
                    lane.take_back()
                    interrupted = False
                if not lane.run_one():
                    self._await_event(lane, name)
            except PyMongoError as error:
                _log.warning("worker_waits_for_database", error=type(error).__name__)
                interrupted = True
                self._stop.wait(_DATABASE_AWAY)

    def _await_event(self, lane: Lane, name: str) -> None:
        """Wait until an event is due. Of all idle lanes one looks out; it leaves that to the next
        before it handles what it saw."""
        while not self._lookout.acquire(timeout=_HEARTBEAT):
            self._turn(name)
            if self._stop.is_set():
                return
        try:
            while not lane.sees_one() and not self._stop.wait(_IDLE):
                self._turn(name)
        finally:
            self._lookout.release()

    def _repeat(self, job: Job) -> None:
        """Run a job whenever it is due, until told to stop."""
        while not self._stop.is_set():
            self._turn(job.name)
            pause = pause_between_looks(job.every)
            try:
                self._run_if_due(job)
            except PyMongoError as error:
                _log.warning("job_waits_for_database", job=job.name, error=type(error).__name__)
                pause = _DATABASE_AWAY
            self._stop.wait(pause)

    def round(self) -> bool:
        """Run the due jobs and at most one event; say whether there was an event."""
        for job in self.jobs:
            if not self._stop.is_set():
                self._run_if_due(job)
        return not self._stop.is_set() and self._outbox.run_one()

    def _run_if_due(self, job: Job) -> None:
        taken = self._schedules.take(job.name, job.every)
        if taken is None:
            return
        outcome = "failed"
        try:
            with tracing.span(f"job {job.name}"), timed(JOB_SECONDS, job.name):
                job.run()
            outcome = "done"
        except PyMongoError:
            raise
        except Exception:
            _log.exception("job_failed", job=job.name)
        finally:
            JOBS.labels(job.name, outcome).inc()
        self._schedules.done(job.name, job.every, taken)

    def stop(self) -> None:
        """End after the events and jobs at hand, or leave them when they take too long: where the
        database is away, each of their questions waits for it."""
        if not self._stop.is_set():
            self._until = time.monotonic() + self._patience
            self._stop.set()

    def stop_on_signals(self) -> None:
        """Let SIGTERM and SIGINT end it cleanly (main thread only)."""

        def handler(_: int, __: FrameType | None) -> None:
            self.stop()

        signal.signal(signal.SIGTERM, handler)
        signal.signal(signal.SIGINT, handler)
