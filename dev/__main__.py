"""``make run``: the whole shop on this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from types import FrameType

from app.account.demo import DEMO_LOGINS
from dev.attach import SHARED, data_folder
from dev.lock import DataLock
from dev.ports import is_free
from dev.service import ServiceFailed
from dev.stack import EMBEDDED, Stack
from dev.supervisor import Supervisor, TooManyDeaths


def _say(message: str) -> None:
    print(f"[mossx] {message}", flush=True)


class _Stopped(Exception):
    """Somebody asked the run to end."""


def _stop(_: int, __: FrameType | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise _Stopped


def main() -> int:
    """Run until told to stop; the exit code is 0 only for a wanted end."""
    if os.environ.get("MOSSX_ENV") == "production":
        _say("make run is for development. See README.md on going live.")
        return 2
    lock = DataLock(data_folder())
    if not lock.take():
        where = lock.read().get("BASE_URL", "in another terminal")
        _say(f"MossX is running already: {where}")
        return 2
    try:
        port = int(os.environ.get("PORT") or 8000)
    except ValueError:
        port = 0
    if not 0 < port < 65536:
        _say("PORT must be a number from 1 to 65535.")
        return 2
    if not is_free(port):
        _say(f"Port {port} is taken. Choose another one: make run PORT=8001")
        return 2
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)
    try:
        return _serve(Stack(data_folder(), web_port=port), lock)
    finally:
        lock.free()


def _serve(stack: Stack, lock: DataLock) -> int:
    try:
        _say("starting the database and Redis …")
        stack.start(EMBEDDED)
        for words in (("db", "upgrade"), ("demo", "load")):
            subprocess.run(
                stack.command(*words), env={**os.environ, **stack.environment}, check=True
            )
        stack.start()
        lock.publish(stack.environment, SHARED)
        _banner(stack)
        supervisor = Supervisor(stack, _say)
        while True:
            supervisor.look()
            time.sleep(0.5)
    except _Stopped:
        _say("stopping …")
        return 0
    except subprocess.CalledProcessError as error:
        _say(f"`{' '.join(error.cmd[-2:])}` failed; see above.")
        return 1
    except (ServiceFailed, TooManyDeaths) as failure:
        _say(str(failure))
        return 1
    finally:
        stack.stop()
        _say("all servers are stopped; the data stays in " + str(stack.data))


def _banner(stack: Stack) -> None:
    lines = [f"Shop             {stack.environment['BASE_URL']}"]
    if "SANDBOX_URL" in stack.environment:
        lines.append(f"Sandbox ledger   {stack.environment['SANDBOX_URL']}")
        lines.append("Test cards       4242 4242 4242 4242 pays, 4000 0000 0000 0002 is declined")
    lines += [f"Log in           {each.email}, {each.password}" for each in DEMO_LOGINS]
    lines.append(f"Mail             {stack.data / 'mail'}")
    lines.append(f"Data and logs    {stack.data}")
    lines.append("Ctrl-C stops everything.")
    print("\n" + "\n".join(f"  {line}" for line in lines) + "\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
