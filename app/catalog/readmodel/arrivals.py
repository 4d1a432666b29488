"""Products whose day of publication comes while they are in the model already."""

from __future__ import annotations

from pyroaring import BitMap

from app.catalog.readmodel.entries import milliseconds
from app.catalog.readmodel.model import CatalogModel
from app.catalog.readmodel.touched import Touched
from app.shared.clock import now

_NEVER = 3600.0


def seconds_to_arrival(model: CatalogModel) -> float:
    """How long until the next product comes; an hour if that is far away."""
    moment = milliseconds(now())
    place = model.live_until(moment)
    if place == len(model.newest.rows):
        return _NEVER
    return min((int(model.published[model.newest.rows[place]]) - moment) / 1000 + 0.001, _NEVER)


def arrived_between(model: CatalogModel, before: int, after: int) -> Touched:
    """What came after the moment ``before`` and by ``after`` (milliseconds since 1970)."""
    rows = model.newest.rows[model.live_until(before) : model.live_until(after)].tolist()
    if not rows:
        return Touched()
    come = BitMap(rows)
    shelves = {slug for slug, known in model.in_category.items() if slug and known.intersect(come)}
    shelves |= {slug for slug, known in model.members_of.items() if known.rows.intersect(come)}
    return Touched(
        product_ids=frozenset(model.ids[row] for row in rows),
        slugs=frozenset(model.slugs[row] for row in rows),
        shelves=frozenset(shelves),
        listed=True,
        navigation=True,
    )
