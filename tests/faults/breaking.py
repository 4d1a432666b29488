"""The faults, one after the other: what is broken, how it is made well again, what may be felt."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from tests.faults.ground import Ground

_HOUR, _DAY = 3600.0, 24 * 3600.0
_ALL = ("kept pages", "search", "cart", "log in", "check out", "panel", "forms", "pictures")
_WITHOUT_DATABASE = ("kept pages", "pictures")
_WITHOUT_PAYING = ("kept pages", "search", "cart", "log in", "panel", "forms", "pictures")
Step = Callable[[], object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """``make`` breaks and mends around its body; ``works`` names what must go on as ever, the rest
    may say that it cannot. ``limit``: seconds in which everything is answered."""

    name: str
    make: Callable[[Ground], AbstractContextManager[Step | None]]
    works: tuple[str, ...] = _ALL
    limit: float = 5.0
    seconds: float = 7.0
    cuts: bool = False  # whether connections may break: the web server itself dies


FAULTS: list[Fault] = []


def _fault(name: str, **more: Any) -> Callable[[Callable[[Ground], Iterator[Step | None]]], None]:
    def add(make: Callable[[Ground], Iterator[Step | None]]) -> None:
        FAULTS.append(Fault(name=name, make=contextmanager(make), **more))

    return add


@_fault("nothing")
def _nothing(_: Ground) -> Iterator[None]:
    yield


# --- Redis ----------------------------------------------------------------------------------------


@_fault("Redis killed")
def _redis_killed(ground: Ground) -> Iterator[None]:
    ground.services["redis"].kill()
    yield
    ground.restart("redis")


@_fault("Redis emptied twice a second")
def _redis_flushed(ground: Ground) -> Iterator[Step]:
    yield lambda: bool(ground.redis.flushall())


@_fault("Redis slow: each answer 0.4 s late")
def _redis_slow(ground: Ground) -> Iterator[None]:
    ground.to_redis.delay(0.4)
    yield
    ground.to_redis.delay(0.0)


@_fault("Redis silent: takes connections, never answers")
def _redis_silent(ground: Ground) -> Iterator[None]:
    ground.to_redis.silence(True)
    yield
    ground.to_redis.silence(False)


@_fault("Redis full, and told to drop nothing")
def _redis_full(ground: Ground) -> Iterator[None]:
    ground.redis.config_set("maxmemory", "1")
    yield
    ground.redis.config_set("maxmemory", "0")


# --- the database -----------------------------------------------------------------------------------


@_fault("database killed", works=_WITHOUT_DATABASE, limit=8)
def _mongo_killed(ground: Ground) -> Iterator[None]:
    ground.services["mongo"].kill()
    yield
    ground.restart("mongo")


@_fault("database slow: each answer 0.1 s late", limit=15)
def _mongo_slow(ground: Ground) -> Iterator[None]:
    ground.to_mongo.delay(0.1)
    yield
    ground.to_mongo.delay(0.0)


@_fault("database stopped (SIGSTOP): takes connections, never answers", works=_WITHOUT_DATABASE, limit=16, seconds=20)  # fmt: skip
def _mongo_stopped(ground: Ground) -> Iterator[None]:
    ground.send("mongo", signal.SIGSTOP)
    yield
    ground.send("mongo", signal.SIGCONT)


@_fault("database takes no writes (not the primary)", works=_WITHOUT_DATABASE, limit=8)
def _mongo_read_only(ground: Ground) -> Iterator[None]:
    ground.fail_writes("alwaysOn")
    yield
    ground.fail_writes("off")


@_fault("database's disk full", works=_WITHOUT_DATABASE, limit=8)
def _mongo_disk_full(ground: Ground) -> Iterator[None]:
    ground.limit_files("mongo", 0)
    yield
    ground.restart("mongo")  # as whoever makes room for it does


# --- gateways and mail ------------------------------------------------------------------------------


@_fault("both gateways down", works=_WITHOUT_PAYING)
def _gateways_down(ground: Ground) -> Iterator[None]:
    ground.services["sandbox"].kill()
    yield
    ground.restart("sandbox")


@_fault("both gateways slow: 11 s an answer", works=_WITHOUT_PAYING, limit=40, seconds=16)
def _gateways_slow(ground: Ground) -> Iterator[None]:
    ground.break_gateways({"kind": "delay_before", "seconds": 11.0})
    yield
    ground.break_gateways()


@_fault("both gateways answer 500", works=_WITHOUT_PAYING, limit=15)
def _gateways_failing(ground: Ground) -> Iterator[None]:
    ground.break_gateways({"kind": "error_500"})
    yield
    ground.break_gateways()


@_fault("mail server down")
def _mail_down(ground: Ground) -> Iterator[None]:
    ground.mail.stop()
    yield
    ground.mail.start()


@_fault("mail server slow: 20 s a message", seconds=18)
def _mail_slow(ground: Ground) -> Iterator[None]:
    ground.mail.wait = 20.0
    yield
    ground.mail.wait = 0.0


# --- clocks -----------------------------------------------------------------------------------------


def _clock(name: str, seconds: float) -> None:
    @_fault(name)
    def _wrong(ground: Ground) -> Iterator[None]:
        ground.set_clock(seconds)
        yield
        ground.set_clock(0)


_clock("the shop's clock an hour ahead, then right again", _HOUR)
_clock("the shop's clock an hour behind, then right again", -_HOUR)
_clock("the shop's clock a day ahead, then right again", _DAY)
_clock("the shop's clock a day behind, then right again", -_DAY)

# --- the shop's own processes -----------------------------------------------------------------------


@_fault("worker killed", limit=10)  # what it was writing is free after 5 s, as a web worker's is
def _worker_killed(ground: Ground) -> Iterator[None]:
    ground.services["worker"].kill()
    yield
    ground.restart("worker")


@_fault("worker stopped (SIGSTOP)")
def _worker_stopped(ground: Ground) -> Iterator[None]:
    ground.send("worker", signal.SIGSTOP)
    yield
    ground.send("worker", signal.SIGCONT)


@_fault("a second worker, killed in its work")
def _two_workers(ground: Ground) -> Iterator[None]:
    second = ground.second_worker()
    second.start()
    yield
    second.kill()


@_fault("a web worker killed", cuts=True, limit=10, seconds=10)
def _web_killed(ground: Ground) -> Iterator[None]:
    ground.web_workers()[0].kill()
    yield


@_fault("disk full for pictures and logs", works=tuple(kind for kind in _ALL if kind != "panel"))
def _disk_full(ground: Ground) -> Iterator[None]:
    for folder in (ground.stack.data / "media").glob("w*"):
        shutil.rmtree(folder)  # every picture has to be made anew
    for name in ("web", "worker"):
        ground.limit_files(name, 0)
    yield
    for name in ("web", "worker"):
        ground.limit_files(name)
