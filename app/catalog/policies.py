"""What can be sold of a variant, and what is promised of it: pure rules over policy and stock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from babel.dates import format_date

from app.catalog.models import Policy, PolicyKind, Variant
from app.markets.languages import reading_locale
from app.shared.errors import Invalid
from app.shared.ids import Sku
from app.shared.texts import Text, current_language

MOST_DAYS = 730
MOST_LIMIT = 10_000_000
_BARE = frozenset({PolicyKind.DENY, PolicyKind.UNCOUNTED})


class Standing(IntEnum):
    """How a variant can be had now, the best first."""

    IN_STOCK = 0
    PRE_ORDER = 1
    BACK_ORDER = 2
    OUT = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Promise:
    """When units that wait for stock are sent: in about ``days``, or on a day; nothing is said if
    neither is known."""

    kind: PolicyKind
    days: int | None = None
    ships_on: datetime | None = None

    def day_from(self, moment: datetime) -> datetime | None:
        """The day that is promised to whoever orders at this moment."""
        if self.days:
            return moment + timedelta(days=self.days)
        return self.ships_on if self.ships_on and self.ships_on > moment else None


def check_policy(policy: Policy) -> None:
    """Raise ``Invalid`` beside ``limit``, ``days`` or ``ships_on`` for a policy that makes no
    sense."""
    problems: dict[str, str] = {}
    promises = (policy.limit, policy.days, policy.ships_on)
    if policy.kind in _BARE and any(each is not None for each in promises):
        problems["limit"] = Text(
            "What never sells beyond its stock, or always, has no limit and no day."
        )
    if policy.limit is not None and not 0 < policy.limit <= MOST_LIMIT:
        problems["limit"] = Text("The limit is from 1 to %(most)s units.", most=MOST_LIMIT)
    if policy.days is not None and not 0 < policy.days <= MOST_DAYS:
        problems["days"] = Text("The number of days is from 1 to %(most)s.", most=MOST_DAYS)
    if policy.days is not None and policy.ships_on is not None:
        problems["days"] = Text("Please give either days or a day.")
    if policy.kind is PolicyKind.PRE_ORDER and policy.ships_on is None:
        problems["ships_on"] = Text("A pre-order needs the day of its release.")
    if policy.kind is PolicyKind.PRE_ORDER and policy.limit is None:
        problems["limit"] = Text("A pre-order needs a limit.")
    if problems:
        raise Invalid(next(iter(problems.values())), problems)


def sellable_units(variant: Variant, stock: Mapping[Sku, int]) -> int | None:
    """Units that can be sold now; None is any number, below zero where more is promised."""
    below = variant.policy.below
    return None if below is None else stock.get(variant.sku, 0) + below


def standing_of(variant: Variant, stock: Mapping[Sku, int]) -> Standing:
    """How a variant can be had now, price aside."""
    left = sellable_units(variant, stock)
    if left is not None and left <= 0:
        return Standing.OUT
    if variant.policy.kind is PolicyKind.PRE_ORDER:
        return Standing.PRE_ORDER
    there = variant.policy.kind is PolicyKind.UNCOUNTED or stock.get(variant.sku, 0) > 0
    return Standing.IN_STOCK if there else Standing.BACK_ORDER


def waiting_units(policy: Policy, quantity: int, there: int) -> int:
    """Of so many units those that wait: of a pre-order all, of what is not counted none, else what
    is more than is there."""
    if policy.kind is PolicyKind.UNCOUNTED:
        return 0
    if policy.kind is PolicyKind.PRE_ORDER:
        return quantity
    return min(max(quantity - max(there, 0), 0), quantity)


def promise_of(policy: Policy) -> Promise:
    """What is promised of units that wait."""
    return Promise(kind=policy.kind, days=policy.days, ships_on=policy.ships_on)


def latest(promises: Iterable[Promise], moment: datetime) -> Promise | None:
    """The promise of things that are sent together: the one that takes longest, one without a day
    before all others."""
    known = list(promises)
    if not known:
        return None
    return max(
        known, key=lambda each: (each.day_from(moment) is None, each.day_from(moment) or moment)
    )


# --- in words -------------------------------------------------------------------------------------


def promise_text(promise: Promise, locale: str, moment: datetime) -> Text:
    """When it is sent, as a sentence for the shopper."""
    if promise.ships_on and promise.ships_on > moment:
        return Text("Ships on %(day)s", day=day_text(promise.ships_on, locale))
    if promise.days is None:
        return Text("Ships as soon as it is here")
    weeks = _weeks(promise.days)
    if weeks:
        return Text.counted("Ships in about %(num)s week", "Ships in about %(num)s weeks", weeks)
    return Text.counted("Ships in about %(num)s day", "Ships in about %(num)s days", promise.days)


def more_text(promise: Promise, locale: str, moment: datetime) -> Text:
    """The same of what can be ordered beyond what is there."""
    if promise.ships_on and promise.ships_on > moment:
        day = day_text(promise.ships_on, locale)
        return Text("More can be ordered: ships on %(day)s", day=day)
    if promise.days is None:
        return Text("More can be ordered: ships as soon as it is here")
    weeks = _weeks(promise.days)
    if weeks:
        return Text.counted(
            "More can be ordered: ships in about %(num)s week",
            "More can be ordered: ships in about %(num)s weeks",
            weeks,
        )
    return Text.counted(
        "More can be ordered: ships in about %(num)s day",
        "More can be ordered: ships in about %(num)s days",
        promise.days,
    )


def day_text(day: datetime, locale: str) -> str:
    """A day as who reads now writes it in the country of ``locale``."""
    return format_date(day, "long", locale=reading_locale(current_language(), locale))


def _weeks(days: int) -> int | None:
    """So many days as weeks, if that is how a person says it."""
    return days // 7 if days >= 14 and days % 7 == 0 else None
