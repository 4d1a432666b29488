"""What the pages of promotions show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response

from app.admin.form_differences import FieldDifference
from app.admin.promotion_forms import KINDS, SCOPES, PromotionForm, TrialForm
from app.admin.promotion_reading import said
from app.groups.service import GroupService
from app.markets.context import format_money
from app.markets.models import Market
from app.markets.service import MarketService
from app.promotions.models import Promotion, PromotionState, UsedOn
from app.promotions.service import PromotionService
from app.promotions.tallies import UsageTallies
from app.shared.clock import now
from app.shared.money import Money
from app.shared.texts import Text
from app.web.registry import service
from app.web.rendering import page

LOOKS = {"active": "good", "scheduled": "warn", "ended": "", "off": ""}
_STATE_WORDS = {
    PromotionState.ACTIVE: Text("Active"),
    PromotionState.SCHEDULED: Text("Scheduled"),
    PromotionState.ENDED: Text("Ended"),
    PromotionState.OFF: Text("Off"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class PromotionRow:
    """A promotion in the list. ``used`` of ``limit`` counts orders that wait for their payment as
    well where there is a limit, and paid ones alone where there is none."""

    promotion: Promotion
    state: PromotionState
    words: str
    says: str
    groups: tuple[str, ...]  # names
    used: int
    limit: int | None
    given: tuple[Money, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialResult:
    """What came of a trial: lines of (SKU, units, price, off), and what there is to say."""

    lines: tuple[tuple[str, int, Money, Money], ...]
    reductions: tuple[tuple[str, Money | None], ...]
    total: Money
    applied: bool
    note: str


def kept_states() -> list[tuple[str, str]]:
    """The states as a filter offers them."""
    return [(state.value, words) for state, words in _STATE_WORDS.items()]


def listed_rows(promotions: Sequence[Promotion]) -> list[PromotionRow]:
    """Promotions with how they are used: two queries for all of them."""
    ids = [each.id for each in promotions]
    totals = service(UsageTallies).totals(ids)
    left = service(PromotionService).left(ids)
    markets, moment = service(MarketService).every(), now()
    names = _group_names() if any(each.conditions.groups for each in promotions) else {}
    rows = []
    for each in promotions:
        total = totals.get(each.id) or UsedOn(day=None, used=0, given=())
        limited = each.limit_total is not None and each.id in left
        rows.append(
            PromotionRow(
                promotion=each,
                state=each.state_at(moment),
                words=_STATE_WORDS[each.state_at(moment)],
                says=said(each, markets, format_money),
                groups=tuple(names.get(code, code) for code in each.conditions.groups),
                used=(each.limit_total or 0) - left[each.id] if limited else total.used,
                limit=each.limit_total,
                given=total.given,
            )
        )
    return rows


def show_form(
    form: PromotionForm,
    known: Promotion | None = None,
    status: int = 200,
    *,
    both: Sequence[FieldDifference] = (),
    trial: TrialForm | None = None,
    result: TrialResult | None = None,
) -> Response:
    """A promotion's form, with what somebody else saved meanwhile and a trial below."""
    markets = service(MarketService).every()
    codes = {each.code: each.name for each in markets}
    form.markets.choices = codes
    form.groups.choices = _gone(form.groups) | _group_names()
    if form.kind == "free_shipping":
        ways: Any = form["methods"]
        ways.choices = _gone(ways) | dict(ways.choices)
    trial = trial or TrialForm()
    trial.trial_market.choices = codes
    return page(
        "admin/promotions/form.html",
        "trial" if trial.trial_lines.data is not None else "content",
        status,
        form=form,
        known=known,
        row=listed_rows([known])[0] if known else None,
        state_looks=LOOKS,
        kind_name=KINDS[form.kind],
        currencies=_currencies(markets),
        scopes=SCOPES,
        both=both,
        trial=trial,
        result=result,
        used=service(PromotionService).is_used(known.id) if known else False,
    )


def _gone(field: Any) -> dict[str, str]:
    """What was chosen, by its code where it has no name any more: left out it would be dropped, and
    the promotion be for everything."""
    return {code: code for code in field.data or ()}


def _group_names() -> dict[str, str]:
    return {each.code: each.name for each in service(GroupService).every()}


def _currencies(markets: Sequence[Market]) -> dict[str, str]:
    return {each.code: each.currency for each in markets}
