"""One change of many products, as it was asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from werkzeug.datastructures import MultiDict

from app.catalog.bulk_editing import (
    PriceStep,
    by_vendor,
    in_category,
    with_status,
    with_tag,
    without_tag,
)
from app.catalog.editing import Edit
from app.catalog.models import Category, ProductStatus
from app.markets.models import Market
from app.shared.errors import Invalid
from app.shared.ids import ProductId
from app.shared.money import Money
from app.shared.numbers import whole
from app.shared.texts import Text

_MOST = 200
_STATUSES = {
    "publish": ProductStatus.PUBLISHED,
    "draft": ProductStatus.DRAFT,
    "archive": ProductStatus.ARCHIVED,
}
_TEXTS: Mapping[str, Callable[[str], Edit]] = {
    "add_tag": with_tag,
    "remove_tag": without_tag,
    "vendor": by_vendor,
}
PRICES = frozenset({"percent", "amount"})


def chosen_ids(fields: MultiDict[str, str]) -> list[ProductId]:
    """The products that were ticked. Raises ``Invalid`` for none, or too many."""
    ids = list(dict.fromkeys(ProductId(each) for each in fields.getlist("ids")))
    if not 0 < len(ids) <= _MOST:
        message = Text("Please tick the products to change, at most %(most)s.", most=_MOST)
        raise Invalid(message, {"ids": message})
    return ids


def read_edit(fields: MultiDict[str, str], categories: Sequence[Category]) -> Edit:
    """What is to be done with each. Raises ``Invalid`` beside ``action`` or ``value``."""
    action, value = fields.get("action", ""), fields.get("value", "").strip()
    if action in _STATUSES:
        return with_status(_STATUSES[action])
    if action == "category":
        slug = fields.get("category", "")
        if slug and slug not in {each.slug for each in categories}:
            raise _refused("category", Text("Please choose a category."))
        return in_category(slug)
    if action not in _TEXTS:
        raise _refused("action", Text("Please choose what to do."))
    if not value or len(value) > 255 or ("," in value and action != "vendor"):
        raise _refused("value", Text("Please write one name of at most 255 characters."))
    return _TEXTS[action](value)


def read_step(fields: MultiDict[str, str], markets: Sequence[Market]) -> PriceStep:
    """By how much prices change, and where. Raises ``Invalid`` beside ``value`` or ``market``."""
    text = fields.get("value", "").strip().replace("−", "-")
    market = next((each for each in markets if each.code == fields.get("market", "")), None)
    if market is None:
        raise _refused("market", Text("Please choose a market."))
    try:
        if fields.get("action") == "amount":
            return PriceStep(market=market, amount=_amount(text, market.currency))
        return PriceStep(market=market, percent=_percent(text))
    except ValueError:
        message = Text("“%(text)s” is no change of prices: write -10, or 2.50.", text=text[:40])
        raise _refused("value", message) from None


def _percent(text: str) -> Decimal:
    if not re.fullmatch(r"[+-]?\d{1,4}(\.\d{1,2})?\s*%?", text, re.ASCII):
        raise ValueError(text)
    percent = Decimal(text.rstrip("% "))
    if not percent or percent <= -100:
        raise ValueError(text)
    return percent


def _amount(text: str, currency: str) -> Money:
    amount = Money.from_major(text, currency)
    if not amount or abs(amount.minor) >= 10**12:
        raise ValueError(text)
    return amount


def read_revisions(fields: MultiDict[str, str]) -> dict[ProductId, int]:
    """The products of a preview, each with the revision that it showed."""
    pairs = (each.rpartition(":") for each in fields.getlist("seen"))
    return {
        ProductId(product_id): revision
        for product_id, _, read in pairs
        if (revision := whole(read, None)) is not None
    }


def _refused(name: str, message: str) -> Invalid:
    return Invalid(message, {name: message})
