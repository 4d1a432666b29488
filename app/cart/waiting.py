"""What of a line has to wait for stock, and what the shopper is promised of it: pure rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from app.cart.models import PricedLine
from app.catalog.bundles import Catalogue
from app.catalog.models import PolicyKind
from app.catalog.policies import Promise, latest, promise_of, promise_text
from app.shared.clock import now
from app.shared.ids import Sku
from app.shared.texts import Text


def with_wait(
    line: PricedLine, found: Catalogue, waits: Mapping[Sku, int], locale: str
) -> PricedLine:
    """The line with the units that ``waits`` says have to wait, and what may be taken for it.

    What is shown as being there must come from what is there: where a day would have to be
    promised that nobody was told, the line is limited to the stock.
    """
    in_line = {line.sku, *(part.sku for part in line.parts)}
    if not in_line <= found.keys():
        return line
    moment = now()
    promise = latest((promise_of(found[sku][1].policy) for sku in sorted(waits)), moment)
    count = _waiting(line, waits)
    return replace(
        line,
        stock_limited=_is_limited(line.sku, found, waits),
        parts=tuple(
            replace(part, stock_limited=_is_limited(part.sku, found, waits)) for part in line.parts
        ),
        waits=count,
        promise=promise,
        wait_text=_text(promise, count, line.quantity, locale) if promise and line.sellable else "",
    )


def _is_limited(sku: Sku, found: Catalogue, waits: Mapping[Sku, int]) -> bool:
    policy = found[sku][1].policy
    return policy.below == 0 or (policy.promises and sku not in waits)


def _waiting(line: PricedLine, waits: Mapping[Sku, int]) -> int:
    """Of the quantity, those that wait; a set waits for whatever of it does."""
    if not line.parts:
        return waits.get(line.sku, 0)
    needs = {part.sku: 0 for part in line.parts}
    for part in line.parts:
        needs[part.sku] += part.quantity
    sets = (-(-units // needs[sku]) for sku, units in waits.items() if sku in needs)
    return min(max(sets, default=0), line.quantity)


def _text(promise: Promise, count: int, quantity: int, locale: str) -> str:
    """In words; nothing of what waits without a day, as its page says no more either."""
    pre_order = promise.kind is PolicyKind.PRE_ORDER
    if not (pre_order or promise.days or promise.ships_on):
        return ""
    text = promise_text(promise, locale, now())
    if pre_order:
        return Text("Pre-order. %(promise)s", promise=text)
    if count == quantity:
        return text
    return Text(
        "%(count)s of %(quantity)s come later. %(promise)s",
        count=count,
        quantity=quantity,
        promise=text,
    )
