"""Asks whether any pinned library has a known fault; ``make audit``.

What is installed is not looked at, only what requirements.txt pins for production and
requirements-dev.txt for developers. Without an answer nothing counts as audited.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[1]
FOUND, UNKNOWN = 1, 2  # what the command ends with
_FILES = ("requirements.txt", "requirements-dev.txt")
_PATIENCE = "15"  # seconds for each question


def main() -> int:
    """Audit, print what is wrong, and say how many libraries were asked about."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "audit.json"
        files = [word for name in _FILES for word in ("--requirement", str(_ROOT / name))]
        asking = [
            sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes",
            "--progress-spinner", "off", "--timeout", _PATIENCE,
            "--format", "json", "--output", str(answer), *files,
        ]  # fmt: skip
        done = subprocess.run(asking, capture_output=True, text=True, check=False)
        text = answer.read_text() if answer.exists() else ""
    if not text:
        reason = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        print(f"Nothing was audited: the service that knows of faults did not answer.\n{reason[0]}")
        return UNKNOWN
    return tell(json.loads(text)["dependencies"])


def tell(libraries: list[dict[str, Any]]) -> int:
    """Print what was answered. Returns what the command ends with: a library that the service does
    not know was not audited, as all of them come from there."""
    faults = [(each, fault) for each in libraries for fault in each.get("vulns", ())]
    for each, fault in faults:
        mended = ", ".join(fault["fix_versions"]) or "no version yet"
        print(f"{each['name']} {each['version']}: {fault['id']}, mended in {mended}")
    skipped = [each["name"] for each in libraries if "skip_reason" in each]
    print(f"{len(faults)} known faults in {len(libraries) - len(skipped)} libraries.")
    if skipped:
        print(f"Not audited, the service told nothing of: {', '.join(skipped)}")
    if faults:
        return FOUND
    return UNKNOWN if skipped or not libraries else 0


if __name__ == "__main__":
    sys.exit(main())
