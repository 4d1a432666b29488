"""Where rate limits are counted: in the shop's Redis, whichever kind it is."""

from __future__ import annotations

import redis
from limits.storage import RedisStorage
from redis.exceptions import RedisError


class ShopStorage(RedisStorage):
    """The library's own storage on a client of the shop: its clients of Sentinels and clusters wait
    long, try again often, and a cluster that is away when the shop starts would keep it from it."""

    STORAGE_SCHEME = ["mossx"]  # noqa: RUF012 - how the library finds it
    URI = "mossx://"

    def __init__(self, uri: str, client: redis.Redis) -> None:
        super(RedisStorage, self).__init__(uri)
        self.key_prefix = self.PREFIX
        self.storage = client
        self.initialize_storage(uri)

    @property
    def base_exceptions(self) -> type[Exception]:
        """What it raises when Redis is away."""
        return RedisError

    def reset(self) -> int:
        """Forget everything that was counted; how much that was."""
        found = list(self.storage.keys(self.prefixed_key("*")))
        return int(self.storage.delete(*found)) if found else 0
