"""What keeps code easy to read, where no linter counts it: how long modules and functions are, and
that every silenced check has a reason. ``python -m tools.limits`` lists what is over."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_FOLDERS = ("app", "bench", "dev", "migrations", "sandbox", "tests", "tools")
_TYPED = ("app", "dev", "migrations")  # what mypy reads
_LONGEST_MODULE, _LONGEST_FUNCTION = 400, 50  # lines
_SCHEMA = "a schema is one table: cut apart it would be harder to read, and it never changes"
# Each with its reason and how long it may be, so that what is long grows no longer.
_LONG_MODULES = {
    "app/payments/service.py": ("what an attempt, a claim and an authorisation may become", 420),
    "tests/admin/test_promotion_admin.py": ("one page's behaviours in the order of its form", 420),
    "tests/admin/test_stock_admin.py": ("the stock pages share one warehouse", 520),
    "tests/credit/test_orders.py": ("paying with credit, with each of its ways back", 460),
    "tests/functional/test_accounts.py": ("an account's life from claim to end", 670),
    "tests/functional/test_sign_in_security.py": ("a list of attacks, read as a list", 1040),
    "tests/functional/test_two_factor.py": ("one second factor from set-up to loss", 430),
    "tests/integration/test_cart_merge.py": ("one operation under all its rivals", 440),
    "tests/integration/test_checkout.py": ("one button under all its repeats", 480),
    "tests/integration/test_sessions.py": ("one token's life and its thieves", 490),
    "tests/promotions/test_coupon_orders.py": ("one coupon from cart to refund", 480),
}
_LONG_FUNCTIONS = {
    "app/checkout/page.py:checkout_page": ("hands everything on the page to its template", 55),
    "tests/browser/test_swaps.py:test_the_cart_and_the_checkout": ("one walk, step by step", 55),
    "tests/functional/test_leaving.py:_live": ("a life that leaves traces everywhere", 55),
    "tests/integration/test_restored_money.py:"
    "test_a_restored_shop_finds_all_that_the_gateways_did_since": ("one story in order", 70),
    "migrations/0002_shop.py:_orders": (_SCHEMA, 60),
    "migrations/0002_shop.py:_payments": (_SCHEMA, 110),
    "migrations/0003_refunds.py:upgrade": (_SCHEMA, 65),
    "migrations/0015_inventory.py:_products": (_SCHEMA, 65),
    "migrations/0015_inventory.py:_levels": (_SCHEMA, 60),
    "migrations/0016_markets.py:_markets": (_SCHEMA, 65),
    "migrations/0022_people.py:_customers": (_SCHEMA, 60),
    "migrations/0026_analytics.py:_money": (_SCHEMA, 60),
    "tests/support/readmodel.py:described": ("everything a model says, in one table", 70),
    "tools/pictures/shapes.py:folded": ("one sculpture, made in one go", 60),
}
_SILENCED = re.compile(r"#\s*(?:noqa|type: ignore|pragma: no)\b[^#]*(?:#(?P<why>.*))?")
_REASON = re.compile(r" - \S")


def problems() -> Iterator[str]:
    """What is longer than it may be, silenced without a reason, or excused for nothing."""
    excused = {**_LONG_MODULES, **_LONG_FUNCTIONS}
    for folder in _FOLDERS:
        for path in sorted((_ROOT / folder).rglob("*.py")):
            name, text = path.relative_to(_ROOT).as_posix(), path.read_text()
            for thing, lines, most in _lengths(name, text):
                _, allowed = excused.pop(thing, ("", most))
                if lines > allowed:
                    yield f"{thing}: {lines} lines, at most {allowed}"
            yield from _silenced(name, text)
    yield from (f"{thing}: needs no exception any more" for thing in excused)


def _lengths(name: str, text: str) -> Iterator[tuple[str, int, int]]:
    """Whatever is longer than is usual."""
    if (lines := text.count("\n")) > _LONGEST_MODULE:
        yield name, lines, _LONGEST_MODULE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            lines = node.end_lineno - node.lineno + 1
            if lines > _LONGEST_FUNCTION:
                yield f"{name}:{node.name}", lines, _LONGEST_FUNCTION


def _silenced(name: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        found = _SILENCED.search(line)
        if found is None or name.startswith("tools/limits"):
            continue
        if "type: ignore" in found[0] and not name.startswith(_TYPED):
            yield f"{name}:{number}: mypy does not read this file"
        elif not found["why"] and not _REASON.search(found[0]):
            yield f"{name}:{number}: silenced without a reason"


def main() -> int:
    """List everything; whether there was anything."""
    found = list(problems())
    for each in found:
        print(each, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
