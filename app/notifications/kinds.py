"""Every mail that the shop sends, and what its own words may say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.markets.context import format_money
from app.shared.errors import NotFound
from app.shared.languages import DEFAULT, LANGUAGES
from app.shared.texts import Text

Values = Callable[[Mapping[str, Any]], dict[str, str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class MailKind:
    """A mail: when it is sent, and its placeholders' names and values."""

    key: str
    title: str
    placeholders: tuple[str, ...]
    values: Values
    for_staff: bool = False

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages it is written in."""
        return (DEFAULT,) if self.for_staff else tuple(LANGUAGES)


def _order_values(context: Mapping[str, Any]) -> dict[str, str]:
    order = context["order"]
    return {
        "number": order.number,
        "name": order.address.name.split(" ")[0],
        "total": format_money(order.totals.total, order.locale),
        "shop": context["shop_name"],
    }


def _letter_values(context: Mapping[str, Any]) -> dict[str, str]:
    return {"name": context["name"], "shop": context["shop_name"]}


def _gift_card_values(context: Mapping[str, Any]) -> dict[str, str]:
    return {
        "amount": format_money(context["amount"], context["locale"]),
        "sender": context["sender"],
        "shop": context["shop_name"],
    }


def _stock_values(context: Mapping[str, Any]) -> dict[str, str]:
    return {"title": context["title"], "shop": context["shop_name"]}


def _shop_values(context: Mapping[str, Any]) -> dict[str, str]:
    return {"shop": context["shop_name"]}


_ORDER = (("number", "name", "total", "shop"), _order_values)
_LETTER = (("name", "shop"), _letter_values)
_KINDS = (
    ("order_confirmation", Text("Order paid"), *_ORDER),
    ("shipped", Text("Parcel sent"), *_ORDER),
    ("delivered", Text("Parcel delivered"), *_ORDER),
    ("cancelled", Text("Order cancelled"), *_ORDER),
    ("refunded", Text("Money refunded"), *_ORDER),
    ("refund_returned", Text("Refund returned by the bank"), *_ORDER),
    ("payment_returned", Text("Payment given back"), *_ORDER),
    ("return_requested", Text("Return asked for"), *_ORDER),
    ("return_approved", Text("Return approved"), *_ORDER),
    ("return_received", Text("Return received"), *_ORDER),
    ("return_refused", Text("Return refused"), *_ORDER),
    ("draft", Text("Order prepared by staff"), ("shop",), _shop_values),
    ("gift_card", Text("Gift card"), ("amount", "sender", "shop"), _gift_card_values),
    ("back_in_stock", Text("Back in stock"), ("title", "shop"), _stock_values),
    ("confirm_address", Text("Confirm the address"), *_LETTER),
    ("account_known", Text("Has an account already"), *_LETTER),
    ("new_password", Text("Set a new password"), *_LETTER),
    ("password_changed", Text("Password changed"), *_LETTER),
    ("confirm_new_address", Text("Confirm the new address"), *_LETTER),
    ("address_changed", Text("Address changed"), *_LETTER),
    ("device_logged_out", Text("Device logged out"), *_LETTER),
    ("second_factor_on", Text("Second factor on"), *_LETTER),
    ("second_factor_off", Text("Second factor off"), *_LETTER),
    ("recovery_codes_renewed", Text("New recovery codes"), *_LETTER),
    ("account_leaves", Text("Account to be deleted"), *_LETTER),
    ("account_deleted", Text("Account deleted"), *_LETTER),
    ("staff_invited", Text("Invited to work here (to staff)"), *_LETTER),
    ("stock_low", Text("Stock runs low (to staff)"), ("shop",), _shop_values),
)
_FOR_STAFF = frozenset({"stock_low", "staff_invited"})
KINDS: Mapping[str, MailKind] = {
    key: MailKind(
        key=key,
        title=title,
        placeholders=placeholders,
        values=values,
        for_staff=key in _FOR_STAFF,
    )
    for key, title, placeholders, values in _KINDS
}


def get_kind(key: str, language: str = DEFAULT) -> MailKind:
    """The mail of this name. Raises ``NotFound``, also for a language it is not written in."""
    kind = KINDS.get(key)
    if kind is None or language not in kind.languages:
        raise NotFound(Text("There is no such mail."))
    return kind
