"""HTTP idempotency keys: one request is carried out once, however often it is sent.

After brandur's "Implementing Stripe-like idempotency keys" and the IETF draft
``draft-ietf-httpapi-idempotency-key-header``: the key is bound to a principal and a route, the
first answer is stored, and a request cut short goes on from its recovery point.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pymongo.errors import DuplicateKeyError

from app.db.database import Database, Document, Session
from app.db.moments import has_passed
from app.shared.clock import now
from app.shared.errors import Conflict, Invalid
from app.shared.texts import Text

# A request at work longer than this may be joined by its repeat. That is safe (unique indexes and
# the gateways' own keys hold), and kinder than a shopper locked out by a server that died.
_LEASE = timedelta(seconds=20)
_PATIENCE = 4.0  # seconds a repeated request waits for the first one
_FIRST_STEP, _LONGEST_STEP = 0.05, 0.5  # seconds between looks


class KeyReused(Invalid):
    """The key came with another payload than before."""


class RequestInFlight(Conflict):
    """The first request with this key is still being carried out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimed:
    """This request may go on. ``progress`` is what an earlier, cut-off try had reached."""

    id: str
    progress: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Replay:
    """The request was finished before; this is its stored answer. ``at_once``: it was still being
    carried out when this repeat of it came."""

    response: Mapping[str, Any]
    at_once: bool = False


def key_id(principal: str, route: str, key: str) -> str:
    """The document id of a key: a hash, so that neither part can be forged into another."""
    joined = "\x1f".join((principal, route, key))
    return hashlib.sha256(joined.encode()).hexdigest()


class IdempotencyKeys:
    """The store of keys. Records live for a week (the gateways keep theirs a day)."""

    def __init__(self, database: Database) -> None:
        self._keys = database["idempotency_keys"]

    def begin(self, identity: str, fingerprint: str) -> Claimed | Replay:
        """Claim the key, or return the finished answer.

        Waits a moment for a request in flight. Raises ``KeyReused`` for another payload and
        ``RequestInFlight`` if the first request does not end in time.
        """
        if self._insert(identity, fingerprint):
            return Claimed(id=identity, progress={})
        deadline = time.monotonic() + _PATIENCE
        step = _FIRST_STEP
        while True:
            known = self._keys.find_one({"_id": identity})
            if known is None:  # the first request was refused and let go of its key
                if self._insert(identity, fingerprint):
                    return Claimed(id=identity, progress={})
                continue
            if known["fingerprint"] != fingerprint:
                raise KeyReused(
                    Text("This form was sent before with other entries. Please reload it.")
                )
            if known["recovery_point"] == "finished":
                return Replay(response=known["response"], at_once=step > _FIRST_STEP)
            is_free = has_passed(known["locked_until"], now(), _LEASE)
            if is_free and self._take_over(identity, known):
                return Claimed(id=identity, progress=known.get("progress") or {})
            if time.monotonic() > deadline:
                raise RequestInFlight(
                    Text("Your order is being placed. Please wait."), retry_after=2
                )
            time.sleep(step)
            step = min(step * 1.5, _LONGEST_STEP)

    def _insert(self, identity: str, fingerprint: str) -> bool:
        """Take a key that is new; False if it is not."""
        moment = now()
        try:
            self._keys.insert_one(
                {
                    "_id": identity,
                    "fingerprint": fingerprint,
                    "recovery_point": "started",
                    "locked_until": moment + _LEASE,
                    "created_at": moment,
                }
            )
        except DuplicateKeyError:
            return False
        return True

    def _take_over(self, identity: str, known: Document) -> bool:
        """Take the key of a request that died, in the state it was read in."""
        taken = self._keys.update_one(
            {
                "_id": identity,
                "recovery_point": known["recovery_point"],
                "locked_until": known["locked_until"],
            },
            {"$set": {"locked_until": now() + _LEASE}},
        )
        return bool(taken.modified_count)

    def reach(self, identity: str, progress: Mapping[str, Any], session: Session) -> None:
        """Note, in the transaction that did it, that the order is placed."""
        self._keys.update_one(
            {"_id": identity},
            {"$set": {"recovery_point": "placed", "progress": dict(progress)}},
            session=session,
        )

    def finish(self, identity: str, response: Mapping[str, Any]) -> None:
        """Store the answer for every repeat."""
        self._keys.update_one(
            {"_id": identity},
            {
                "$set": {
                    "recovery_point": "finished",
                    "response": dict(response),
                    "locked_until": now(),
                }
            },
        )

    def release(self, identity: str) -> None:
        """Let go of a key whose request was refused before anything was done, so that the
        corrected form may use it again."""
        self._keys.delete_one({"_id": identity, "recovery_point": "started"})
