"""Trying a promotion on a cart that nobody has, before it is saved."""

from __future__ import annotations

from flask import Response, abort, request

from app.admin.guard import area, needs, only_looked
from app.admin.inventory_forms import show_problems
from app.admin.permissions import Permission
from app.admin.promotion_forms import KINDS, TrialForm, promotion_form
from app.admin.promotion_pages import TrialResult, show_form
from app.admin.promotion_reading import promotion_of
from app.identity.service import AccountService
from app.markets.models import Market
from app.markets.service import MarketService
from app.promotions.discounts import DiscountService
from app.promotions.models import ANYBODY, Customer, Discounts, Item
from app.promotions.service import PromotionService
from app.promotions.trial import TrialItems
from app.shared.emails import normal_email
from app.shared.errors import Invalid, NotFound
from app.shared.ids import Sku
from app.shared.money import Money
from app.web.registry import service

blueprint = area("promotion_trials", __name__, "/promotions")


@blueprint.post("/trial")
@needs(Permission.PROMOTIONS_EDIT)
def trial() -> Response:
    """What the promotion as it stands in the form makes of some things; nothing is saved."""
    only_looked()
    kind = request.form.get("kind", "")
    if kind not in KINDS:
        abort(404)
    markets = service(MarketService)
    form = promotion_form(kind, markets.every())(request.form)
    known = service(PromotionService).find(request.form.get("saved", ""))
    if known:
        form.change()
    tried = TrialForm(request.form)
    if not (form.validate() and tried.validate()):
        return show_form(form, known, 422, trial=tried)
    try:
        market = markets.get(tried.trial_market.data or "")
        customer = _customer(tried.trial_email.data or "")
        units = {Sku(sku): count for sku, count in tried.trial_lines.value.items()}
        items = service(TrialItems).items(units, market)
    except (Invalid, NotFound) as refusal:
        show_problems(tried, refusal if isinstance(refusal, Invalid) else _unknown(refusal))
        return show_form(form, known, 422, trial=tried)
    promotion = promotion_of(form, known)
    found = service(DiscountService).try_out(promotion, items, market, customer)
    return show_form(form, known, trial=tried, result=_result(items, market, found))


def _unknown(refusal: NotFound) -> Invalid:
    return Invalid(refusal.message, {"trial_market": refusal.message})


def _customer(typed: str) -> Customer:
    """Who it is tried for: nobody known, or whoever has this address."""
    if not typed.strip():
        return ANYBODY
    try:
        email = normal_email(typed)
    except ValueError as error:
        raise Invalid(str(error), {"trial_email": str(error)}) from error
    account = service(AccountService).find_proven(email)
    return Customer(account_id=account.id if account else None, emails=(email,))


def _result(items: tuple[Item, ...], market: Market, found: Discounts) -> TrialResult:
    def money(minor: int) -> Money:
        return Money(minor, market.currency)

    off = {item.key: sum(minor for _, minor in found.on_line(item.key)) for item in items}
    (state,) = found.coupons
    return TrialResult(
        lines=tuple(
            (item.sku, item.quantity, money(item.value), money(off[item.key])) for item in items
        ),
        reductions=tuple(
            (each.name, money(each.amount) if each.amount else None) for each in found.reductions
        ),
        total=money(sum(item.value for item in items) - found.on_goods),
        applied=state.applied,
        note=state.note,
    )
