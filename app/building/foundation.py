"""What everything stands upon: the servers, what is stored for all, the log of what staff do."""

from __future__ import annotations

from dataclasses import dataclass

from app.audit_log.service import AuditLog
from app.config import ConfigurationError, Settings
from app.db.cache import Cache
from app.db.database import Database
from app.db.errors import PyMongoError
from app.db.idempotency import IdempotencyKeys
from app.db.outbox import Outbox
from app.db.schedules import Schedules
from app.identity.signing import SigningKeys
from app.pages.service import ContentPages
from app.providers import profile
from app.shared.shop_keys import ShopKeys
from app.shop.profile import ShopProfiles
from app.shop.service import StoredSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class Foundation:
    """Everything that needs nothing but the environment. Nothing connects before it is used."""

    settings: Settings
    database: Database
    cache: Cache
    outbox: Outbox
    keys: IdempotencyKeys
    schedules: Schedules
    signing: SigningKeys
    shop_keys: ShopKeys
    stored: StoredSettings
    profiles: ShopProfiles
    content: ContentPages
    audit_log: AuditLog


def build_foundation(settings: Settings) -> Foundation:
    """The foundation on these settings. Raises ``ConfigurationError``."""
    cache = Cache(settings.redis_url)
    database = _database_at(settings.mongodb_uri, cache)
    stored = StoredSettings(database)
    return Foundation(
        settings=settings,
        database=database,
        cache=cache,
        outbox=Outbox(database),
        keys=IdempotencyKeys(database),
        schedules=Schedules(database),
        signing=SigningKeys(settings.token_keys),
        shop_keys=settings.shop_keys,
        stored=stored,
        profiles=ShopProfiles(stored, profile(settings)),
        content=ContentPages(stored),
        audit_log=AuditLog(database),
    )


def _database_at(uri: str, cache: Cache) -> Database:
    try:
        return Database(uri, cache)
    except (PyMongoError, ValueError) as error:  # the driver alone reads all of an address
        raise ConfigurationError(f"MONGODB_URI: {error}") from error
