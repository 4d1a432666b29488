"""Orders as documents: every amount in minor units of the order's one currency."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any

from app.db.database import Document
from app.markets.taxing import RateTax
from app.orders.finding import words_of
from app.orders.models import (
    FulfilmentState,
    LineUnits,
    LineWait,
    Order,
    OrderLine,
    OrderPart,
    OrderReduction,
    OrderState,
    Totals,
)
from app.promotions.kinds import Level
from app.promotions.models import LineReduction
from app.shared.credit import CreditKind, CreditUse
from app.shared.money import Money
from app.shared.postal import Address
from app.shared.texts import from_words

_Amounts = Callable[[int], Money]
_LINE_MONEY = ("unit_price", "total", "tax")
_TOTALS = ("subtotal", "discount", "shipping", "tax", "total")
_MADE = {
    "id",
    "state",
    "address",
    "lines",
    "totals",
    "refunded",
    "reductions",
    "fulfilment",
    "units",
    "taxes",
    "tax_parts",
    "credit",
    "credit_refunded",
}


def order_to_document(order: Order) -> Document:
    """A new order as it is stored; money in minor units of its one currency."""
    document = asdict(order)
    document["_id"] = document.pop("id")
    document["state"] = order.state.value
    document["claimed"] = False
    document["search"] = words_of(order)
    document["refunded"] = order.refunded.minor
    document["reductions"] = [_reduction_to_document(each) for each in order.reductions]
    document["lines"] = [_line_to_document(line) for line in order.lines]
    # Gift cards are sent by e-mail, so that nothing of them is ever to be shipped.
    to_ship = [0 if line.gift_card else line.quantity for line in order.lines]
    document["units"] = [asdict(LineUnits(open=units)) for units in to_ship]
    document["credit"] = [
        {**asdict(use), "kind": use.kind.value, "amount": use.amount.minor} for use in order.credit
    ]
    document["credit_refunded"] = 0
    document["fulfilment"] = order.fulfilment.value
    document["taxes"] = [
        {"rate": each.rate, "net": each.net.minor, "tax": each.tax.minor} for each in order.taxes
    ]
    document["totals"] = {
        **{name: getattr(order.totals, name).minor for name in _TOTALS},
        "tax_included": order.totals.tax_included,
        "tax_name": order.totals.tax_name,
    }
    if order.totals.rounding:
        document["totals"]["rounding"] = order.totals.rounding.minor
    return document


def _line_to_document(line: OrderLine) -> Document:
    money = {name: getattr(line, name).minor for name in _LINE_MONEY}
    reductions = [_reduction_to_document(each) for each in line.reductions]
    parts = [{**asdict(part), "net": part.net.minor, "tax": part.tax.minor} for part in line.parts]
    return {**asdict(line), **money, "reductions": reductions, "parts": parts}


def _reduction_to_document(reduction: LineReduction | OrderReduction) -> Document:
    money = {"level": reduction.level.value, "amount": reduction.amount.minor}
    return {**asdict(reduction), **money}


def order_from_document(document: Document) -> Order:
    """An order as stored."""
    currency = document["currency"]

    def money(minor: int) -> Money:
        return Money(minor, currency)

    plain = {
        each.name: document[each.name]
        for each in fields(Order)
        if each.name not in _MADE and each.name in document
    }
    return Order(
        id=document["_id"],
        state=OrderState(document["state"]),
        refunded=money(document["refunded"]),
        fulfilment=FulfilmentState(document["fulfilment"]),
        units=tuple(LineUnits(**each) for each in document["units"]),
        address=Address(**document["address"]),
        lines=tuple(_line(line, money) for line in document["lines"]),
        totals=_totals(document["totals"], money),
        reductions=tuple(
            OrderReduction(**_reduction(each, money)) for each in document.get("reductions", ())
        ),
        taxes=tuple(
            RateTax(rate=each["rate"], net=money(each["net"]), tax=money(each["tax"]))
            for each in document.get("taxes", ())
        ),
        tax_parts=tuple(document.get("tax_parts", ())),
        credit=tuple(
            CreditUse(**{**use, "kind": CreditKind(use["kind"]), "amount": money(use["amount"])})
            for use in document.get("credit", ())
        ),
        credit_refunded=money(document.get("credit_refunded", 0)),
        **plain,
    )


def _line(line: Document, money: _Amounts) -> OrderLine:
    made: dict[str, Any] = {
        **{name: money(line[name]) for name in _LINE_MONEY},
        "reductions": tuple(
            LineReduction(**_reduction(each, money)) for each in line.get("reductions", ())
        ),
        "wait": LineWait(**line["wait"]) if line.get("wait") else None,
        "parts": tuple(
            OrderPart(**{**each, "net": money(each["net"]), "tax": money(each["tax"])})
            for each in line.get("parts", ())
        ),
    }
    return OrderLine(**{**line, **made})


def _totals(totals: Document, money: _Amounts) -> Totals:
    return Totals(
        **{name: money(totals[name]) for name in _TOTALS},
        tax_included=totals["tax_included"],
        tax_name=from_words(totals["tax_name"]),
        rounding=money(totals["rounding"]) if totals.get("rounding") else None,
    )


def _reduction(document: Document, money: _Amounts) -> Document:
    return {**document, "level": Level(document["level"]), "amount": money(document["amount"])}
