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
from app.shared.clock import now
from app.shared.errors import Conflict, Invalid

_LEASE = timedelta(seconds=60)
_PATIENCE = 5.0  # seconds a repeated request waits for the first one
_STEP = 0.1


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
    """The request was finished before; this is its stored answer."""

    response: Mapping[str, Any]


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
        deadline = time.monotonic() + _PATIENCE
        while True:
            claimed = self._claim(identity, fingerprint)
            if claimed is not None:
                return Claimed(id=identity, progress=claimed.get("progress") or {})
            known = self._keys.find_one({"_id": identity}) or {}
            if known.get("fingerprint", fingerprint) != fingerprint:
                raise KeyReused("This form was sent before with other entries. Please reload it.")
            if known.get("recovery_point") == "finished":
                return Replay(response=known["response"])
            if time.monotonic() > deadline:
                raise RequestInFlight("Your order is being placed. Please wait.", retry_after=2)
            time.sleep(_STEP)

    def _claim(self, identity: str, fingerprint: str) -> Document | None:
        """Take the key if it is new, or if its last worker died; None if neither."""
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
            taken = self._keys.update_one(
                {
                    "_id": identity,
                    "fingerprint": fingerprint,
                    "recovery_point": {"$ne": "finished"},
                    "locked_until": {"$lte": moment},
                },
                {"$set": {"locked_until": moment + _LEASE}},
            )
            if not taken.modified_count:
                return None
            found: Document | None = self._keys.find_one({"_id": identity})
            return found
        return {}

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

    def yield_lock(self, identity: str) -> None:
        """Let the next repeat go on at once from the recovery point."""
        self._keys.update_one(
            {"_id": identity, "recovery_point": {"$ne": "finished"}},
            {"$set": {"locked_until": now()}},
        )
