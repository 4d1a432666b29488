"""The MongoDB client and the unit of work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from contextvars import ContextVar
from itertools import islice
from typing import Any, TypeVar

import pymongo
from pymongo import MongoClient, WriteConcern
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import (
    ConfigurationError,
    ConnectionFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import ReadPreference

from app.db.cache import Cache
from app.db.presence import Presence
from app.db.turn import Rank, Turn
from app.shared import tracing

Document = dict[str, Any]
Session = ClientSession
T = TypeVar("T")

_DURABLE = WriteConcern("majority", j=True, wtimeout=10_000)
_BATCH = 50
_STEP = 500
_PATIENCE = 300  # seconds
_ANSWERS_WITHIN = 2.0  # seconds
_waiting: ContextVar[list[Callable[[], object]] | None] = ContextVar("after_commit", default=None)
_AT_ONCE = 1e-6  # seconds; the driver takes none for no limit


class Database:
    """One MongoDB database with durable writes, and transactions over it.

    The client connects on first use, so a process starts while the database is still away. Where
    there is a ``cache``, processes take turns through it.
    """

    def __init__(self, uri: str, cache: Cache | None = None) -> None:
        self._presence = Presence()
        self._turn = Turn(cache)
        self.client: MongoClient[Document] = MongoClient(
            uri,
            tz_aware=True,
            retryWrites=True,
            retryReads=True,
            connectTimeoutMS=10_000,  # also how long a busy server may keep its monitor waiting
            serverSelectionTimeoutMS=3_000,
            socketTimeoutMS=20_000,
            # A server that takes connections and does not answer is found out by asking.
            heartbeatFrequencyMS=2_000,
            serverMonitoringMode="poll",
            event_listeners=[self._presence],
            appname="mossx",
        )
        try:
            name = self.client.get_default_database().name
        except ConfigurationError:
            name = "mossx"
        self._database = self.client.get_database(
            name, write_concern=_DURABLE, read_concern=ReadConcern("majority")
        )

    @property
    def name(self) -> str:
        """The database's name, from the URI's path."""
        return self._database.name

    def __getitem__(self, collection: str) -> Collection[Document]:
        return self._database[collection]

    def in_transaction(
        self, work: Callable[[Session], T], *, in_turn: bool = False, rank: Rank = Rank.OTHER
    ) -> T:
        """Run ``work(session)`` as one transaction and return its result once committed.

        ``work`` may run again after a write conflict or a failover, so it must change
        nothing but the database. Raises whatever ``work`` raises, after a rollback. A
        database that is away is not waited for longer than outside of transactions.

        What conflicted is tried again in turn, by ``rank`` (see ``Turn``). With ``in_turn`` that
        goes for the first time too: for work that always writes what others are writing, of which
        twelve at once would finish none.
        """
        tries, around, turn = 0, _waiting.get(), ExitStack()

        def attempt(session: Session) -> T:
            nonlocal tries
            tries += 1
            if tries == 2:
                self._turn.meet()
            if tries == 2 or (in_turn and tries == 1):
                turn.enter_context(self._turn.taken(rank, lambda: self._presence.is_away))
            _waiting.set([])
            try:
                result = work(session)
                session.commit_transaction()
            except ServerSelectionTimeoutError as error:
                raise ConnectionFailure(str(error)) from error  # the driver would try 2 minutes
            return result

        try:
            with (
                tracing.span("transaction", kind="client"),
                self.client.start_session() as session,
                turn,
            ):
                result = session.with_transaction(
                    attempt,
                    read_concern=ReadConcern("snapshot"),
                    write_concern=_DURABLE,
                    read_preference=ReadPreference.PRIMARY,
                )
                tracing.note({"mossx.tries": tries})
            waiting = _waiting.get() or ()
        finally:
            _waiting.set(around)
        for each in waiting:
            each()
        return result

    def answers(self) -> bool:
        """Whether the database answers within a moment."""
        try:
            with self.within(_ANSWERS_WITHIN):
                self.command("ping")
        except PyMongoError:
            return False
        return True

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """A block whose work is given up after so long, as if the database were away."""
        with pymongo.timeout(seconds):
            yield

    @contextmanager
    def at_once_if_away(self) -> Iterator[None]:
        """A block whose work waits for no database that is known to be away: everything in it then
        fails at once, as if it had been waited for."""
        with pymongo.timeout(_AT_ONCE) if self._presence.is_away else nullcontext():
            yield

    def command(self, name: str, value: Any = 1, **options: Any) -> Mapping[str, Any]:
        """Run a database command (migrations and health only)."""
        answer: Mapping[str, Any] = self._database.command(name, value, **options)
        return answer

    def collections(self) -> set[str]:
        """Names of the collections that exist."""
        return set(self._database.list_collection_names())

    def close(self) -> None:
        """Close every connection."""
        self.client.close()


def after_commit(work: Callable[[], object]) -> None:
    """Do ``work`` once the transaction at hand is committed, and not if it never is; outside of
    one at once. For counting: a crash in between loses it."""
    waiting = _waiting.get()
    if waiting is None:
        work()
    else:
        waiting.append(work)


def find_any(
    collection: Collection[Document],
    field: str,
    values: Iterable[Any],
    session: Session | None = None,
    only: Iterable[str] | None = None,
) -> Iterator[Document]:
    """Each document whose ``field`` is one of ``values``, once, in no particular order.

    ``only`` names the fields that are wanted beside ``_id``.

    Asks in short batches: a long ``$in`` costs the embedded database time that grows with its
    square, and any MongoDB a query of megabytes.
    """
    wanted = list(dict.fromkeys(values))
    fields = dict.fromkeys(only, 1) if only is not None else None
    seen = set()
    for start in range(0, len(wanted), _BATCH):
        batch = wanted[start : start + _BATCH]
        for document in collection.find({field: {"$in": batch}}, fields, session=session):
            if document["_id"] not in seen:
                seen.add(document["_id"])
                yield document


def walk(collection: Collection[Document], only: Iterable[str] | None = None) -> Iterator[Document]:
    """Every document, in no particular order; ``only`` names the fields that are wanted beside
    ``_id``.

    In short batches, and patiently: the embedded database reads the whole collection before it
    answers with the first.
    """
    fields = dict.fromkeys(only, 1) if only is not None else None
    cursor = collection.find({}, fields).batch_size(_STEP)
    while True:
        with pymongo.timeout(_PATIENCE):
            batch = list(islice(cursor, _STEP))
        yield from batch
        if len(batch) < _STEP:
            return
