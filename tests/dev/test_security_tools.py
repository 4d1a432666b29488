"""The checks for secrets and known faults find what they are for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import transient_settings

from tools.audit import FOUND, UNKNOWN, tell
from tools.secret_scan import settings

_ROOT = Path(__file__).resolve().parents[2]
_GOOD = {"name": "flask", "version": "3.1.3", "vulns": []}
_BAD = {"name": "jinja2", "version": "2.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3.1.6"]}]}
_UNTOLD = {"name": "nh3", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("libraries", "code", "said"),
    [
        ([_GOOD], 0, "0 known faults in 1 libraries."),
        ([_GOOD, _BAD], FOUND, "jinja2 2.0: PYSEC-1, mended in 3.1.6"),
        ([_GOOD, _UNTOLD], UNKNOWN, "told nothing of: nh3"),
        ([_BAD, _UNTOLD], FOUND, "PYSEC-1"),
        ([], UNKNOWN, "0 known faults in 0 libraries."),
    ],
)
def test_an_audit_passes_only_with_an_answer_for_each(
    capsys: pytest.CaptureFixture[str], libraries: list[dict[str, object]], code: int, said: str
) -> None:
    assert tell(libraries) == code
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    "line",
    ["aws_key: AKIA" + "IOSFODNN7EXAMPLQ", "stripe: sk_live_" + "abcdefghijklmnopqrstuvwx", "password: " + "hunter2hunter2", "url: mongodb://shop:" + "s3cret" + "@db.example/x"],
)  # fmt: skip
def test_a_key_in_a_file_is_found(tmp_path: Path, line: str) -> None:
    (tmp_path / "planted.yaml").write_text(line + "\n")
    found = SecretsCollection(root=str(tmp_path))
    with transient_settings(settings()):
        found.scan_file("planted.yaml")
    assert list(found)


def test_an_unsafe_call_is_found(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text(
        "import subprocess\n\n\ndef run(text: str) -> None:\n    subprocess.run(text, shell=True)\n"
    )
    words = [sys.executable, "-m", "bandit", "--quiet", "-c", "pyproject.toml", str(planted)]
    done = subprocess.run(words, cwd=_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "B602" in done.stdout
