"""What staff enter about orders: quantities by line, amounts, keys, dates and filters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import MAXYEAR, UTC, datetime, timedelta
from uuid import uuid4

from werkzeug.datastructures import MultiDict

from app.admin.lists import ListState
from app.checkout.refund_rules import Balance, RefundWish
from app.orders.finding import OrderFilter, OrderSort
from app.orders.models import Order
from app.shared.emails import normal_email
from app.shared.errors import Invalid
from app.shared.money import Money
from app.shared.texts import Text

REASON_LENGTH = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Typed:
    """A form as it was sent, or as it is offered, and what is wrong with it by field.

    ``key`` names the request: the same form sent again is the same request.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    message: str = ""
    key: str = field(default_factory=lambda: str(uuid4()))

    def get(self, name: str, default: str = "") -> str:
        """What is in a field."""
        return self.values.get(name, default)


def typed(data: MultiDict[str, str], refusal: Invalid | None = None, message: str = "") -> Typed:
    """The form that was sent, with what is wrong with it."""
    return Typed(
        values={name: value[:REASON_LENGTH] for name, value in data.items()},
        problems=refusal.fields if refusal else {},
        message=message or (refusal.message if refusal else ""),
        key=data.get("key", "") or str(uuid4()),
    )


def request_key(data: MultiDict[str, str]) -> str:
    """The form's own key. Raises ``Invalid`` for a form without."""
    key = data.get("key", "")
    if not 8 <= len(key) <= 100:
        raise Invalid(Text("The form came without its key. Please send it again."))
    return key


def new_email(data: MultiDict[str, str]) -> str:
    """A mail address in its one spelling. Raises ``Invalid`` beside its field."""
    text = data.get("email", "")
    if not text.strip():
        message = Text("Please enter an e-mail address.")
        raise Invalid(message, {"email": message})
    try:
        return normal_email(text)
    except ValueError as error:
        raise Invalid(str(error), {"email": str(error)}) from error


def whole_number(text: str, name: str) -> int:
    """What was typed as a quantity, nothing being 0. Raises ``Invalid`` beside its field."""
    plain = text.strip() or "0"
    if not (plain.isascii() and plain.isdecimal() and len(plain) < 6):
        message = Text("Please enter a whole number.")
        raise Invalid(message, {name: message})
    return int(plain)


def quantities(data: MultiDict[str, str], positions: Iterable[int]) -> dict[int, int]:
    """Units by line position, from the fields ``quantity-<position>``. Raises ``Invalid``."""
    read = {at: whole_number(data.get(f"quantity-{at}", ""), f"quantity-{at}") for at in positions}
    return {at: units for at, units in read.items() if units}


def amount(data: MultiDict[str, str], name: str, currency: str) -> Money | None:
    """An amount in major units, None for nothing. Raises ``Invalid`` beside its field."""
    text = data.get(name, "").strip()
    if not text:
        return None
    try:
        found = Money.from_major(text[:20], currency)
    except ValueError as error:
        message = Text("Please enter an amount in %(currency)s, such as 12.50.", currency=currency)
        raise Invalid(message, {name: message}) from error
    if found.minor <= 0:
        message = Text("Please enter an amount of more than nothing.")
        raise Invalid(message, {name: message})
    return found


def refund_wish(data: MultiDict[str, str], order: Order, balance: Balance) -> RefundWish:
    """What is to be paid back. Raises ``Invalid`` beside its field."""
    plain = [each.position for each in balance.lines if not each.parts]
    parts = {}
    for each in balance.lines:
        for of in each.parts:
            name = f"quantity-{each.position}-{of.part.position}"
            units = whole_number(data.get(name, ""), name)
            if units:
                parts[each.position, of.part.position] = units
    return RefundWish(
        quantities=quantities(data, plain),
        parts=parts,
        shipping=bool(data.get("shipping")),
        amount=amount(data, "amount", order.currency),
        to_store_credit=bool(data.get("to_store_credit")),
    )


def order_filter(state: ListState) -> OrderFilter:
    """The list's filters as the order book knows them."""
    chosen = state.filters
    until = _day(chosen.get("to", ""))
    if until is not None and until.year < MAXYEAR:
        until += timedelta(days=1)
    return OrderFilter(
        q=state.q,
        state=chosen.get("state", ""),
        payment=chosen.get("payment", ""),
        fulfilment=chosen.get("fulfilment", ""),
        gateway=chosen.get("gateway", ""),
        market=chosen.get("market", ""),
        placed_from=_day(chosen.get("from", "")),
        placed_until=until,
        returned=bool(chosen.get("returned")),
        noted=bool(chosen.get("noted")),
        sort=OrderSort(state.sort),
    )


def _day(text: str) -> datetime | None:
    """A day as a date field sends it, None for what is none."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
