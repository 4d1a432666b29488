"""The shop as the campaign runs it: at each named crash point it dies by kill -9 now and then.

``CHAOS_SHARE`` is the chance of each passing; what struck is appended to ``CHAOS_LOG``.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

from app import create_app
from app.serving import front_of, serve
from tests.support.crash import arm_all

_SHARE = float(os.environ.get("CHAOS_SHARE", "0"))
_LOG = os.environ.get("CHAOS_LOG", os.devnull)
_DICE = random.Random()


def _note(point: str) -> None:
    with Path(_LOG).open("a", encoding="utf-8") as log:
        log.write(f"{point}\n")


app = create_app()
server = front_of(app)
serve(app)
arm_all(lambda: _DICE.random() < _SHARE, _note)
