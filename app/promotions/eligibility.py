"""Why a promotion does not apply, in words for the shopper: pure rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from babel.dates import format_date

from app.promotions.kinds import BundleSet, BuyGet, FixedAmount
from app.promotions.models import Customer, Item, Promotion
from app.promotions.scopes import in_scope
from app.promotions.stacking import Basket
from app.shared.languages import DEFAULT
from app.shared.texts import Text, current_language

UNKNOWN = Text("We do not know this code. Please check the spelling.")
USED_UP = Text("This code has been used up.")
SPENT = Text("Already used: this code is good for one order only.")
ALREADY_USED = Text("Already used: you have had this discount.")
ALREADY_USED_UP = Text("Already used as often as it is good for you.")
NEW_ONLY = Text("Only for new customers: this code is for a first order.")
OTHER_MARKET = Text("Not valid in this market.")
OTHER_CUSTOMER = Text("This code is for another customer.")
WITHDRAWN = Text("This code is not valid any more.")
NOTHING_IN_SCOPE = Text("Nothing in your cart is part of this offer.")
NOTHING_OFF = Text("Nothing in your cart gets cheaper with this code.")
SAME = Text("Not used: this discount is in your cart already.")
BETTER = Text("Not used: another offer saves you more, and the two cannot be combined.")
CHECKED_LATER = Text("We check at checkout, by your e-mail address, that this is for you.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What must be known beside the cart. ``uses`` counts the customer's own so far; ``groups``
    are the customer's, as far as any promotion asks."""

    moment: datetime
    customer: Customer
    has_ordered: bool
    uses: int
    used_up: str  # what to say if no use is left for anybody, else ""
    code_is_off: bool = False  # its batch was switched off
    groups: frozenset[str] = frozenset()


def why_not(promotion: Promotion, basket: Basket, facts: Facts) -> str:
    """Why the promotion cannot be used for this cart and customer; "" if it can.

    What is not known of a guest yet counts as met if it is asked again at checkout.
    """
    return (
        (WITHDRAWN if facts.code_is_off else "")
        or _by_time(promotion, facts.moment)
        or _by_market(promotion, basket.market)
        or _by_customer(promotion, facts)
        or _by_limit(promotion, facts)
        or _by_contents(promotion, basket)
    )


def is_checked_later(promotion: Promotion, customer: Customer) -> bool:
    """Whether who this is for can only be told once the guest has said who they are."""
    conditions = promotion.conditions
    personal = conditions.first_order or conditions.names_customers
    return bool((personal or promotion.uses_per_customer) and not customer.is_known)


def _by_time(promotion: Promotion, moment: datetime) -> str:
    if not promotion.active:
        return WITHDRAWN
    if promotion.starts_at is not None and moment < promotion.starts_at:
        return Text("This code can be used from %(day)s on.", day=_start(promotion.starts_at))
    if promotion.ends_at is not None and moment >= promotion.ends_at:
        last = promotion.ends_at - timedelta(microseconds=1)  # midnight ends the day before
        return Text("This code expired on %(day)s.", day=_day(last))
    return ""


def _by_market(promotion: Promotion, market: str) -> str:
    allowed = promotion.conditions.markets
    priced = True
    match promotion.benefit:
        case FixedAmount(amounts=amounts):
            priced = market in amounts
        case BundleSet(prices=prices) if prices:
            priced = market in prices
    return "" if priced and (not allowed or market in allowed) else OTHER_MARKET


def _by_customer(promotion: Promotion, facts: Facts) -> str:
    conditions, customer = promotion.conditions, facts.customer
    if conditions.first_order and facts.has_ordered:
        return NEW_ONLY
    if conditions.names_customers and customer.is_known:
        emails = {email.casefold() for email in conditions.emails}
        named = customer.account_id in conditions.accounts
        named = named or not facts.groups.isdisjoint(conditions.groups)
        if not named and emails.isdisjoint(customer.emails):
            return OTHER_CUSTOMER
    return ""


def _by_limit(promotion: Promotion, facts: Facts) -> str:
    most = promotion.uses_per_customer
    if most is not None and facts.uses >= most:
        return ALREADY_USED if most == 1 else ALREADY_USED_UP
    return facts.used_up


def _by_contents(promotion: Promotion, basket: Basket) -> str:
    items = in_scope(promotion.scope, basket.items)
    if not items:
        return NOTHING_IN_SCOPE
    conditions = promotion.conditions
    missing = conditions.minimum_subtotal.get(basket.market, 0) - _value(items)
    if missing > 0:
        amount = basket.money(missing)
        if promotion.scope.is_everything:
            return Text("Spend %(amount)s more to use this code.", amount=amount)
        return Text(
            "Spend %(amount)s more on what this offer is for to use this code.", amount=amount
        )
    lacking = _units_needed(promotion) - sum(item.quantity for item in items)
    if lacking > 0:
        return Text.counted(
            "Add %(num)s more item to use this code.",
            "Add %(num)s more items to use this code.",
            lacking,
        )
    return ""


def _units_needed(promotion: Promotion) -> int:
    needed = promotion.conditions.minimum_quantity
    match promotion.benefit:
        case BuyGet(buy=buy, get=get, get_scope=None):
            return max(needed, buy + get)
        case BuyGet(buy=buy):
            return max(needed, buy)
    return needed


def _value(items: list[Item]) -> int:
    return sum(item.value for item in items)


def _start(moment: datetime) -> str:
    """The day, with the hour of one that begins within it."""
    return f"{_day(moment)}, {moment:%H:%M} UTC" if moment.time() != time() else _day(moment)


def _day(moment: datetime) -> str:
    language = current_language()
    return format_date(moment.date(), "d MMMM y" if language == DEFAULT else "long", language)
