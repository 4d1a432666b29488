"""Real Redis servers of a test's own: a primary behind a Sentinel, and a cluster."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import redis
from redis.exceptions import MovedError, RedisError

from dev.ports import accepts, find_free, is_free
from dev.service import Service
from dev.stack import redis_server
from tests.support.waiting import wait_until

_BUS = 10_000  # a node talks to others at its port and so much
_SLOTS = 16_384
_LONG = 60.0  # seconds; how fast servers agree is the machine's affair
_PASSWORD = "p@ss/w:rd"
_LOGIN = f":{quote(_PASSWORD, safe='')}@127.0.0.1"
_NAME = "mossx-test"  # of the primary


def client_of(port: int, database: int = 0) -> redis.Redis:
    """A patient client of one server."""
    return redis.Redis(port=port, db=database, password=_PASSWORD, socket_timeout=10)


class RedisServer:
    """One of them."""

    def __init__(self, folder: Path, *options: str, port: int = 0) -> None:
        self.port = port or find_free()
        self.client = client_of(self.port)
        folder = folder / str(self.port)
        folder.mkdir(parents=True)
        where = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(folder)]
        login = ["--requirepass", _PASSWORD, "--masterauth", _PASSWORD]
        nothing = ["--save", "", "--appendonly", "no"]
        self._service = Service(
            name=f"redis-{self.port}",
            command=[redis_server(), *where, *login, *nothing, *options],
            log=folder / "log",
            ready=lambda: accepts(self.port),
        )

    def start(self) -> None:
        """Start it, or start it again."""
        self._service.start()

    def kill(self) -> None:
        """Without a word to anybody."""
        self._service.kill()

    def pause(self) -> None:
        """Have it answer nobody, and refuse nobody."""
        os.kill(self._service.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Have it answer again."""
        os.kill(self._service.pid, signal.SIGCONT)

    def give(self, key: str, to: RedisServer) -> None:
        """Send a key to another server."""
        how = ("", 0, 20_000, "AUTH", _PASSWORD, "KEYS", key)
        self.client.execute_command("MIGRATE", "127.0.0.1", to.port, *how)

    def says(self, section: str, name: str) -> object:
        """What it says of itself; None while it does not answer."""
        try:
            return self.client.info(section).get(name)
        except RedisError:
            return None

    @property
    def is_primary(self) -> bool:
        """Whether it takes writes."""
        return self.says("replication", "role") == "master"


class Watched:
    """A primary, its replica, and a Sentinel that makes the one the other."""

    def __init__(self, folder: Path) -> None:
        self.primary = RedisServer(folder)
        self.replica = RedisServer(folder, "--replicaof", "127.0.0.1", str(self.primary.port))
        self._config = folder / "sentinel.conf"
        self._sentinel = find_free()
        self._service = Service(
            name="sentinel",
            command=[redis_server(), str(self._config), "--sentinel"],
            log=folder / "sentinel.log",
            ready=lambda: accepts(self._sentinel),
        )

    @property
    def url(self) -> str:
        """For ``REDIS_URL``. Of the Sentinels it names one is dead, and the other has no password."""
        nodes = f"{_LOGIN}:1,127.0.0.1:{self._sentinel}"
        return f"redis+sentinel://{nodes}/{_NAME}/1?sentinel_password="

    def start(self) -> None:
        """Start all, and wait until the Sentinel knows both."""
        self.primary.start()
        self.replica.start()
        wait_until(lambda: self.replica.says("replication", "master_link_status") == "up", _LONG)
        self._config.write_text(
            f"port {self._sentinel}\n"
            "bind 127.0.0.1\n"
            f"dir {self._config.parent}\n"
            f"sentinel monitor {_NAME} 127.0.0.1 {self.primary.port} 1\n"
            f"sentinel auth-pass {_NAME} {_PASSWORD}\n"
            f"sentinel down-after-milliseconds {_NAME} 500\n"
            f"sentinel failover-timeout {_NAME} 10000\n"
        )
        self._service.start()
        wait_until(self._knows_both, _LONG)

    def _knows_both(self) -> bool:
        client = redis.Redis(port=self._sentinel, socket_timeout=10)
        replicas = client.sentinel_slaves(_NAME)
        return [each["flags"] for each in replicas] == ["slave"] and replicas[0]["slave-priority"]

    def stop(self) -> None:
        """End all of them."""
        self._service.kill()
        self.primary.kill()
        self.replica.kill()


class Cluster:
    """Primaries; the first one may have a replica."""

    def __init__(self, folder: Path, primaries: int = 3, *, has_replica: bool = False) -> None:
        self._folder = folder
        self.primaries = [self._node(folder) for _ in range(primaries)]
        self.replicas = [self._node(folder)] if has_replica else []

    def _node(self, folder: Path) -> RedisServer:
        port = find_free()
        while port + _BUS > 65_535 or not is_free(port + _BUS):
            port = find_free()
        options = ["--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf"]
        options += ["--cluster-announce-ip", "127.0.0.1", "--cluster-node-timeout", "1000"]
        return RedisServer(folder, *options, port=port)

    @property
    def nodes(self) -> list[RedisServer]:
        """All of them."""
        return [*self.primaries, *self.replicas]

    @property
    def url(self) -> str:
        """For ``REDIS_URL``: a node that is dead, and one of those that live."""
        return f"redis+cluster://{_LOGIN}:1,127.0.0.1:{self.primaries[-1].port}"

    def start(self) -> None:
        """Start all, and wait until each knows every other."""
        for node in self.nodes:
            node.start()
        for number, node in enumerate(self.primaries):
            first, after = (_SLOTS * each // len(self.primaries) for each in (number, number + 1))
            node.client.execute_command("CLUSTER ADDSLOTS", *range(first, after))
            node.client.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
        for node in self.nodes[1:]:
            node.client.execute_command("CLUSTER MEET", "127.0.0.1", self.primaries[0].port)
        wait_until(lambda: all(self._agrees(node) for node in self.nodes), _LONG)
        for replica in self.replicas:
            self._give(replica)

    def _agrees(self, node: RedisServer) -> bool:
        said = node.client.execute_command("CLUSTER INFO")
        known = int(said["cluster_known_nodes"])
        return said["cluster_state"] == "ok" and known == len(self.nodes)

    def holder(self, key: str) -> RedisServer:
        """The primary that has a key."""
        for node in self.primaries:
            with suppress(MovedError):
                if node.client.exists(key):
                    return node
        raise KeyError(key)

    def join(self) -> RedisServer:
        """One more primary, which has no keys yet."""
        new = self._node(self._folder)
        new.start()
        new.client.execute_command("CLUSTER MEET", "127.0.0.1", self.primaries[0].port)
        self.primaries.append(new)
        wait_until(lambda: all(self._agrees(node) for node in self.nodes), _LONG)
        return new

    def _give(self, replica: RedisServer) -> None:
        first = self.primaries[0].client.execute_command("CLUSTER MYID")
        replica.client.execute_command("CLUSTER REPLICATE", first)
        wait_until(lambda: replica.says("replication", "master_link_status") == "up", _LONG)
        wait_until(lambda: all(_counts_as_replica(replica, node) for node in self.primaries), _LONG)

    def stop(self) -> None:
        """End all of them."""
        for node in self.nodes:
            node.kill()


def _counts_as_replica(replica: RedisServer, among: RedisServer) -> bool:
    """Whether a primary would let it take the other's place."""
    said = among.client.execute_command("CLUSTER NODES")
    return "slave" in said[f"127.0.0.1:{replica.port}"]["flags"]
