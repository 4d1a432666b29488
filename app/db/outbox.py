"""The transactional outbox: events stored with the change they tell of, handled at least once.

An event is written in the transaction of its cause, so neither exists without the other. The
worker leases events, each for one of its lanes, and runs their handlers in the language of who
caused the event; handlers that finished are noted, so a crash repeats only the one that was
running. Handlers must bear being repeated. An event that a worker has no handler for waits, like
one that failed: a worker of another version may have one. What fails is tried again for ever,
unless a handler says that this is of no use (``Hopeless``, ``Passing``).
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

import structlog
from pymongo.collection import Collection

from app.db.database import Database, Document, Session
from app.db.moments import SKEW, at_any_time, until
from app.shared import tracing
from app.shared.clock import now
from app.shared.ids import new_id
from app.shared.languages import DEFAULT
from app.shared.meters import EVENTS
from app.shared.texts import current_language, speaking

_LEASE = timedelta(seconds=60)
_AHEAD = 500  # events to look at in one go
_LOOKS = 2  # the second after others took all of the first
_MAX_BACKOFF = timedelta(minutes=10)  # and no event is put off for longer when it is stored
_log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something that happened. ``id`` is stable over repeats: use it to be idempotent."""

    id: str
    topic: str
    payload: Mapping[str, Any]
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Backlog:
    """How far the handling of events is behind: how many wait (counted up to a limit), how many of
    them failed before, and for how many seconds the oldest one that is due has been so."""

    waiting: int
    failing: int
    oldest: float


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitingEvent:
    """An event that is not handled yet. ``error`` is why its last try failed, ``""`` for none."""

    id: str
    topic: str
    created_at: datetime
    tries: int
    error: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GivenUp:
    """An event of which a handler gave something up, and why."""

    id: str
    topic: str
    at: datetime
    reason: str


class Hopeless(Exception):
    """Raised by a handler: trying again would change nothing, so it is not tried. What it says is
    kept with the event and shown to staff: it names nobody."""


class Passing(Exception):
    """Raised by a handler: it may go well another time, but later than ``patience`` after the event
    happened, or was asked for anew, nobody wants it any more."""

    patience: ClassVar[timedelta]


Handler = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class _Ahead:
    """Events that were seen to be due and that no lane has taken yet."""

    events: deque[Document] = field(default_factory=deque)
    looking: threading.Lock = field(default_factory=threading.Lock)


class Outbox:
    """Stores events and hands them to the handlers that subscribed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._events = database["outbox"]
        self._handlers: dict[str, dict[str, Handler]] = {}
        self._ahead = _Ahead()
        self._own = self.lane()

    def subscribe(self, topic: str, name: str, handler: Handler) -> None:
        """Call ``handler`` for each event of ``topic``; ``name`` is what the event remembers."""
        self._handlers.setdefault(topic, {})[name] = handler

    def publish(
        self,
        topic: str,
        payload: Mapping[str, Any],
        session: Session | None = None,
        *,
        key: str | None = None,
        delay: timedelta = timedelta(0),
    ) -> str:
        """Store an event inside ``session``'s transaction and return its id.

        ``key`` makes the event unique: storing it again is a no-op.
        """
        moment = now()
        document: Document = {
            "_id": key or new_id("evt"),
            "topic": topic,
            "payload": dict(payload),
            "language": current_language(),
            "state": "pending",
            "created_at": moment,
            "available_at": moment + delay,
            "due_at": moment + delay,
            "tries": 0,
            "done": [],
        }
        if trace := tracing.carried():
            document["trace"] = trace
        self._events.update_one(
            {"_id": document["_id"]}, {"$setOnInsert": document}, upsert=True, session=session
        )
        return str(document["_id"])

    def lane(self) -> Lane:
        """A new line of work: what one thread handles its events through."""
        return Lane(self._events, self._handlers, self._ahead)

    def run_one(self) -> bool:
        """Handle the next due event, if any, and say whether there was one."""
        return self._own.run_one()

    def take_back(self) -> None:
        """As ``Lane.take_back``, of what ``run_one`` could not conclude."""
        self._own.take_back()

    def bring_back(self) -> int:
        """Make due what waits for a moment that is too far ahead to have been meant: the clock was
        wrong when it was stored. How many events that were."""
        moment = now()
        query = {"state": "pending", "available_at": {"$gt": moment + _MAX_BACKOFF + SKEW}}
        return self._events.update_many(query, {"$set": {"available_at": moment}}).modified_count

    def waiting(self, most: int) -> list[WaitingEvent]:
        """Events that wait, the next one first; ``most`` may be fewer than there are."""
        found = self._events.find({"state": "pending"}).sort("available_at", 1).limit(most)
        return [
            WaitingEvent(
                id=each["_id"],
                topic=each["topic"],
                created_at=each["created_at"],
                tries=each["tries"],
                error=each.get("error", ""),
            )
            for each in found
        ]

    def given_up(self, most: int, **about: str) -> list[GivenUp]:
        """Events of which something was given up lately, the last one first; only those with this
        in their payload."""
        query = {"gave_up_at": at_any_time(), **_with(about)}
        found = self._events.find(query).sort("gave_up_at", -1).limit(most)
        return [_given_up(each) for each in found]

    def try_again(
        self,
        event_id: str,
        session: Session | None = None,
        instead: Mapping[str, Any] | None = None,
        /,
        **about: str,
    ) -> GivenUp | None:
        """Have what was given up of an event tried once more, with ``instead`` in its payload, and
        nothing else of it; ``about`` as in ``given_up``. None if nothing of such an event is given
        up: asked for twice, it is tried once."""
        query = {"_id": event_id, "state": "done", "gave_up_at": at_any_time(), **_with(about)}
        found = self._events.find_one(query, session=session)
        if found is None:
            return None
        moment = now()
        change: Document = {
            "$set": dict.fromkeys(("available_at", "due_at", "asked_at"), moment),
            "$unset": dict.fromkeys(("gave_up_at", "gave_up", "gave_up_by", "done_at"), ""),
            "$pullAll": {"done": _who_gave_up(found)},
        }
        change["$set"] |= {f"payload.{name}": value for name, value in (instead or {}).items()}
        change["$set"]["state"] = "pending"
        query["gave_up_at"] = found["gave_up_at"]
        asked = self._events.update_one(query, change, session=session).modified_count
        return _given_up(found) if asked else None

    def backlog(self, most: int = 1_000) -> Backlog:
        """How far the handling is behind, of the first ``most`` events."""
        wanted = {"due_at": 1, "created_at": 1, "error": 1}
        query = self._events.find({"state": "pending"}, wanted).sort("available_at", 1).limit(most)
        found, moment = list(query), now()
        due = [moment - (each.get("due_at") or each["created_at"]) for each in found]
        return Backlog(
            waiting=len(found),
            failing=sum(bool(each.get("error")) for each in found),
            oldest=max((each.total_seconds() for each in due), default=0.0),
        )

    def pending(self) -> int:
        """How many events still wait, for health pages and tests."""
        return self._events.count_documents({"state": "pending"})


class Lane:
    """Handles one event after the other. Any number of lanes, in any number of processes, share
    the events; a thread has a lane of its own."""

    def __init__(
        self,
        events: Collection[Document],
        handlers: Mapping[str, Mapping[str, Handler]],
        ahead: _Ahead,
    ) -> None:
        self._events = events
        self._handlers = handlers
        self._ahead = ahead
        self._owner = new_id("wrk")

    def run_one(self) -> bool:
        """Handle the next due event, if any, and say whether there was one."""
        document = self._lease()
        if document is None:
            return False
        about: dict[str, tracing.Value] = {
            "mossx.event": document["_id"],
            "mossx.tries": document["tries"],
        }
        parent = document.get("trace", "")
        with tracing.span(f"event {document['topic']}", about, parent=parent, kind="consumer"):
            failures = self._handle(document)
            self._conclude(document, failures)
        EVENTS.labels(document["topic"], "failed" if failures else "handled").inc()
        return True

    def sees_one(self) -> bool:
        """Whether an event is due that no lane of this process has taken; others may take it."""
        if not self._ahead.events:
            self._look_ahead()
        return bool(self._ahead.events)

    def _handle(self, document: Document) -> list[str]:
        """Call the handlers that have not finished yet; what went wrong."""
        event = Event(
            id=document["_id"],
            topic=document["topic"],
            payload=document["payload"],
            created_at=document["created_at"],
        )
        handlers = self._handlers.get(event.topic)
        if handlers is None:  # a newer version's, which runs beside this one during a deploy
            return [f"nothing here handles {event.topic}"]
        since, failures = document.get("asked_at", event.created_at), list[str]()
        for name, handler in handlers.items():
            if name in document["done"]:
                continue
            with speaking(document.get("language", DEFAULT)):
                problem = self._run(event, name, handler, since)
            if problem:
                failures.append(problem)
            elif len(handlers) > 1:  # the only one is noted with the event itself
                self._events.update_one({"_id": event.id}, {"$addToSet": {"done": name}})
        return failures

    def _lease(self) -> Document | None:
        """Take the event that has waited longest; a conditional update decides between workers.

        Looks ahead, because looking costs the embedded database time that grows with what waits;
        so does findAndModify with the whole collection.
        """
        for _ in range(_LOOKS):
            if not self.sees_one():
                return None
            while (document := self._next()) is not None:
                if self._take(document):
                    return {**document, "tries": document["tries"] + 1}
        return None

    def _next(self) -> Document | None:
        try:
            return self._ahead.events.popleft()
        except IndexError:  # another lane was faster
            return None

    def _look_ahead(self) -> None:
        """Find out what is due, one lane for all: they would find the same."""
        with self._ahead.looking:
            if not self._ahead.events:
                due = self._events.find({"state": "pending", "available_at": until(now())})
                self._ahead.events.extend(due.sort("available_at", 1).limit(_AHEAD))

    def _take(self, document: Document) -> bool:
        """Lease an event as it was seen; False if somebody else took it since, and so tried it."""
        taken = self._events.update_one(
            {"_id": document["_id"], "tries": document["tries"]},
            {
                "$set": {"available_at": now() + _LEASE, "leased_by": self._owner},
                "$inc": {"tries": 1},
            },
        )
        return bool(taken.modified_count)

    def take_back(self) -> None:
        """Make what this lane leased and could not conclude due again at once.

        For a worker that outlived its database: a lane handles one event at a time, so between
        two events it holds no lease that is still meant.
        """
        self._events.update_many(
            {"state": "pending", "leased_by": self._owner},
            {"$set": {"available_at": now()}, "$unset": {"leased_by": ""}},
        )

    def _run(self, event: Event, name: str, handler: Handler, since: datetime) -> str:
        try:
            with tracing.span(f"handler {name}"):
                handler(event)
        except Exception as error:
            problem = f"{name}: {type(error).__name__}: {error}"[:500]
            if not _is_final(error, since):
                _log.exception("event_failed", event_id=event.id, topic=event.topic, handler=name)
                return problem
            self._give_up(event, name, problem)
        return ""

    def _give_up(self, event: Event, name: str, problem: str) -> None:
        _log.warning("event_given_up", event_id=event.id, topic=event.topic, reason=problem)
        self._events.update_one(
            {"_id": event.id},
            {"$set": {"gave_up_at": now(), "gave_up": problem}, "$addToSet": {"gave_up_by": name}},
        )
        EVENTS.labels(event.topic, "given_up").inc()

    def _conclude(self, document: Document, failures: list[str]) -> None:
        if failures:
            pause = min(timedelta(seconds=2 ** min(document["tries"], 12)), _MAX_BACKOFF)
            again = now() + pause
            change = {"available_at": again, "due_at": again, "error": failures[0]}
        else:
            change = {"state": "done", "done_at": now()}
        self._events.update_one(
            {"_id": document["_id"], "state": "pending"},
            {"$set": change, "$unset": {"leased_by": ""}},
        )


def _with(payload: Mapping[str, str]) -> dict[str, str]:
    return {f"payload.{name}": value for name, value in payload.items()}


def _given_up(document: Document) -> GivenUp:
    return GivenUp(
        id=document["_id"],
        topic=document["topic"],
        at=document["gave_up_at"],
        reason=document["gave_up"],
    )


def _who_gave_up(document: Document) -> list[str]:
    """The handlers that did; an event of an earlier version names one, in what it says."""
    return document.get("gave_up_by") or [document["gave_up"].partition(":")[0]]


def _is_final(error: Exception, since: datetime) -> bool:
    """Whether nothing is to be gained by trying again what is wanted since then."""
    if isinstance(error, Passing):
        return now() - since > error.patience
    return isinstance(error, Hopeless)
