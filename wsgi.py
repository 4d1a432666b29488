"""The entry points of web servers: ``app`` for WSGI and the ``flask`` command line, ``server`` for
granian (``python -m serve``)."""

from __future__ import annotations

import gc
import os

gc.disable()  # of what is imported nothing is let go: looking through it costs a quarter second


def _find_servers() -> None:
    """In development, use the servers of ``make run``, or start them for this command."""
    if os.environ.get("MOSSX_ENV") == "production" or os.environ.get("MONGODB_URI"):
        return
    try:
        from dev.attach import attach
    except ImportError:
        return
    attach()


_find_servers()

from app import create_app  # noqa: E402 - the environment must be complete first
from app.config import ConfigurationError  # noqa: E402 - so must it be here
from app.serving import front_of, serve  # noqa: E402 - and here

try:
    app = create_app()
except ConfigurationError as error:
    raise SystemExit(f"MossX cannot start: {error}") from None
server = front_of(app)
gc.enable()
serve(app)
