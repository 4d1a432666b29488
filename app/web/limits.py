"""Rate limits: counted in Redis for all processes, in each one by itself while Redis is away."""

from __future__ import annotations

import math
import time
from ipaddress import IPv6Address, ip_address, ip_network

from flask import Flask, Response, request
from flask_limiter import Limiter, RateLimitExceeded

from app.db.redis_client import redis_client
from app.shared.emails import normal_email
from app.shared.texts import Text
from app.web.errors import error_page
from app.web.limit_storage import ShopStorage


def _network() -> str:
    """The address; of IPv6 the network, as everybody has a whole /64 to send from."""
    given = request.remote_addr or "unknown"
    try:
        address = ip_address(given)
    except ValueError:
        return given
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(ip_network((address, 64), strict=False))
    return given


limiter = Limiter(key_func=_network, default_limits=[])


def account_and_network() -> str:
    """One account asked for from one network address: guessing locks out only the guesser."""
    return f"{account()}@{_network()}"


def account() -> str:
    """The account that a form is about, however its address is spelled."""
    typed = request.form.get("email", "")
    try:
        return normal_email(typed)
    except ValueError:
        return typed.strip().lower()[:254]


def failed(response: Response) -> bool:
    """Whether to count a request: the form was refused."""
    return response.status_code == 422


def passed(response: Response) -> bool:
    """Whether to count a request: the form was accepted."""
    return not failed(response)


def until_next_try() -> tuple[str, int]:
    """What to say to whoever tried too often, and how many seconds they wait."""
    limit = limiter.current_limit
    # The limiter rounds up; nobody waits for longer than the window is.
    left = min(limit.reset_at - time.time(), limit.limit.get_expiry()) if limit else 60
    wait = max(1, math.ceil(left))
    message = Text.counted(
        "There were too many tries, so nothing was done this time. Please try again in a minute.",
        "There were too many tries, so nothing was done this time. Please try again in "
        "%(num)s minutes.",
        math.ceil(wait / 60),
    )
    return message, wait


def _say_when(_: RateLimitExceeded) -> Response:
    message, wait = until_next_try()
    return error_page(429, message, retry_after=wait)


def init_app(app: Flask, redis_url: str) -> None:
    """Count in Redis."""
    app.config.update(
        RATELIMIT_STORAGE_URI=ShopStorage.URI,
        RATELIMIT_STORAGE_OPTIONS={"client": redis_client(redis_url)},
        RATELIMIT_STRATEGY="moving-window",
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        RATELIMIT_SWALLOW_ERRORS=True,  # Redis may go between looking and counting
        RATELIMIT_KEY_PREFIX="mossx",
        RATELIMIT_HEADERS_ENABLED=False,
    )
    limiter.init_app(app)
    app.register_error_handler(RateLimitExceeded, _say_when)
