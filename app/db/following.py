"""A thread that keeps up with what is written, and waits for a database that is away."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from app.db.errors import PyMongoError

_PAUSES = (0.025, 0.2)  # seconds before trying again, first and longest
_log = structlog.get_logger()


class Following:
    """Runs ``keep_up`` in a thread again and again, until it is closed.

    ``keep_up`` opens a stream, catches up, calls ``begin`` and takes what comes until ``ends``;
    whatever it raises is logged under ``name``, and it is called again after a moment.
    """

    def __init__(self, name: str, keep_up: Callable[[], None]) -> None:
        self._name = name
        self._keep_up = keep_up
        self._pause = _PAUSES[0]
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._following = threading.Event()

    @property
    def has_thread(self) -> bool:
        """Whether somebody keeps up, or tries to."""
        return self._thread is not None

    @property
    def is_following(self) -> bool:
        """Whether everything that is written reaches this process as it happens."""
        return self._following.is_set()

    @property
    def ends(self) -> bool:
        """Whether ``keep_up`` is to return."""
        return self._stop.is_set()

    def start(self) -> None:
        """Begin, unless there is a thread already."""
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(2.0)
            self._thread = None

    def begin(self) -> None:
        """Everything until now is known, and what comes from now on will be."""
        self._following.set()
        self._pause = _PAUSES[0]

    def say_lost(self, error: PyMongoError) -> None:
        """Log that the database is away."""
        _log.warning(f"{self._name}_lost", error=type(error).__name__)

    def _run(self) -> None:
        while not self.ends:
            try:
                self._keep_up()
            except PyMongoError as error:
                self.say_lost(error)
            except Exception:
                _log.exception(f"{self._name}_failed")
                self._pause = _PAUSES[1]
            finally:
                self._following.clear()
            self._stop.wait(self._pause)
            self._pause = min(2 * self._pause, _PAUSES[1])
