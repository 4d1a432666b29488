"""Other processes of a test, forked from one that has imported the shop already: starting Python
and importing anew would take most of their time."""

from __future__ import annotations

import multiprocessing
import os
import runpy
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["app", "flask.cli", "tests.support.crash", "tests.support.shopper"])
_PATIENCE = 60  # seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """How a process ended: its code, negative for a signal, and what it wrote."""

    code: int | None
    output: str


def run_module(module: str, environment: Mapping[str, str], *words: str) -> Done:
    """What ``python -m module words`` does, with these variables besides our own."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "output"
        variables = {**os.environ, **environment}
        process = CONTEXT.Process(target=_run, args=(module, words, variables, str(file)))
        process.start()
        process.join(_PATIENCE)
        if process.is_alive():
            process.kill()
            process.join()
        return Done(code=process.exitcode, output=file.read_text())


def run_flask(environment: Mapping[str, str], *words: str) -> str:
    """What a command of the shop says; it must end well."""
    done = run_module("flask", environment, "--app", "wsgi", *words)
    assert done.code == 0, done.output
    return done.output


def _run(module: str, words: tuple[str, ...], variables: dict[str, str], file: str) -> None:
    written = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(written, stream)
    os.environ.clear()
    os.environ.update(variables)
    sys.argv = [module, *words]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
