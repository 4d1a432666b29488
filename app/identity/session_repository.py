"""Session documents. A refresh token is spent by a conditional update, so only once."""

from __future__ import annotations

from datetime import datetime

from app.db.database import Database, Document, Session
from app.identity.models import AuthSession
from app.shared.clock import now
from app.shared.ids import AccountId, SessionId


class SessionRepository:
    """Reads and writes ``auth_sessions``; tokens are known by their digests alone."""

    def __init__(self, database: Database) -> None:
        self._sessions = database["auth_sessions"]

    def insert(self, auth: AuthSession, current: str, expires_at: datetime) -> None:
        """Store a new session with its first refresh token."""
        self._sessions.insert_one(
            {
                "_id": auth.id,
                "account_id": auth.account_id,
                "csrf": auth.csrf,
                "agent": auth.agent,
                "network": auth.network,
                "created_at": auth.created_at,
                "last_seen_at": auth.last_seen_at,
                "expires_at": expires_at,
                "current": current,
                "previous": "",
                "rotated_at": auth.created_at,
                "revoked_at": None,
                "revoked_for": "",
            }
        )

    def find(self, session_id: SessionId) -> AuthSession | None:
        """The session, or None; one that is too long unused is none, wherever it is stored."""
        found = self._sessions.find_one({"_id": session_id, "expires_at": {"$gt": now()}})
        return _from_document(found) if found else None

    def live_of(self, account_id: AccountId, moment: datetime) -> list[AuthSession]:
        """The sessions of an account that are not over, the last seen first."""
        query = {"account_id": account_id, "revoked_at": None, "expires_at": {"$gt": moment}}
        return [
            _from_document(each) for each in self._sessions.find(query).sort("last_seen_at", -1)
        ]

    def rotate(
        self,
        session_id: SessionId,
        spent: str,
        fresh: str,
        moment: datetime,
        expires_at: datetime,
        *,
        not_since: datetime,
    ) -> bool:
        """Replace the current token ``spent`` by ``fresh``; False if it is not the current one,
        or became it after ``not_since`` by replacing another."""
        result = self._sessions.update_one(
            {
                "_id": session_id,
                "current": spent,
                "revoked_at": None,
                "expires_at": {"$gt": moment},
                "$or": [{"previous": ""}, {"rotated_at": {"$lt": not_since}}],
            },
            {
                "$set": {
                    "current": fresh,
                    "previous": spent,
                    "rotated_at": moment,
                    "last_seen_at": moment,
                    "expires_at": expires_at,
                }
            },
        )
        return bool(result.modified_count)

    def is_fresh(self, session_id: SessionId, token: str, since: datetime) -> bool:
        """Whether ``token`` is the current one, and was made after ``since``."""
        return self._has(session_id, {"current": token, "rotated_at": {"$gte": since}})

    def was_just_spent(self, session_id: SessionId, token: str, since: datetime) -> bool:
        """Whether ``token`` was the current one until some moment after ``since``."""
        return self._has(session_id, {"previous": token, "rotated_at": {"$gte": since}})

    def _has(self, session_id: SessionId, more: Document) -> bool:
        query = {"_id": session_id, "revoked_at": None, **more}
        return self._sessions.find_one(query, {"_id": 1}) is not None

    def delete_of(self, account_id: AccountId, session: Session) -> None:
        """Keep nothing of the devices of an account that goes."""
        self._sessions.delete_many({"account_id": account_id}, session=session)

    def revoke(
        self, session_id: SessionId, reason: str, moment: datetime, session: Session | None = None
    ) -> bool:
        """End a session; False if it was over."""
        result = self._sessions.update_one(
            {"_id": session_id, "revoked_at": None},
            {"$set": {"revoked_at": moment, "revoked_for": reason}},
            session=session,
        )
        return bool(result.modified_count)


def _from_document(document: Document) -> AuthSession:
    return AuthSession(
        id=document["_id"],
        account_id=document["account_id"],
        csrf=document["csrf"],
        agent=document["agent"],
        network=document["network"],
        created_at=document["created_at"],
        last_seen_at=document["last_seen_at"],
        revoked_at=document["revoked_at"],
    )
