"""What goes into a box, and from where."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from app.checkout.refund_rules import RETURNED
from app.fulfilment.models import UnitPlace
from app.fulfilment.paper import Column, Table, title_of
from app.orders.models import Order, OrderLine
from app.payments.models import Refund, RefundState
from app.shared.ids import Sku
from app.shared.texts import Text


def packed_table(
    order: Order,
    packed: Mapping[int, int],
    places: Sequence[UnitPlace],
    names: Mapping[str, str],
) -> Table:
    """What to pack, and where it lies if that is known."""
    lying: dict[tuple[int, int], list[UnitPlace]] = defaultdict(list)
    for each in places:
        lying[each.position, each.part].append(each)
    columns = (
        Column(title="SKU", share=25),
        Column(title=Text("Item"), share=35 if places else 55),
        *((Column(title=Text("Location"), share=22),) if places else ()),
        Column(title=Text("Quantity"), share=18 if places else 20, numeric=True),
    )
    rows = (
        (sku, title, *((_places_text(lying[at, part], names),) if places else ()), quantity)
        for at, line in enumerate(order.lines, 1)
        if at in packed
        for part, sku, title, quantity in _packed_rows(line, packed[at])
    )
    return Table(columns=columns, rows=tuple(rows))


def _places_text(places: Sequence[UnitPlace], names: Mapping[str, str]) -> str:
    """The location, or of several how many units from each."""
    if len(places) == 1:
        return names.get(places[0].location, places[0].location)
    return "; ".join(
        f"{each.quantity} × {names.get(each.location, each.location)}" for each in places
    )


def _packed_rows(line: OrderLine, quantity: int) -> Iterator[tuple[int, Sku, str, str]]:
    """The line, and of a set its parts: position in it, SKU, title, units."""
    yield (
        0,
        line.sku,
        title_of(line),
        Text("%(part)s of %(whole)s", part=quantity, whole=line.quantity),
    )
    for part in line.parts:
        yield part.position, part.sku, f"– {title_of(part)}", str(part.quantity * quantity)


def left_out(order: Order, packed: Mapping[int, int], refunds: Iterable[Refund]) -> tuple[str, ...]:
    """Parts of these sets that were paid back by themselves; the sets go on their way without."""
    gone: Counter[tuple[int, int]] = Counter()
    for refund in refunds:
        if refund.state is not RefundState.FAILED and refund.purpose != RETURNED:
            gone.update({(each.position, each.part): each.quantity for each in refund.parts.lines})
    notes = []
    for at in packed:
        parts = order.lines[at - 1].parts
        whole = min((gone[at, part.position] // part.quantity for part in parts), default=0)
        for part in parts:
            alone = gone[at, part.position] - whole * part.quantity
            if alone:
                note = Text(
                    "Paid back, leave out of the sets: %(quantity)s × %(part)s.",
                    quantity=alone,
                    part=title_of(part),
                )
                notes.append(note)
    return tuple(notes)


def not_here(order: Order, owed: Mapping[Sku, int]) -> tuple[str, ...]:
    """What of an order cannot be packed yet."""
    titles = {line.sku: title_of(line) for line in order.lines}
    titles |= {part.sku: title_of(part) for line in order.lines for part in line.parts}
    return tuple(
        Text("Not here yet: %(units)s × %(title)s.", units=units, title=titles.get(sku, sku))
        for sku, units in owed.items()
    )
