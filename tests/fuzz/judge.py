"""What is wrong with an answer, with what is stored, and with the books."""

from __future__ import annotations

import re
import traceback
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask

from app.checkout.audit import Audit
from app.checkout.reconciliation import Reconciler
from app.credit.service import CreditService
from app.db.database import Database
from app.db.errors import PyMongoError
from app.inventory.checking import StockCheck
from app.web.registry import service
from tests.fuzz.asking import Answer, Ask
from tests.fuzz.values import MARK
from tests.support.gateways import Sandbox

# What a refused request may change: who was refused, and when a session was seen last.
NOT_LOOKED_AT = frozenset({"audit_log", "auth_sessions", "refresh_tokens", "schedules"})
# What a look may change. The secret of a second factor is made by the page that shows it, and is
# worth nothing before it is confirmed. The page of an order in doubt asks the gateway, and the
# attempt notes when. A cart's page notes which prices it showed.
NOT_LOOKED_AT_IN = frozenset(
    {
        ("accounts", "second_factor"),
        ("payment_attempts", "updated_at"),
        ("carts", "version"),
        ("carts", "updated_at"),
    }
)
_SHOWN = "seen_prices"  # of a cart's line
PATIENCE = 10.0  # seconds; nothing takes nearly as long unless it hangs
_LEAKS = re.compile(
    r"Traceback \(most recent|File \"/|site-packages|pymongo|werkzeug|jinja2|wtforms|bson\.|redis\.|"
    r"object at 0x|<class '|\b(?:Key|Value|Type|Attribute|Index|Overflow)Error\b|"
    r"invalid literal for|could not convert|dictionary update|NoneType|\bapp/\w+/|<Undefined|"
    r"duplicate key|validation failed|E11000",
)
_TAGS = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.DOTALL)
_ROOT = Path(__file__).resolve().parents[2]
Contents = dict[str, dict[str, dict[str, str]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Something that must not be. ``sort`` and ``where`` tell repeats of it from others."""

    sort: str
    where: str
    detail: str
    request: str = ""


class Crashes:
    """Remembers the exceptions that became an answer of 500 or 503."""

    def __init__(self, app: Flask) -> None:
        self._last: Exception | None = None
        handlers = app.error_handler_spec[None][None]
        for kind in (Exception, PyMongoError):
            known = handlers[kind]

            def remember(error: Exception, known=known):
                self._last = error
                return known(error)

            handlers[kind] = remember

    def take(self) -> Exception | None:
        """The last one, once."""
        last, self._last = self._last, None
        return last


def innermost(error: Exception) -> str:
    """Its kind, and the shop's own line that it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [each for each in frames if f"{_ROOT}/app/" in each.filename] or frames[-1:]
    named = [
        f"{Path(each.filename).relative_to(_ROOT) if str(_ROOT) in each.filename else each.filename}:{each.lineno}"
        for each in own[-2:]
    ]
    return f"{type(error).__name__} at {' < '.join(reversed(named))}"


def judge_answer(ask: Ask, answer: Answer, crash: Exception | None) -> list[Finding]:
    """What is wrong with an answer."""
    found = []

    def blame(sort: str, where: str, detail: str) -> None:
        found.append(Finding(sort=sort, where=where, detail=detail, request=ask.told()))

    if answer.status >= 500:
        where = innermost(crash) if crash else f"{ask.method} {ask.endpoint}"
        detail = "".join(traceback.format_exception(crash)[-6:]) if crash else answer.text[:400]
        blame(f"answer {answer.status}", where, detail)
    if answer.seconds > PATIENCE:
        blame("slow", ask.endpoint, f"{answer.seconds:.1f} s")
    if answer.mimetype == "text/html" and f"<{MARK}" in answer.text.lower():
        at = answer.text.lower().index(f"<{MARK}")
        blame("markup", ask.endpoint, answer.text[max(at - 200, 0) : at + 60])
    if 400 <= answer.status < 500 and ask.method != "HEAD":
        _judge_refusal(ask, answer, blame)
    return found


def _judge_refusal(ask: Ask, answer: Answer, blame) -> None:
    text = " ".join(_TAGS.sub(" ", answer.text).split())
    if (leak := _LEAKS.search(text)) and leak[0].encode() not in ask.body:
        blame("leak", f"{ask.endpoint}: {leak[0]}", text[max(leak.start() - 100, 0) :][:300])
    if ask.endpoint.startswith("webhooks."):
        if answer.mimetype not in {"application/json", "text/html"}:
            blame("form", ask.endpoint, f"{answer.status} {answer.mimetype}")
    elif answer.mimetype != "text/html" or len(text) < 12:
        blame("no message", f"{ask.endpoint} {answer.status}", f"{answer.mimetype}: {text[:200]}")


def contents(database: Database, but: frozenset[str] = NOT_LOOKED_AT) -> Contents:
    """Everything in the database that a request without permission must leave alone."""
    return {
        name: {
            repr(document["_id"]): {
                field: repr(_lasting(value))
                for field, value in document.items()
                if (name, field) not in NOT_LOOKED_AT_IN
            }
            for document in database[name].find()
        }
        for name in database.collections() - but
    }


def _lasting(value: Any) -> Any:
    """A field without what a look may change in it."""
    if not isinstance(value, list):
        return value
    return [
        {key: part for key, part in each.items() if key != _SHOWN}
        if isinstance(each, dict)
        else each
        for each in value
    ]


def differences(before: Contents, after: Contents) -> dict[str, str]:
    """What changed, by collection."""
    found: dict[str, str] = {}
    for name in before.keys() | after.keys():
        old, new = before.get(name, {}), after.get(name, {})
        for key in old.keys() | new.keys():
            was, now = old.get(key, {}), new.get(key, {})
            if was != now:
                changed = {each: now.get(each) for each in now if was.get(each) != now[each]}
                found[name] = f"{key}: {changed!s:.600}"
    return found


def judge_books(app: Flask, sandbox: Sandbox) -> list[Finding]:
    """What is wrong once everything open is finished."""
    database = service(Database, app)
    service(Reconciler, app).run()
    wrong: list[tuple[str, object]] = [
        *((f"audit: {each.difference}", each) for each in service(Audit, app).run()),
        *(("captured twice", number) for number in _taken_twice(sandbox)),
        *(("stock check", each) for each in service(StockCheck, app).run()),
        *(("credit check", each) for each in service(CreditService, app).check()),
        *(
            ("stock below nothing", level)
            for level in database["stock_levels"].find({})
            if min([level["on_hand"], *(each["on_hand"] for each in level["at"].values())]) < 0
        ),
        *(
            (f"event {event['topic']}: {str(event['error'])[:120]}", event["payload"])
            for event in database["outbox"].find({"error": {"$nin": ["", None]}})
        ),
    ]
    return [Finding(sort="books", where=where, detail=str(each)[:800]) for where, each in wrong]


def _taken_twice(sandbox: Sandbox) -> list[str]:
    """Numbers of the orders of which a gateway kept more than one payment."""
    kept = Counter(number for number, _ in sandbox.captures())
    return [number for number, times in kept.items() if times > 1]
