"""What the worker's jobs cost in a large shop where nothing new is to be done, which is nearly
always: they run every few seconds, beside everything else that the database has to do."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from flask import Flask
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from app.web.registry import service
from app.worker import Job, Worker


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """A round of a job, in milliseconds: all of it, and its longest question to the database."""

    name: str
    took: float
    longest: float
    questions: int


class Questions(CommandListener):
    """Counts what this thread asks the database; register it before there is a client."""

    def __init__(self) -> None:
        self._mine = threading.local()

    def begin(self) -> None:
        """Count from nothing."""
        self._mine.times = []

    def times(self) -> list[float]:
        """Milliseconds of each question since."""
        return list(self._mine.times)

    def started(self, event: CommandStartedEvent) -> None:
        """Nothing yet."""

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Note how long it took."""
        self._note(event.duration_micros)

    def failed(self, event: CommandFailedEvent) -> None:
        """Note how long it took."""
        self._note(event.duration_micros)

    def _note(self, micros: int) -> None:
        if hasattr(self._mine, "times"):
            self._mine.times.append(micros / 1000)


def time_jobs(app: Flask, questions: Questions) -> list[Work]:
    """One round of every job, after one that has done what there was to do."""
    return [_time(app, job, questions) for job in service(Worker, app).jobs]


def _time(app: Flask, job: Job, questions: Questions) -> Work:
    with app.app_context():
        job.run()
        questions.begin()
        began = time.perf_counter()
        job.run()
        took = 1000 * (time.perf_counter() - began)
    times = questions.times()
    return Work(name=job.name, took=took, longest=max(times, default=0.0), questions=len(times))
