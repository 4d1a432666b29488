"""The shop as the campaign runs it: its clock goes wrong by as many seconds as a file says.

``FAULTS_CLOCK`` names the file; as long as there is none, or it says 0, the clock is right.
"""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import time_machine

from app import create_app
from app.serving import front_of, serve

_LOOK_EVERY = 0.1  # seconds
_CLOCK = Path(os.environ["FAULTS_CLOCK"])


def _offset() -> float:
    try:
        return float(_CLOCK.read_text() or 0)
    except (OSError, ValueError):
        return 0.0


def _keep_wrong() -> None:
    travel, known = None, 0.0
    while True:
        offset = _offset()
        if offset != known:
            if travel is not None:
                travel.stop()
            travel, known = None, offset
            if offset:
                moment = datetime.now(UTC) + timedelta(seconds=offset)
                travel = time_machine.travel(moment, tick=True)
                travel.start()
        time.sleep(_LOOK_EVERY)


app = create_app()
server = front_of(app)
serve(app)
threading.Thread(target=_keep_wrong, name="clock", daemon=True).start()
