"""What was served from the page cache, told to the rest of the shop a moment later.

A hit may ask neither the database nor Redis, so it leaves a note that a thread takes away.
"""

from __future__ import annotations

import re
import threading
import time

from flask import Flask

from app.web import visitor
from app.web.memory import remember_viewed_by

_EVERY = 0.5  # seconds
_MOST_WAITING = 20_000  # notes; what comes beyond is lost


class ServedPages:
    """Notes of pages that a visitor with a name was shown."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._notes: dict[tuple[str, str], None] = {}  # in their order, each once
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None
        self._name = re.compile(rf"(?:^|[;\s]){re.escape(visitor.COOKIE)}=([^;]*)").search

    def note(self, subject: str, cookie: str) -> None:
        """A page about ``subject`` went to a browser that sent ``cookie``."""
        if visitor.COOKIE in cookie and len(self._notes) < _MOST_WAITING:
            self._notes[subject, cookie] = None
            if self._thread is None:
                self._run()

    def _run(self) -> None:
        with self._start:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="served", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while True:
            time.sleep(_EVERY)
            self.tell()

    def tell(self) -> None:
        """Pass on every note that waits."""
        with self._app.app_context():
            for subject, cookie in list(self._notes):
                self._notes.pop((subject, cookie), None)
                found = self._name(cookie)
                name = visitor.names().read(found[1]) if found else ""
                if name:
                    remember_viewed_by(name, subject)
