"""A promotion as its form says, and the form as a promotion fills it in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.admin.entry_fields import write_amount, write_moment, write_share
from app.admin.promotion_forms import SCOPES, PromotionForm, promotion_form
from app.markets.models import Market
from app.promotions.kinds import (
    Benefit,
    BundleSet,
    BuyGet,
    FixedAmount,
    FreeShipping,
    Part,
    Percentage,
    Scope,
    Stacking,
)
from app.promotions.models import Conditions, Promotion
from app.shared.ids import PromotionId
from app.shared.money import Money

# --- from the form --------------------------------------------------------------------------------


def promotion_of(form: PromotionForm, base: Promotion | None = None) -> Promotion:
    """What a valid form says; ``base`` is the promotion that it changes."""
    conditions = Conditions(
        minimum_subtotal=_amounts(form, "subtotal"),
        minimum_quantity=form.minimum_quantity.value or 0,
        markets=tuple(form.markets.data or ()),
        accounts=form.accounts.value,
        emails=form.emails.value,
        groups=tuple(form.groups.data or ()),
        first_order=form.first_order.data,
    )
    return Promotion(
        id=base.id if base else PromotionId(form.key.data or ""),
        name=" ".join((form.name.data or "").split()),
        automatic=form.how.data == "automatic",
        benefit=_benefit(form),
        scope=_scope(form, "scope"),
        conditions=conditions,
        starts_at=form.starts_at.value,
        ends_at=form.ends_at.value,
        limit_total=form.limit_total.value,
        limit_per_customer=form.limit_per_customer.value,
        stacking=Stacking(form.stacking.data),
        priority=form.priority.value,
        active=form.active.data,
        revision=form.known_revision if base else 1,
    )


def _benefit(form: PromotionForm) -> Benefit:
    match form.kind:
        case "percentage":
            return Percentage(basis_points=form.value_of("share"))
        case "fixed":
            return FixedAmount(amounts=_amounts(form, "amount"))
        case "free_shipping":
            return FreeShipping(methods=tuple(form["methods"].data or ()))
        case "buy_get":
            scope = _scope(form, "get")
            return BuyGet(
                buy=form.value_of("buy"),
                get=form.value_of("get"),
                basis_points=form.value_of("share"),
                get_scope=None if scope.is_everything else scope,
                times=form.value_of("times") or 0,
            )
        case _:
            by_share = form["pricing"].data == "share"
            return BundleSet(
                parts=tuple(
                    Part(sku=sku, quantity=units) for sku, units in form.value_of("parts").items()
                ),
                prices={} if by_share else _amounts(form, "price"),
                basis_points=form.value_of("set_share") if by_share else 0,
                times=form.value_of("times") or 0,
            )


def _scope(form: PromotionForm, start: str) -> Scope:
    return Scope(**{name: form.value_of(f"{start}_{name}") for name in SCOPES})


def _amounts(form: PromotionForm, start: str) -> dict[str, int]:
    return {
        field.name.removeprefix(f"{start}_"): field.value
        for field in form.amounts(start)
        if field.value is not None
    }


# --- to the form ----------------------------------------------------------------------------------


def filled_form(promotion: Promotion, markets: Sequence[Market]) -> PromotionForm:
    """The form as it says this promotion."""
    conditions, currencies = promotion.conditions, {each.code: each.currency for each in markets}
    data: dict[str, Any] = {
        "key": promotion.id,
        "revision": str(promotion.revision),
        "name": promotion.name,
        "how": "automatic" if promotion.automatic else "code",
        "active": promotion.active,
        "minimum_quantity": _number(conditions.minimum_quantity or None),
        "markets": list(conditions.markets),
        "first_order": conditions.first_order,
        "emails": "\n".join(conditions.emails),
        "accounts": "\n".join(conditions.accounts),
        "groups": list(conditions.groups),
        "starts_at": write_moment(promotion.starts_at),
        "ends_at": write_moment(promotion.ends_at),
        "limit_total": _number(promotion.limit_total),
        "limit_per_customer": _number(promotion.limit_per_customer),
        "stacking": promotion.stacking.value,
        "priority": str(promotion.priority),
        **_scope_data("scope", promotion.scope),
        **_amount_data("subtotal", conditions.minimum_subtotal, currencies),
        **_benefit_data(promotion.benefit, currencies),
    }
    return promotion_form(promotion.benefit.kind, markets)(data=data)


def _benefit_data(benefit: Benefit, currencies: Mapping[str, str]) -> dict[str, Any]:
    match benefit:
        case Percentage(basis_points=share):
            return {"share": write_share(share)}
        case FixedAmount(amounts=amounts):
            return _amount_data("amount", amounts, currencies)
        case FreeShipping(methods=methods):
            return {"methods": list(methods)}
        case BuyGet():
            return {
                "buy": str(benefit.buy),
                "get": str(benefit.get),
                "share": write_share(benefit.basis_points),
                "times": _number(benefit.times or None),
                **_scope_data("get", benefit.get_scope or Scope()),
            }
        case BundleSet():
            return {
                "parts": "\n".join(f"{part.sku} x {part.quantity}" for part in benefit.parts),
                "pricing": "price" if benefit.prices else "share",
                **_amount_data("price", benefit.prices, currencies),
                "set_share": write_share(benefit.basis_points) if benefit.basis_points else "",
                "times": _number(benefit.times or None),
            }


def _scope_data(start: str, scope: Scope) -> dict[str, str]:
    return {f"{start}_{name}": "\n".join(getattr(scope, name)) for name in SCOPES}


def _amount_data(
    start: str, amounts: Mapping[str, int], currencies: Mapping[str, str]
) -> dict[str, str]:
    return {
        f"{start}_{code}": write_amount(minor, currencies[code])
        for code, minor in amounts.items()
        if code in currencies
    }


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


# --- in words -------------------------------------------------------------------------------------


def said(promotion: Promotion, markets: Sequence[Market], show: Any) -> str:
    """What a promotion gives in a few words; ``show`` writes an amount."""
    currencies = {each.code: each.currency for each in markets}

    def prices(amounts: Mapping[str, int]) -> str:
        known = ((code, minor) for code, minor in amounts.items() if code in currencies)
        return ", ".join(show(Money(minor, currencies[code])) for code, minor in known)

    match promotion.benefit:
        case Percentage(basis_points=share):
            return f"{write_share(share)} % off"
        case FixedAmount(amounts=amounts):
            return f"{prices(amounts)} off"
        case FreeShipping(methods=methods):
            return f"Free shipping{': ' + ', '.join(methods) if methods else ''}"
        case BuyGet(buy=buy, get=get, basis_points=share):
            return f"Buy {buy}, get {get} at {write_share(share)} % off"
        case BundleSet(parts=parts, prices=set_prices, basis_points=share):
            cost = f"for {prices(set_prices)}" if set_prices else f"{write_share(share)} % off"
            return f"Set of {sum(part.quantity for part in parts)} {cost}"
