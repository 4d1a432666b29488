"""Looks for passwords and keys in every file that git knows; part of ``make lint``.

``check`` fails for what the baseline does not name: keys of tests, of the sandbox and of the demo
store. ``accept`` writes the baseline anew, for a reviewer to read.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from detect_secrets.core import baseline
from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import transient_settings

_ROOT = Path(__file__).resolve().parents[1]
_BASELINE = _ROOT / ".secrets.baseline"
_NAMED = "Secret Keyword"  # anything assigned to a "password": tests log in all the time


def settings() -> dict[str, Any]:
    """What is looked for, and where not, as the baseline says."""
    known = json.loads(_BASELINE.read_text())
    return {key: known[key] for key in ("plugins_used", "filters_used")}


def _files() -> list[str]:
    """Every file of the repository, and new ones that are not ignored."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    told = subprocess.run(words, cwd=_ROOT, check=True, capture_output=True, text=True).stdout
    return [name for name in told.split("\0") if name and (_ROOT / name).is_file()]


def _scan(files: list[str]) -> SecretsCollection:
    found = SecretsCollection(root=str(_ROOT))
    found.scan_files(*files)
    for name in list(found.files):
        kept = [each for each in found.data[name] if not _is_test(name) or each.type != _NAMED]
        for each in kept:
            each.filename = name  # not where this checkout happens to be
        found.data[name] = set(kept)
    return found


def _is_test(name: str) -> bool:
    return name.startswith("tests/")


def check() -> int:
    """Name what is new. Returns what the command ends with."""
    with transient_settings(settings()):
        files = _files()
        known = baseline.load(json.loads(_BASELINE.read_text()), filename=str(_BASELINE))
        new = list(_scan(files) - known)
        for name, secret in new:
            print(f"{name}:{secret.line_number}: {secret.type}")
    if not files:
        print("There is nothing to look at: is this a git repository?")
        return 1
    if new:
        print("If these are no secrets: make secrets-baseline, and look at its change.")
        return 1
    return 0


def accept() -> int:
    """Take what is there now for known."""
    with transient_settings(settings()):
        kept = baseline.format_for_output(_scan(_files()), is_slim_mode=True)
    _BASELINE.write_text(json.dumps(kept, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit({"check": check, "accept": accept}[sys.argv[1]]())
