"""The dashboard's figures, and the books that they must equal."""

from __future__ import annotations

from collections import Counter
from typing import Any

from app.db.database import Database

Figures = dict[str, dict[str, int]]


def kept(database: Database) -> Figures:
    """Every counter that is read, without zeros, by its id without the generation."""
    state = database["analytics_state"].find_one({"_id": "counters"}) or {"generation": 1}
    found = {}
    for each in database["analytics_counters"].find({"generation": state["generation"]}):
        numbers = {
            f"{name}.{figure}": number
            for name, figures in each["figures"].items()
            for figure, number in figures.items()
            if number
        }
        if numbers:
            found[each["_id"].partition("|")[2]] = numbers
    return found


def sums(figures: Figures, kind: str) -> Counter[tuple[str, str, str]]:
    """Totals of all periods and markets by currency, name and figure."""
    result: Counter[tuple[str, str, str]] = Counter()
    for key, numbers in figures.items():
        this, _, _, currency = key.split("|")
        if this == kind:
            for path, number in numbers.items():
                name, _, figure = path.rpartition(".")
                result[currency, name, figure] += number
    return result


def books(database: Database) -> Counter[tuple[str, str, str]]:
    """The same of sales, added up from orders, captures and refunds alone."""
    result: Counter[tuple[str, str, str]] = Counter()

    def add(currency: str, figure: str, number: int) -> None:
        if number:
            result[currency, "all", figure] += number

    for order in database["orders"].find({}):
        currency = order["currency"]
        add(currency, "placed", 1)
        add(currency, "cancelled", order["state"] == "cancelled")
        if order["paid_at"]:
            _add_sale(add, order)
    for capture in database["captures"].find({"state": "captured"}):
        add(capture["currency"], "captured", capture["amount"])
    for refund in database["refunds"].find({"credit_given": True}):
        by_credit = sum(each["amount"] for each in refund["credit"])
        sent_back = refund["amount"] - by_credit if refund["state"] == "succeeded" else 0
        if by_credit + sent_back:
            add(refund["currency"], "refunds", 1)
            add(refund["currency"], "refunded", by_credit + sent_back)
            add(refund["currency"], "sent_back", sent_back)
    return result


def _add_sale(add: Any, order: dict[str, Any]) -> None:
    totals, currency = order["totals"], order["currency"]
    add(currency, "paid", 1)
    add(currency, "units", sum(line["quantity"] for line in order["lines"]))
    add(currency, "revenue", totals["total"])
    add(currency, "discount", sum(each["amount"] for each in order["reductions"]))
    add(currency, "shipping", totals["shipping"])
    add(currency, "tax", totals["tax"])
    add(currency, "by_credit", sum(each["amount"] for each in order["credit"]))
