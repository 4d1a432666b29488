"""Judging a campaign by the gateways' ledger."""

from __future__ import annotations

from collections import Counter
from typing import Any

from app.db.database import Database


def judge(database: Database, ledger: dict[str, Any], stock: dict[str, int]) -> dict[str, int]:
    """Everything that must be zero."""
    orders = {order["number"]: order for order in database["orders"].find({})}
    kept = [each for each in ledger["payments"] if each["captured"] > each["refunded"]]
    captures = Counter(each["order_number"] for each in kept)
    paid = {number for number, order in orders.items() if order["state"] == "paid"}
    right = {
        each["order_number"]
        for each in kept
        if each["order_number"] in orders
        and each["captured"] - each["refunded"] == orders[each["order_number"]]["totals"]["total"]
        and each["currency"] == orders[each["order_number"]]["currency"]
    }
    return {
        "orders captured twice": sum(count > 1 for count in captures.values()),
        "captures without a paid order": len(set(captures) - paid),
        "paid orders without a capture": len(paid - set(captures)),
        "wrong amounts": len(set(captures) - right),
        "attempts left open": database["payment_attempts"].count_documents({"open": True}),
        "orders left pending": sum(order["state"] == "pending" for order in orders.values()),
        "events left over": database["outbox"].count_documents({"state": "pending"}),
        "orders per cart version beyond one": _repeated(orders),
        **_stock(database, orders, stock),
    }


def _repeated(orders: dict[str, dict[str, Any]]) -> int:
    versions = Counter(
        (order["cart_id"], order["cart_version"])
        for order in orders.values()
        if order["state"] == "paid"
    )
    return sum(count > 1 for count in versions.values())


def _stock(
    database: Database, orders: dict[str, dict[str, Any]], stock: dict[str, int]
) -> dict[str, int]:
    sold: Counter[str] = Counter()
    for order in orders.values():
        if order["state"] == "paid":
            for line in order["lines"]:
                sold[line["sku"]] += line["quantity"]
    levels = {each["_id"]: each for each in database["stock_levels"].find({})}
    moved: Counter[str] = Counter()
    for movement in database["stock_movements"].find({}):
        moved[movement["sku"]] += movement["on_hand"]
    return {
        "SKUs sold below zero": sum(level["on_hand"] < 0 for level in levels.values()),
        "SKUs with units still reserved": sum(level["reserved"] != 0 for level in levels.values()),
        "SKUs whose count differs from sales": sum(
            levels[sku]["on_hand"] != count - sold[sku] for sku, count in stock.items()
        ),
        "SKUs whose count differs from movements": sum(
            levels[sku]["on_hand"] != moved[sku] for sku in stock
        ),
    }
