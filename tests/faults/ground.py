"""The servers under test: the shop reaches database, Redis and mail by lines that can be broken."""

from __future__ import annotations

import asyncio
import os
import resource
import time
from pathlib import Path
from typing import Any

import psutil
import redis
import requests
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from app.db.database import Database
from dev.ports import find_free
from dev.service import Service
from dev.stack import EMBEDDED, Stack
from tests.faults.proxy import Proxy


class Mailbox:
    """A mail server that takes its time for each message if told to."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._controller: Controller | None = None
        self.wait = 0.0  # seconds
        self.taken = 0

    @property
    def url(self) -> str:
        """Where it is, for ``MAIL_URL``."""
        return f"smtp://127.0.0.1:{self._port}"

    async def handle_DATA(self, _: SMTP, __: Session, ___: Envelope) -> str:
        """Take a message."""
        await asyncio.sleep(self.wait)
        self.taken += 1
        return "250 taken"

    def start(self) -> None:
        """Begin to listen."""
        self._controller = Controller(self, hostname="127.0.0.1", port=self._port)
        self._controller.start()

    def stop(self) -> None:
        """Go away."""
        if self._controller is not None:
            self._controller.stop(no_assert=True)
            self._controller = None


class Ground:
    """All servers, and what can be done to them. Servers are started by the thread that makes
    this, with which they would die."""

    def __init__(self, folder: Path) -> None:
        self.clock = folder / "clock"
        self.mail = Mailbox(find_free())
        given = {
            "FAULTS_CLOCK": str(self.clock),
            "MAIL_URL": self.mail.url,
            "MOSSX_PROXIES": "1",  # everybody comes from an address of their own
            "GRANIAN_RESPAWN_INTERVAL": "0.2",
        }
        self.stack = Stack(folder, environment=given, application="tests.faults.shop")
        self.services["mongo"].command.append("--enable-test-commands")
        self.mongo_uri = self.stack.environment["MONGODB_URI"]
        self.redis = redis.Redis.from_url(self.stack.environment["REDIS_URL"])
        self.to_mongo = Proxy(_port(self.mongo_uri))
        self.to_redis = Proxy(_port(self.stack.environment["REDIS_URL"]))

    @property
    def services(self) -> dict[str, Service]:
        """The processes by name."""
        return self.stack.services

    @property
    def environment(self) -> dict[str, str]:
        """What the shop's processes are told."""
        return self.stack.environment

    def start_servers(self) -> None:
        """Database, Redis, mail and the lines to them; the shop is still to come."""
        self.stack.start(EMBEDDED)
        self.mail.start()
        self.to_mongo.start()
        self.to_redis.start()
        direct = "directConnection=true"  # else the driver would go to where the server says it is
        self.environment["MONGODB_URI"] = f"mongodb://127.0.0.1:{self.to_mongo.port}/mossx?{direct}"
        self.environment["REDIS_URL"] = f"redis://127.0.0.1:{self.to_redis.port}/0"

    def stop(self) -> None:
        """Everything."""
        self.mail.stop()
        self.stack.stop()
        self.to_mongo.stop()
        self.to_redis.stop()

    # --- what can be done ----------------------------------------------------------------------------

    def restart(self, name: str) -> None:
        """Start a server again that was killed, or is not well."""
        self.services[name].kill()
        self.services[name].start()

    def web_workers(self) -> list[psutil.Process]:
        """The processes that answer; their server starts another for each that dies."""
        return psutil.Process(self.services["web"].pid).children()

    def send(self, name: str, signal: int) -> None:
        """A signal to one server."""
        os.kill(self.services[name].pid, signal)

    def limit_files(self, name: str, size: int = resource.RLIM_INFINITY) -> None:
        """No file may grow beyond ``size`` bytes for a server and its children: to them the disk
        is full (``EFBIG`` in the place of ``ENOSPC``)."""
        server = psutil.Process(self.services[name].pid)
        for each in (server, *server.children(recursive=True)):
            resource.prlimit(each.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def fail_writes(self, mode: str) -> None:
        """Have the database say that it may not be written to (``alwaysOn``), or write again
        (``off``): what a primary does that was told to step down."""
        names = ["insert", "update", "delete", "findAndModify", "commitTransaction"]
        data: dict[str, Any] = {"failCommands": names, "errorCode": 10107}
        database = Database(self.mongo_uri)
        database.client.admin.command("configureFailPoint", "failCommand", mode=mode, data=data)
        database.close()

    def break_gateways(self, *rules: dict[str, Any]) -> None:
        """Rules of the sandbox; none of them makes it well."""
        url = f"{self.environment['SANDBOX_URL']}/sandbox/faults"
        requests.delete(url, timeout=10)
        if rules:
            requests.post(url, json=[{"count": None, **each} for each in rules], timeout=10)

    def set_clock(self, seconds: float) -> None:
        """Let the clock of the shop's processes be wrong by so much."""
        self.clock.write_text(str(seconds))
        time.sleep(0.3)

    def second_worker(self) -> Service:
        """One more worker beside the first; it is still to be started."""
        first = self.services["worker"]
        return Service(
            name="worker-2",
            command=first.command,
            log=first.log.with_name("worker-2.log"),
            environment=self.environment,
        )


def _port(url: str) -> int:
    return int(url.rsplit(":", 1)[1].split("/", 1)[0])
