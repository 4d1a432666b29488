"""``make run`` as a developer meets it: real processes, killed in every way."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from dev.ports import Ports, find_free, is_free
from dev.service import Service, ServiceFailed
from dev.stack import ROOT, Stack
from dev.supervisor import Supervisor, TooManyDeaths

_PATIENCE = 90


def _start(data: Path, port: int) -> subprocess.Popen[str]:
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("STRIPE", "RAZORPAY", "MONGODB", "REDIS", "BASE_URL"))
    }
    return subprocess.Popen(
        [sys.executable, "-m", "dev"],
        cwd=ROOT,
        env={**clean, "MOSSX_DATA_DIR": str(data), "PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _read_until(run: subprocess.Popen[str], words: str) -> str:
    """The output up to a line with these words."""
    assert run.stdout
    seen = []
    for line in run.stdout:
        seen.append(line)
        if words in line:
            return "".join(seen)
    raise AssertionError(f"{words!r} never came:\n{''.join(seen)}")


def _using(folder: Path) -> list[int]:
    """Every process that was told about this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            environment = (entry / "environ").read_bytes()
            state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except (OSError, IndexError):
            continue
        if f"MOSSX_DATA_DIR={folder}".encode() in environment and state != "Z":
            found.append(int(entry.name))
    return found


def _gone(folder: Path, within: float) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if not _using(folder):
            return True
        time.sleep(0.2)
    return False


def _left(folder: Path) -> list[str]:
    """What those that are still there were started as."""
    found = []
    for process in _using(folder):
        with suppress(OSError):  # it ended just now
            words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
            found.append(b" ".join(words).decode(errors="replace"))
    return found


@pytest.fixture
def run(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path, int]]:
    port = find_free()
    process = _start(tmp_path, port)
    try:
        _read_until(process, "Ctrl-C stops everything")
        yield process, tmp_path, port
    finally:
        process.kill()
        for pid in _using(tmp_path):
            os.kill(pid, signal.SIGKILL)
        process.wait()


@pytest.mark.timeout(180)
def test_it_serves_refuses_a_second_run_and_leaves_nothing_behind(
    run: tuple[subprocess.Popen[str], Path, int],
) -> None:
    process, folder, port = run
    base = f"http://127.0.0.1:{port}"
    assert requests.get(f"{base}/readyz", timeout=10).json()["status"] == "ready"
    assert "Mushroom Lamp" in requests.get(base, timeout=20).text

    second = _start(folder, find_free())
    output, _ = second.communicate(timeout=_PATIENCE)
    assert (second.returncode, base in output) == (2, True)

    command = [sys.executable, "-m", "flask", "--app", "wsgi", "payments", "reconcile"]
    environment = {**os.environ, "MOSSX_DATA_DIR": str(folder)}
    found = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert found.stdout.startswith("looked at"), found.stderr

    assert len(_using(folder)) > 5
    process.send_signal(signal.SIGTERM)
    assert process.wait(_PATIENCE) == 0
    assert _gone(folder, 5)
    assert is_free(port)


@pytest.mark.timeout(180)
@pytest.mark.skipif(sys.platform != "linux", reason="needs the kernel's parent-death signal")
def test_a_killed_run_leaves_nothing_behind(
    run: tuple[subprocess.Popen[str], Path, int],
) -> None:
    process, folder, _ = run
    process.kill()
    process.wait()
    assert _gone(folder, 40), _left(folder)


def test_a_taken_port_is_explained(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        process = _start(tmp_path, other.getsockname()[1])
        output, _ = process.communicate(timeout=_PATIENCE)
    assert process.returncode == 2
    assert "taken" in output


def test_a_dead_server_is_announced_and_started_again(tmp_path: Path) -> None:
    said: list[str] = []
    stack = Stack(tmp_path, environment={}, parts=("redis",))
    try:
        stack.start()
        redis = stack.services["redis"]
        before = redis.pid
        os.kill(before, signal.SIGKILL)
        redis.process.wait()
        Supervisor(stack, said.append).look()
        assert redis.alive
        assert redis.pid != before
        assert "redis ended unexpectedly (signal 9)" in said[0]
    finally:
        stack.stop()
    assert not stack.services["redis"].alive


def test_a_server_that_keeps_dying_ends_the_run(tmp_path: Path) -> None:
    stack = Stack(tmp_path, environment={}, parts=())
    fragile = Service(
        name="fragile", command=[sys.executable, "-c", "print('ouch')"], log=tmp_path / "log"
    )
    stack.services["fragile"] = fragile
    fragile.start()
    supervisor = Supervisor(stack, lambda message: None)
    for _ in range(5):
        assert fragile.process
        fragile.process.wait()
        supervisor.look()
    fragile.process.wait()
    with pytest.raises(TooManyDeaths, match="ouch"):
        supervisor.look()


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    program = "import sys; sys.exit('no such option')"
    service = Service(
        name="broken",
        command=[sys.executable, "-c", program],
        log=tmp_path / "log",
        ready=lambda: False,
    )
    with pytest.raises(ServiceFailed, match="no such option"):
        service.start()


def test_ports_are_remembered_while_they_are_free(tmp_path: Path) -> None:
    path = tmp_path / "ports.json"
    first = Ports(path).of("web")
    assert Ports(path).of("web") == first
    with socket.socket() as other:
        other.bind(("127.0.0.1", first))
        assert Ports(path).of("web") != first
