"""Rules that make the gateways misbehave on purpose."""

from __future__ import annotations

import random
import re
import threading
from dataclasses import asdict, dataclass, field
from typing import Any

REQUEST_KINDS = (
    "drop_before", "drop_after", "delay_before", "delay_after", "error_500", "error_500_after",
    "html_502", "empty", "malformed", "bare", "too_many", "busy", "slow",
)  # fmt: skip
WEBHOOK_KINDS = ("lose", "delay", "duplicate", "reorder", "forge")


@dataclass
class Fault:
    """One rule. ``count`` None means for ever; ``target`` is "request" or "webhook"."""

    kind: str
    target: str = "request"
    gateway: str = ""
    method: str = ""
    path: str = ""  # regular expression over the path, or over the event's name
    count: int | None = 1
    probability: float = 1.0
    seconds: float = 1.0
    seed: int = 0
    dice: random.Random = field(default_factory=random.Random, repr=False)

    def __post_init__(self) -> None:
        known = REQUEST_KINDS if self.target == "request" else WEBHOOK_KINDS
        if self.kind not in known:
            raise ValueError(f"{self.kind!r} is not one of {', '.join(known)}")
        re.compile(self.path)
        self.dice.seed(self.seed)

    def fits(self, target: str, gateway: str, method: str, path: str) -> bool:
        """Whether the rule is about this, and the dice say so."""
        return (
            self.target == target
            and self.gateway in {"", gateway}
            and self.method in {"", method}
            and re.search(self.path, path) is not None
            and self.count != 0
            and self.dice.random() < self.probability
        )

    def shown(self) -> dict[str, Any]:
        """The rule as JSON."""
        return {name: value for name, value in asdict(self).items() if name != "dice"}


class Faults:
    """The rules in force; the first that fits is used up by one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Fault] = []

    def add(self, given: list[dict[str, Any]]) -> None:
        """Add rules. Raises ``ValueError`` or ``TypeError`` for one that makes no sense."""
        rules = [Fault(**each) for each in given]
        with self._lock:
            self._rules += rules

    def clear(self) -> None:
        """Behave again."""
        with self._lock:
            self._rules.clear()

    def shown(self) -> list[dict[str, Any]]:
        """All rules as JSON."""
        with self._lock:
            return [rule.shown() for rule in self._rules]

    def take(self, target: str, gateway: str, method: str, path: str) -> Fault | None:
        """The rule that strikes now, or None."""
        with self._lock:
            for rule in self._rules:
                if rule.fits(target, gateway, method, path):
                    if rule.count is not None:
                        rule.count -= 1
                    return rule
        return None
