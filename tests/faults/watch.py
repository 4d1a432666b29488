"""What people get from the shop, and when: every answer is noted, with how it looked."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

PATIENCE = 60.0  # seconds after which a person is said to hang
_FIRST = ("/account", "/admin", "/checkout", "/payments", "/cart", "/search", "/orders", "/media")
_KINDS = {
    "/account": "log in",
    "/admin": "panel",
    "/checkout": "check out",
    "/payments": "check out",
    "/cart": "cart",
    "/search": "search",
    "/orders": "forms",
    "/media": "pictures",
}


class Outcome(StrEnum):
    """How an answer looks to whoever waits for it."""

    GOOD = "good"  # 2xx, 3xx
    SAID_SO = "said so"  # the shop's own page with 503
    REFUSED = "refused"  # 4xx with the shop's own page: 409, 422, …
    WRONG = "wrong"  # 500, a traceback, a page that is not the shop's
    CUT_OFF = "cut off"  # nobody answered
    HANGING = "hanging"


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """One answer. Times are seconds of the monotonic clock."""

    kind: str
    what: str
    began: float
    ended: float
    outcome: Outcome
    status: int

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.began


class Watch:
    """Collects answers from any number of threads."""

    def __init__(self) -> None:
        self._answers: list[Answer] = []
        self._lock = threading.Lock()
        self.samples: dict[str, str] = {}  # the first wrong page of each kind, for the log

    def note(self, answer: Answer, body: str = "") -> None:
        """One more."""
        with self._lock:
            self._answers.append(answer)
            if answer.outcome in {Outcome.WRONG, Outcome.HANGING}:
                self.samples.setdefault(f"{answer.status} {answer.what}", body)

    def between(self, begin: float, end: float) -> list[Answer]:
        """Answers to what was asked from ``begin`` to ``end``."""
        with self._lock:
            return [each for each in self._answers if begin <= each.began < end]

    def first_good(self, since: float, kinds: Iterable[str]) -> dict[str, float]:
        """Of each kind, when the first good answer came to something asked after ``since``."""
        found: dict[str, float] = {}
        for each in self.between(since, time.monotonic()):
            if each.outcome in {Outcome.GOOD, Outcome.REFUSED}:
                found[each.kind] = min(each.ended, found.get(each.kind, each.ended))
        return {kind: found[kind] for kind in kinds if kind in found}

    def keep_samples(self, folder: Path) -> None:
        """Write the first wrong page of each kind into files."""
        for number, (what, body) in enumerate(self.samples.items()):
            (folder / f"wrong-{number}.html").write_text(f"<!-- {what} -->\n{body}")


class WatchedSession(requests.Session):
    """A browser whose every answer from the shop is noted."""

    def __init__(self, base: str, watch: Watch, network: str) -> None:
        super().__init__()
        self._shop = urlsplit(base).netloc
        self._watch = watch
        self.headers.update({"X-Forwarded-For": network, "User-Agent": "Mozilla/5.0 faults"})
        self.placed: list[str] = []  # where the checkout led

    def request(self, method: Any, url: Any, *args: Any, **more: Any) -> requests.Response:
        """As ever, and noted. Raises ``requests.RequestException``."""
        parts = urlsplit(str(url))
        if parts.netloc != self._shop:
            return super().request(method, url, *args, **more)
        more["timeout"] = PATIENCE
        began = time.monotonic()
        what, kind = f"{method} {parts.path}", kind_of(parts.path)
        try:
            answer = super().request(method, url, *args, **more)
        except requests.RequestException as error:
            outcome = Outcome.HANGING if isinstance(error, requests.Timeout) else Outcome.CUT_OFF
            self._note(kind, what, began, outcome, 0, "")
            raise
        self._note(kind, what, began, outcome_of(answer), answer.status_code, answer.text)
        if parts.path == "/checkout" and method == "POST" and answer.status_code == 303:
            self.placed.append(answer.headers["Location"])
        return answer

    def _note(
        self, kind: str, what: str, began: float, outcome: Outcome, status: int, body: str
    ) -> None:
        ended = time.monotonic()
        answer = Answer(
            kind=kind, what=what, began=began, ended=ended, outcome=outcome, status=status
        )
        self._watch.note(answer, body[:20_000])


def kind_of(path: str) -> str:
    """What somebody does who asks for this."""
    first = next((each for each in _FIRST if path.startswith(each)), "")
    return _KINDS.get(first, "kept pages")


def outcome_of(answer: requests.Response) -> Outcome:
    """How an answer looks."""
    is_page = answer.headers.get("Content-Type", "").startswith("text/html")
    text = answer.text if is_page else ""
    if "Traceback (most recent call last)" in text:
        return Outcome.WRONG
    if answer.status_code < 400:
        return Outcome.GOOD
    own = "<main" in text
    if answer.status_code == 503 and own:
        return Outcome.SAID_SO
    return Outcome.REFUSED if answer.status_code < 500 and own else Outcome.WRONG


def by_kind(answers: Iterable[Answer]) -> dict[str, list[Answer]]:
    """Answers by kind."""
    found: dict[str, list[Answer]] = defaultdict(list)
    for each in answers:
        found[each.kind].append(each)
    return found
