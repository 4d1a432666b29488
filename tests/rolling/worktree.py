"""The code of an older version, in a folder of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.stack import ROOT


@contextmanager
def worktree(revision: str, folder: Path) -> Iterator[Path]:
    """Check a revision out below ``folder`` for as long as it is needed."""
    place = folder / "old"
    _git("worktree", "add", "--quiet", "--detach", str(place), revision)
    try:
        yield place
    finally:
        _git("worktree", "remove", "--force", str(place))


def date_of(revision: str) -> str:
    """When a revision was made. Raises ``subprocess.CalledProcessError`` if there is none."""
    return _git("log", "-1", "--format=%cd", "--date=format:%d %B %Y, %H:%M", revision)


def migrations_of(code: Path) -> list[str]:
    """The names of a version's migrations, the oldest first."""
    return sorted(path.stem for path in (code / "migrations").glob("[0-9]*_*.py"))


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout.strip()
