"""Made-up orders, parcels and accounts, to show what a mail looks like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.credit.codes import show_code
from app.fulfilment.carriers import carrier_name, tracking_url
from app.fulfilment.models import (
    ReturnReason,
    ReturnRequest,
    ReturnState,
    Shipment,
    UnitLine,
)
from app.markets.taxing import RateTax
from app.notifications import letters
from app.notifications.letters import Letter, letter_context
from app.notifications.order_mails import goods_of, return_subject
from app.orders.models import Order, OrderLine, OrderState, Totals
from app.shared.ids import AccountId, CartId, OrderId, Sku
from app.shared.money import Money
from app.shared.postal import Address
from app.shared.texts import Text, current_language

_WHEN = datetime(2026, 3, 14, 10, 30, tzinfo=UTC)
_NUMBER = "MX-10482"
_TOKEN = "made-up"  # noqa: S105 - leads nowhere
_UNITS = (UnitLine(position=1, quantity=1), UnitLine(position=2, quantity=2))


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """A mail as ``NotificationService.write`` takes it."""

    subject: str
    template: str
    context: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    market: str
    locale: str
    currency: str
    rate: int
    tax: str
    address: Address


def _address(name: str, line1: str, city: str, state: str, code: str, country: str) -> Address:
    return Address(
        name=name,
        phone="",
        line1=line1,
        line2="",
        city=city,
        state=state,
        postal_code=code,
        country=country,
    )


_PLACES = {
    "en": _Place(
        market="US", locale="en_US", currency="USD", rate=725, tax="Sales tax",
        address=_address("Ann Shopper", "1 Main Street", "Sacramento", "CA", "94203", "US"),
    ),
    "de": _Place(
        market="DE", locale="de_DE", currency="EUR", rate=1900, tax="VAT",
        address=_address("Anna Schmidt", "Lange Straße 1", "Berlin", "", "10115", "DE"),
    ),
    "hi": _Place(
        market="IN", locale="en_IN", currency="INR", rate=1800, tax="GST",
        address=_address("Asha Rao", "12 MG Road", "Bengaluru", "KA", "560001", "IN"),
    ),
}  # fmt: skip


def sample(kind: str, base_url: str) -> Sample:
    """What a mail is written of, in the place where the language that is spoken is."""
    if kind in _LETTERS:
        letter = _LETTERS[kind]()
        name = _place().address.name
        return Sample(
            subject=letter.subject, template="emails/account", context=letter_context(letter, name)
        )
    return _OTHERS[kind](base_url)


def _place() -> _Place:
    return _PLACES[current_language()]


# --- orders ---------------------------------------------------------------------------------------


def _order() -> Order:
    place = _place()
    goods, shipping = _money(11600), _money(600)
    taxed = goods + shipping
    tax = Money(taxed.minor * place.rate // (10_000 + place.rate), place.currency)
    return Order(
        id=OrderId("ord_sample"),
        number=_NUMBER,
        state=OrderState.PAID,
        checkout_token=_TOKEN,
        access_token=_TOKEN,
        cart_id=CartId("cart_sample"),
        cart_version=1,
        market=place.market,
        locale=place.locale,
        currency=place.currency,
        email="ann@example.com",
        address=place.address,
        lines=(
            _line("Linen throw", "Moss / 130 × 170", 1, 6800),
            _line("Stoneware mug", "", 2, 2400),
        ),
        shipping_method="standard",
        shipping_name="Standard",
        totals=Totals(
            subtotal=goods,
            discount=_money(0),
            shipping=shipping,
            tax=tax,
            tax_included=True,
            tax_name=Text(place.tax),
            total=taxed,
        ),
        placed_at=_WHEN,
        paid_at=_WHEN,
        gateway="stripe",
        refunded=_money(0),
        account_id=AccountId("acc_sample"),
        taxes=(RateTax(rate=place.rate, net=taxed - tax, tax=tax),),
        language=current_language(),
    )


def _money(minor: int) -> Money:
    return Money(minor * (50 if _place().currency == "INR" else 1), _place().currency)


def _line(title: str, variant: str, quantity: int, each: int) -> OrderLine:
    return OrderLine(
        sku=Sku(title.upper()),
        product_id="sample",
        slug="sample",
        title=title,
        variant_title=variant,
        image_src="",
        quantity=quantity,
        unit_price=_money(each),
        total=_money(each * quantity),
        tax=_money(0),
    )


def _about_order(
    template: str, subject: Callable[[Order], str], more: Callable[[Order], Mapping[str, Any]]
) -> Callable[[str], Sample]:
    def make(base_url: str) -> Sample:
        order = _order()
        context = {"order": order, "order_url": f"{base_url}/orders/{_NUMBER}", **more(order)}
        return Sample(subject=subject(order), template=f"emails/{template}", context=context)

    return make


def _subject(text: str) -> Callable[[Order], str]:
    return lambda order: Text(text, number=order.number)


def _shipped(order: Order) -> dict[str, Any]:
    shipment = Shipment(
        id="ord_sample:1",
        order_id=order.id,
        number=1,
        request_key="sample",
        lines=_UNITS,
        carrier="dhl",
        tracking="00340434161094000000",
        shipped_at=_WHEN,
    )
    return {
        "shipment": shipment,
        "goods": goods_of(order, _UNITS),
        "carrier": carrier_name(shipment.carrier),
        "tracking_url": tracking_url(shipment.carrier, shipment.tracking),
        "rest": False,
    }


def _return(state: ReturnState) -> Callable[[str], Sample]:
    number = f"{_NUMBER}-R1"

    def more(order: Order) -> dict[str, Any]:
        returned = ReturnRequest(
            id=number,
            order_id=order.id,
            request_key="sample",
            lines=_UNITS[1:],
            reason=ReturnReason.CHANGED_MIND,
            comment="",
            state=state,
            answer="",
            created_at=_WHEN,
            updated_at=_WHEN,
        )
        goods = goods_of(order, returned.lines)
        return {"returned": returned, "step": state.value, "answer": "", "goods": goods}

    return _about_order("return", lambda _: return_subject(state, number), more)


def _refunded(order: Order) -> dict[str, Any]:
    return {"amount": order.lines[1].total, "to_credit": Money.zero(order.currency)}


# --- everything else ------------------------------------------------------------------------------


def _gift_card(_: str) -> Sample:
    return Sample(
        subject=Text("Your gift card"),
        template="emails/gift_card",
        context={
            "amount": _money(5000),
            "code": show_code("ABCDEFGHJKLMNPQR"),
            "sender": _place().address.name,
            "message": "",
            "locale": _place().locale,
            "good_until": None,
        },
    )


def _draft(_: str) -> Sample:
    return Sample(
        subject=Text("Your order is ready to be paid"),
        template="emails/draft",
        context={
            "goods": [(2, "Linen throw")],
            "note": "",
            "expires_at": _WHEN,
            "path": f"/checkout/draft/{_TOKEN}",
            "locale": _place().locale,
        },
    )


def _back_in_stock(base_url: str) -> Sample:
    return Sample(
        subject=Text("%(title)s is back", title="Linen throw"),
        template="emails/back_in_stock",
        context={
            "title": "Linen throw",
            "variant_title": "Moss",
            "path": "/products/linen-throw",
            "stop_url": f"{base_url}/stock-alerts/stop/{_TOKEN}",
        },
    )


def _stock_low(_: str) -> Sample:
    rows = [{"name": "Linen throw (Moss)", "sku": "THROW-MOSS", "available": 3, "low_at": 5}]
    return Sample(
        subject="Running low: Linen throw (Moss)",
        template="emails/stock_low",
        context={"rows": rows},
    )


_LETTERS: Mapping[str, Callable[[], Letter]] = {
    "confirm_address": lambda: letters.confirm_address(_TOKEN),
    "account_known": lambda: letters.ACCOUNT_KNOWN,
    "new_password": lambda: letters.new_password(_TOKEN),
    "password_changed": lambda: letters.PASSWORD_CHANGED,
    "confirm_new_address": lambda: letters.confirm_new_address(_TOKEN),
    "address_changed": lambda: letters.address_changed("ann@example.com"),
    "device_logged_out": lambda: letters.device_logged_out("192.0.2.0"),
    "second_factor_on": lambda: letters.FACTOR_ON,
    "second_factor_off": lambda: letters.FACTOR_OFF,
    "recovery_codes_renewed": lambda: letters.CODES_RENEWED,
    "account_leaves": lambda: letters.account_leaves(_TOKEN),
    "account_deleted": lambda: letters.ACCOUNT_DELETED,
    "staff_invited": lambda: letters.invitation("owner@example.com", _TOKEN),
}
_OTHERS: Mapping[str, Callable[[str], Sample]] = {
    "order_confirmation": _about_order(
        "order_confirmation", _subject("Your order %(number)s"), lambda _: {}
    ),
    "shipped": _about_order("shipped", _subject("On its way: your order %(number)s"), _shipped),
    "delivered": _about_order(
        "delivered",
        _subject("Delivered: your order %(number)s"),
        lambda order: {"goods": goods_of(order, _UNITS)},
    ),
    "cancelled": _about_order(
        "cancelled",
        _subject("Cancelled: your order %(number)s"),
        lambda order: {"by_shop": False, "going_back": order.totals.total, "money_words": ()},
    ),
    "refunded": _about_order("refunded", _subject("Your refund for order %(number)s"), _refunded),
    "refund_returned": _about_order(
        "refund_returned",
        _subject("Your refund for order %(number)s did not arrive"),
        lambda order: {"amount": order.lines[1].total},
    ),
    "payment_returned": _about_order(
        "payment_returned",
        _subject("About a payment for your order %(number)s"),
        lambda _: {"message": Text("Another payment of this order came first")},
    ),
    **{f"return_{state}": _return(state) for state in ReturnState},
    "draft": _draft,
    "gift_card": _gift_card,
    "back_in_stock": _back_in_stock,
    "stock_low": _stock_low,
}
