"""Sessions: families of rotating refresh tokens, and which of them are still good.

After RFC 9700 (4.14.2) and Auth0's "refresh token rotation": each refresh replaces the token; a
spent one that comes back means that a copy exists, so the whole family ends. MongoDB is the
authority; Redis spares it the question on every request.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

import structlog

from app.db.cache import Cache
from app.db.database import Database, Session
from app.db.outbox import Outbox
from app.identity.errors import SessionEnded, TokenReused
from app.identity.events import TOKEN_REUSED
from app.identity.models import AuthSession, Origin, Renewal
from app.identity.session_repository import SessionRepository
from app.shared.clock import now
from app.shared.errors import NotFound
from app.shared.ids import AccountId, SessionId, new_id, new_secret
from app.shared.shop_keys import ShopKeys
from app.shared.texts import Text

SESSION_LIFE = timedelta(days=30)  # without being used
_LONGEST_LIFE = timedelta(days=180)  # however much it is used
_GRACE = timedelta(seconds=10)  # for two tabs that refresh at once, or an answer that got lost
_KNOWN_LIVE = 5  # seconds that "not revoked" may be believed without asking again
_KNOWN_REVOKED = 20 * 60  # seconds; longer than any access token lives
_log = structlog.get_logger()


class SessionService:
    """Begins, renews and ends sessions."""

    def __init__(self, database: Database, cache: Cache, outbox: Outbox, keys: ShopKeys) -> None:
        self._database = database
        self._cache = cache
        self._outbox = outbox
        self._keys = keys
        self._sessions = SessionRepository(database)

    def begin(self, account_id: AccountId, csrf: str, origin: Origin) -> Renewal:
        """Sign an account in on a device."""
        moment, token_id = now(), new_secret()
        auth = AuthSession(
            id=SessionId(new_id("ses")),
            account_id=account_id,
            csrf=csrf,
            agent=origin.agent[:300],
            network=origin.network,
            created_at=moment,
            last_seen_at=moment,
            revoked_at=None,
        )
        self._sessions.insert(auth, _digest(token_id), moment + SESSION_LIFE)
        return Renewal(session=auth, token_id=token_id)

    def renew(self, session_id: SessionId, token_id: str, origin: Origin) -> Renewal:
        """Spend a refresh token for the next one.

        The next one follows from the spent one, so that two tabs that renew at once get the
        same; and a fresh one is not spent again at once, so that of many tabs a slow one still
        comes in time. Raises ``TokenReused`` (the family is then revoked and its owner told) and
        ``SessionEnded``.
        """
        moment, fresh = now(), _successor(self._keys.newest, token_id)
        since, spent = moment - _GRACE, _digest(token_id)
        renewed = self._sessions.rotate(
            session_id, spent, _digest(fresh), moment, moment + SESSION_LIFE, not_since=since
        )
        auth = self._sessions.find(session_id)
        if auth is None or auth.revoked_at is not None:
            raise SessionEnded
        if moment - auth.created_at > _LONGEST_LIFE:
            self.revoke(auth.id, auth.account_id, "Open for too long")
            raise SessionEnded
        if not renewed and self._sessions.is_fresh(session_id, spent, since):
            return Renewal(session=auth, token_id=token_id)
        if renewed or self._sessions.was_just_spent(session_id, spent, since):
            return Renewal(session=auth, token_id=self._follower(session_id, token_id, since))
        self._end_family(auth, origin)
        raise TokenReused

    def _follower(self, session_id: SessionId, token_id: str, since: datetime) -> str:
        """The token that replaced this one: while the shop's key is being changed, another process
        may have derived it from another one."""
        candidates = [_successor(key, token_id) for key in self._keys]
        current = (
            each for each in candidates if self._sessions.is_fresh(session_id, _digest(each), since)
        )
        return next(current, candidates[0])

    def _end_family(self, auth: AuthSession, origin: Origin) -> None:
        def work(session: Session) -> None:
            if self._sessions.revoke(auth.id, "A spent token came back", now(), session):
                payload = {
                    "account_id": auth.account_id,
                    "agent": origin.agent[:300],
                    "network": origin.network,
                }
                self._outbox.publish(
                    TOKEN_REUSED, payload, session, key=f"{TOKEN_REUSED}:{auth.id}"
                )

        self._database.in_transaction(work)
        self._remember(auth.id, live=False)
        _log.warning("refresh_token_reused", session_id=auth.id, account_id=auth.account_id)

    def is_live(self, session_id: SessionId) -> bool:
        """Whether access tokens of this session are still good."""
        known = self._cache.get(_cache_key(session_id))
        if known is not None:
            return known == b"1"
        auth = self._sessions.find(session_id)
        live = auth is not None and auth.revoked_at is None
        self._remember(session_id, live=live)
        return live

    def _remember(self, session_id: SessionId, *, live: bool) -> None:
        life = _KNOWN_LIVE if live else _KNOWN_REVOKED
        # What is known to be over never comes back to life by a slower reader.
        self._cache.set(_cache_key(session_id), b"1" if live else b"0", life, only_new=live)

    def of_account(self, account_id: AccountId) -> list[AuthSession]:
        """Where an account is signed in, the last seen first."""
        return self._sessions.live_of(account_id, now())

    def revoke(self, session_id: SessionId, account_id: AccountId, reason: str) -> None:
        """Sign out on one device. Raises ``NotFound`` for a session of somebody else."""
        auth = self._sessions.find(session_id)
        if auth is None or auth.account_id != account_id:
            raise NotFound(Text("This session does not exist."))
        self._sessions.revoke(session_id, reason, now())
        self._remember(session_id, live=False)

    def forget(self, account_id: AccountId, session: Session) -> None:
        """Keep nothing of where an account was signed in; whatever is not revoked ends."""
        self._sessions.delete_of(account_id, session)

    def revoke_all(
        self, account_id: AccountId, reason: str, *, besides: SessionId | None = None
    ) -> int:
        """Sign out everywhere, ``besides`` one session; how many ended."""
        others = [each for each in self.of_account(account_id) if each.id != besides]
        for auth in others:
            self._sessions.revoke(auth.id, reason, now())
            self._remember(auth.id, live=False)
        return len(others)


def _successor(key: str, token_id: str) -> str:
    return hmac.new(key.encode(), f"refresh:{token_id}".encode(), hashlib.sha256).hexdigest()


def _digest(token_id: str) -> str:
    return hashlib.sha256(token_id.encode()).hexdigest()


def _cache_key(session_id: SessionId) -> str:
    return f"session:{session_id}"
