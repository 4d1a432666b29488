"""The keys of a gateway's account."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.shared.texts import Text

API_SECRET = {"stripe": "secret_key", "razorpay": "key_id"}  # names the account's key
FIELDS: Mapping[str, tuple[str, ...]] = {
    "stripe": ("secret_key", "webhook_secret"),
    "razorpay": ("key_id", "key_secret", "webhook_secret"),
}
_SHAPES = {  # of what a request's header has, ASCII alone: no gateway has other keys
    ("stripe", "secret_key"): (r"[sr]k_(test|live)_[0-9A-Za-z_]{8,}", "sk_live_… or sk_test_…"),
    ("stripe", "webhook_secret"): (r"whsec_\S{8,}", "whsec_…"),
    ("razorpay", "key_id"): (r"rzp_(test|live)_[0-9A-Za-z_]{6,}", "rzp_live_… or rzp_test_…"),
    ("razorpay", "key_secret"): (r"[!-~]{8,}", "8 plain letters, digits and signs or more"),
    ("razorpay", "webhook_secret"): (r"\S{8,}", "8 characters or more"),
}
_LONGEST = 300


class KeySource(StrEnum):
    """Where keys come from."""

    ENVIRONMENT = "environment"
    STORED = "stored"


@dataclass(frozen=True, kw_only=True, slots=True)
class KeySet:
    """Everything that one account of a gateway asks for. ``entry`` names stored ones, and
    ``retired_at`` is when others took their place."""

    gateway: str
    secrets: Mapping[str, str]
    source: KeySource
    entry: str = ""
    since: datetime | None = None
    retired_at: datetime | None = None

    def __repr__(self) -> str:
        """Without a secret, so that none gets into a log."""
        return f"KeySet({self.gateway}, {self.source}, …{self.last_four})"

    @property
    def id(self) -> str:
        """Tells this account's key from others, and gives nothing of it away."""
        return _digest(f"{self.gateway}:{self.secrets[API_SECRET[self.gateway]]}")

    @property
    def fingerprint(self) -> str:
        """The same of all secrets together."""
        return _digest("\n".join(self.secrets[name] for name in FIELDS[self.gateway]))

    @property
    def last_four(self) -> str:
        """All that a page may show of it."""
        return self.secrets[API_SECRET[self.gateway]][-4:]

    @property
    def is_live(self) -> bool:
        """Whether real money moves with them."""
        return "_live_" in self.secrets[API_SECRET[self.gateway]]


@dataclass(frozen=True, kw_only=True, slots=True)
class GatewayKeys:
    """All keys of a gateway: those in use, and others that payments may have been begun with.

    ``stored`` are in use unless the environment has keys; ``locked`` counts stored ones that were
    sealed under another key of the shop; ``version`` is that of what is stored.
    """

    gateway: str
    environment: KeySet | None = None
    stored: KeySet | None = None
    retired: tuple[KeySet, ...] = ()
    locked: int = 0
    version: int = 0

    @property
    def current(self) -> KeySet | None:
        """The keys that new payments are begun with."""
        return self.environment or self.stored

    def __iter__(self) -> Iterator[KeySet]:
        """All of them, those in use first."""
        first = (self.environment, self.stored)
        return iter((*(each for each in first if each is not None), *self.retired))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def key_problems(gateway: str, secrets: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with keys as they were entered, by field; never with a key in it."""
    problems: dict[str, str] = {}
    for name in FIELDS[gateway]:
        pattern, example = _SHAPES[gateway, name]
        value = secrets.get(name, "")
        if len(value) > _LONGEST or not re.fullmatch(pattern, value):
            problems[name] = Text("This does not look like it: %(example)s.", example=example)
    return problems
