"""Redis Cluster: keys are spread over several primaries, and a replica takes a dead one's place."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from redis.cluster import ClusterNode, RedisCluster
from redis.commands.core import Script
from redis.exceptions import ConnectionError as RedisAway
from redis.exceptions import RedisClusterException

from app.db.redis_patience import (
    PATIENCE,
    WAIT,
    ImpatientConnection,
    ImpatientTlsConnection,
    one_wait,
)
from app.shared.redis_url import RedisPlace


class ClusterClient:
    """What ``redis.Redis`` is for one server. Nothing connects before it is used.

    A command of several keys needs them on one node: names that belong together share what stands
    in braces. The commands below are those that would miss something otherwise.
    """

    def __init__(self, place: RedisPlace) -> None:
        self._place = place
        self._cluster: RedisCluster | None = None  # None: where its keys are has to be learned
        self._learning = threading.Lock()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *args, **more: self.ask(lambda cluster: getattr(cluster, name)(*args, **more))

    def ask(self, work: Callable[[RedisCluster], Any]) -> Any:
        """What ``work`` finds in the cluster. Raises ``RedisError``."""
        with one_wait():
            try:
                return work(self._known())
            except RedisClusterException as error:  # which is none: no node knows where keys are
                self._forget()
                raise RedisAway(str(error)) from error
            except AttributeError as error:
                if error.obj is not None:
                    raise
                # Sent on to a node that just came, redis-py finds it nowhere.
                self._forget()
                raise RedisAway("a key is moving to a node that is new") from error

    def ping(self) -> bool:
        """Whether every primary answers."""
        return bool(self.ask(lambda cluster: cluster.ping(target_nodes=RedisCluster.PRIMARIES)))

    def mget(self, keys: list[str]) -> Any:
        """The values, wherever they are."""
        return self.ask(lambda cluster: cluster.mget_nonatomic(keys))

    def keys(self, pattern: str) -> Any:
        """The names like that, on every primary."""
        return self.ask(lambda cluster: cluster.keys(pattern, target_nodes=RedisCluster.PRIMARIES))

    def pipeline(self, transaction: bool = True) -> ClusterPipeline:
        """Commands in one go. A transaction is of one node."""
        return ClusterPipeline(self, transaction)

    def register_script(self, script: bytes) -> Script:
        """A script that each node is given once it needs it."""
        return Script(self, script)  # type: ignore[arg-type]  # it asks no more of a client

    def _known(self) -> RedisCluster:
        """The cluster, with where its keys are. One thread learns it for all."""
        if (known := self._cluster) is not None:
            return known
        waited = not self._learning.acquire(blocking=False)
        if waited and not self._learning.acquire(timeout=WAIT):
            raise RedisAway("another thread still asks where keys are")
        try:
            if (known := self._cluster) is None:
                if waited:
                    raise RedisAway("another thread found nobody who knows where keys are")
                known = self._cluster = self._learn()
        finally:
            self._learning.release()
        return known

    def _forget(self) -> None:
        """Have a new client learn where keys are; this one goes, with its connections."""
        known, self._cluster = self._cluster, None
        for node in known.get_nodes() if known else ():
            if node.redis_connection is not None:
                node.redis_connection.connection_pool.disconnect(inuse_connections=False)

    def _learn(self) -> RedisCluster:
        (host, port), *others = self._place.nodes
        return RedisCluster(  # of one node by its URL: only then it takes a class of connections
            url=f"redis://[{host}]:{port}" if ":" in host else f"redis://{host}:{port}",
            startup_nodes=[ClusterNode(*each) for each in others],
            connection_class=ImpatientTlsConnection if self._place.has_tls else ImpatientConnection,
            reinitialize_steps=1,
            **PATIENCE | self._place.options,
        )


class ClusterPipeline:
    """Commands that wait, and then go each to the node of its key."""

    def __init__(self, client: ClusterClient, transaction: bool) -> None:
        self._client = client
        self._transaction = transaction
        self._waiting: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **more: self._waiting.append((name, args, more))

    def execute(self) -> list[Any]:
        """Send them; what each found. Raises ``RedisError``."""
        waiting, self._waiting = self._waiting, []

        def work(cluster: RedisCluster) -> list[Any]:
            pipe = cluster.pipeline(transaction=self._transaction)
            for name, args, more in waiting:
                getattr(pipe, name)(*args, **more)
            return list(pipe.execute())

        found: list[Any] = self._client.ask(work)
        return found
