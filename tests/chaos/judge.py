"""Judging a campaign by the gateways' ledger."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from app.db.database import Database
from tests.support.figures import books, kept, sums

Documents = dict[str, dict[str, Any]]
_SOLD = {"paid", "refunded"}


def judge(database: Database, ledger: dict[str, Any], stock: dict[str, int]) -> dict[str, int]:
    """Everything that must be zero."""
    orders = {order["number"]: order for order in database["orders"].find({})}
    payments: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in ledger["payments"]:
        if each["captured"]:
            payments[each["order_number"]].append(each)
    sold = {number for number, order in orders.items() if order["state"] in _SOLD}
    return {
        "orders captured twice": sum(
            sum(_net(each) > 0 for each in group) > 1 for group in payments.values()
        ),
        "captures without a paid order": sum(
            any(_net(each) for each in group)
            for number, group in payments.items()
            if number not in sold
        ),
        "paid orders without a capture": sum(
            _due(orders[number]) > 0 for number in sold - set(payments)
        ),
        "captures for orders with nothing due": sum(
            _due(orders[number]) == 0 for number in sold & set(payments)
        ),
        "wrong amounts": sum(
            _is_wrong(orders[number], payments[number]) for number in sold & set(payments)
        ),
        "attempts left open": database["payment_attempts"].count_documents({"open": True}),
        "orders left pending": sum(order["state"] == "pending" for order in orders.values()),
        "refunds left open": database["refunds"].count_documents(
            {"state": {"$nin": ["succeeded", "failed"]}}
        ),
        "events left over": database["outbox"].count_documents({"state": "pending"}),
        "orders per cart version beyond one": _repeated(orders),
        **_stock(database, orders, stock),
        **_promotions(database, orders),
        **_credit(database, orders),
        **_figures(database, ledger),
    }


def _figures(database: Database, ledger: dict[str, Any]) -> dict[str, int]:
    """The dashboard's totals are those of the books, and of the gateways' ledger."""
    counters = kept(database)
    sales = sums(counters, "sales")
    at_gateways: Counter[tuple[str, str]] = Counter()
    for key, number in sums(counters, "gateways").items():
        currency, name, figure = key
        if figure in {"captured", "sent_back"}:
            at_gateways[currency, name] += number if figure == "captured" else -number
    by_ledger: Counter[tuple[str, str]] = Counter()
    for each in ledger["payments"]:
        by_ledger[each["currency"], each["gateway"]] += _net(each)
    return {
        "figures that differ from the books": sum(
            sales[key] != number for key, number in books(database).items()
        )
        + sum(not books(database)[key] for key in sales),
        "gateways whose figures differ from their ledger": sum(
            at_gateways[key] != by_ledger[key] for key in {*at_gateways, *by_ledger}
        ),
        "orders left uncounted": database["payment_attempts"].count_documents(
            {"uncounted": {"$gt": 0}}
        )
        + database["analytics_subjects"].count_documents({"asked_at": {"$exists": True}}),
    }


def _net(payment: dict[str, Any]) -> int:
    return int(payment["captured"]) - int(payment["refunded"])


def _due(order: dict[str, Any]) -> int:
    """What gift cards and store credit leave of the total for a gateway."""
    return int(order["totals"]["total"]) - _credit_of(order)


def _is_wrong(order: dict[str, Any], payments: list[dict[str, Any]]) -> bool:
    """Whether what the gateways kept is not what was due less what the books say they refunded."""
    kept = sum(_net(each) for each in payments)
    currencies = {each["currency"] for each in payments}
    refunded = order["refunded"] - order["credit_refunded"]
    return kept != _due(order) - refunded or currencies != {order["currency"]}


def _repeated(orders: Documents) -> int:
    versions = Counter(
        (order["cart_id"], order["cart_version"])
        for order in orders.values()
        if order["state"] in _SOLD
    )
    return sum(count > 1 for count in versions.values())


def _promotions(database: Database, orders: Documents) -> dict[str, int]:
    """Every order adds up, and uses, counters and slots say the same as paid orders do."""
    paid = Counter(
        each["promotion_id"]
        for order in orders.values()
        if order["state"] in _SOLD
        for each in order["reductions"]
    )
    used: Counter[str] = Counter()
    for use in database["promotion_uses"].find({"state": {"$ne": "released"}}):
        used[use["promotion_id"]] += 1
    promotions = {each["_id"]: each for each in database["promotions"].find({})}
    counters = {each["_id"]: each for each in database["promotion_counters"].find({})}
    slots = Counter(each["promotion_id"] for each in database["promotion_slots"].find({}))
    return {
        "orders that do not add up": sum(not _adds_up(order) for order in orders.values()),
        "promotions used above their limit": sum(
            used[each] > promotion["limit_total"] or paid[each] > promotion["limit_total"]
            for each, promotion in promotions.items()
        ),
        "uses still held": database["promotion_uses"].count_documents({"state": "held"}),
        "promotions whose uses differ from orders": sum(
            used[each] != paid[each]
            or counters[each]["used"] != paid[each]
            or counters[each]["left"] != promotions[each]["limit_total"] - paid[each]
            or slots[each] != paid[each]
            for each in promotions
        ),
    }


def _credit(database: Database, orders: Documents) -> dict[str, int]:
    """Every account's money is what its entries say, and entries say what orders do."""
    balance: Counter[str] = Counter()
    held: Counter[str] = Counter()
    spent: Counter[str] = Counter()
    back: Counter[str] = Counter()
    for entry in database["credit_entries"].find({}):
        balance[entry["credit_id"]] += entry["amount"]
        held[entry["credit_id"]] += entry["held"]
        if entry["cause"] == "spend":
            spent[entry["order_id"]] -= entry["amount"]
        elif entry["cause"] == "refund":
            back[entry["order_id"]] += entry["amount"]
    accounts = list(database["credit_accounts"].find({}))
    by_id = {order["_id"]: order for order in orders.values()}
    return {
        "credit spent beyond its balance": sum(
            min(each["balance"], each["held"], each["available"]) < 0 for each in accounts
        ),
        "credit accounts that differ from their entries": sum(
            (each["balance"], each["held"], each["available"])
            != (balance[each["_id"]], held[each["_id"]], each["balance"] - each["held"])
            for each in accounts
        ),
        "credit held by closed orders": sum(
            by_id[hold["_id"]]["state"] != "pending"
            for hold in database["credit_holds"].find({"state": "held"})
        ),
        "orders whose credit differs from the ledger": sum(
            spent[order["_id"]] != (_credit_of(order) if order["state"] in _SOLD else 0)
            or back[order["_id"]] != order["credit_refunded"]
            for order in orders.values()
        ),
    }


def _credit_of(order: dict[str, Any]) -> int:
    return sum(int(use["amount"]) for use in order["credit"])


def _adds_up(order: dict[str, Any]) -> bool:
    totals = order["totals"]
    added = 0 if totals["tax_included"] else totals["tax"]
    off = sum(each["amount"] for line in order["lines"] for each in line["reductions"])
    whole = totals["subtotal"] - totals["discount"] + totals["shipping"] + added
    return bool(totals["total"] == whole and totals["discount"] == off)


def _stock(database: Database, orders: Documents, stock: dict[str, int]) -> dict[str, int]:
    gone: Counter[str] = Counter()
    by_id = {order["_id"]: order for order in orders.values()}
    for order in orders.values():
        if order["state"] in _SOLD:
            for line in order["lines"]:
                for sku, units in _units(line).items():
                    gone[sku] += units
    for refund in database["refunds"].find({"state": "succeeded", "restock": True}):
        for line in refund["lines"]:
            sold = by_id[refund["order_id"]]["lines"][line["position"] - 1]
            parts = {part["position"]: part["sku"] for part in sold["parts"]}
            gone[parts.get(line.get("part", 0), sold["sku"])] -= line["quantity"]
    levels = {each["_id"]: each for each in database["stock_levels"].find({})}
    moved: Counter[str] = Counter()
    lying: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for movement in database["stock_movements"].find({}):
        moved[movement["sku"]] += movement["on_hand"]
        shelf = lying[movement["sku"], movement["location"]]
        shelf[0] += movement["on_hand"]
        shelf[1] += movement["reserved"]
    return {
        "SKUs sold below zero": sum(level["on_hand"] < 0 for level in levels.values()),
        "SKUs with units still reserved": sum(level["reserved"] != 0 for level in levels.values()),
        "SKUs whose count differs from sales": sum(
            levels[sku]["on_hand"] != count - gone[sku] for sku, count in stock.items()
        ),
        "SKUs whose count differs from movements": sum(
            levels[sku]["on_hand"] != moved[sku] for sku in stock
        ),
        "locations whose stock differs from movements": sum(
            [levels[sku]["at"][code]["on_hand"], levels[sku]["at"][code]["reserved"]] != shelf
            for (sku, code), shelf in lying.items()
        ),
        "SKUs whose locations do not add up": sum(
            sum(each[name] for each in level["at"].values()) != level[name]
            for level in levels.values()
            for name in ("on_hand", "reserved", "available")
        ),
    }


def _units(line: dict[str, Any]) -> Counter[str]:
    """Units that a line takes from stock: of a bundle those of its parts."""
    if not line["parts"]:
        return Counter({line["sku"]: line["quantity"]})
    units: Counter[str] = Counter()
    for part in line["parts"]:
        units[part["sku"]] += part["quantity"] * line["quantity"]
    return units
