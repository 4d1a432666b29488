"""A client for whatever ``REDIS_URL`` names."""

from __future__ import annotations

from typing import cast

import redis

from app.db.redis_cluster import ClusterClient
from app.db.redis_patience import PATIENCE
from app.db.redis_sentinel import behind_sentinels
from app.shared.redis_url import RedisKind, read_redis_url


def redis_client(url: str) -> redis.Redis:
    """A client with the shop's patience. Nothing connects before it is used."""
    place = read_redis_url(url)
    if place.kind is RedisKind.CLUSTER:
        return cast("redis.Redis", ClusterClient(place))  # it takes the same commands
    if place.kind is RedisKind.SENTINEL:
        return behind_sentinels(place)
    return redis.Redis.from_url(url, health_check_interval=30, **PATIENCE)
