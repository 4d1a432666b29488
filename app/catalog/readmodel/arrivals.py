"""What comes by itself while it is in the model already: products whose day of publication has
come, campaigns that begin or end."""

from __future__ import annotations

from pyroaring import BitMap

from app.catalog.readmodel.entries import milliseconds
from app.catalog.readmodel.model import CatalogModel
from app.catalog.readmodel.touched import Touched
from app.shared.clock import now

_NEVER = 3600.0


def seconds_to_arrival(model: CatalogModel) -> float:
    """How long until something comes or ends; an hour if that is far away."""
    moment = milliseconds(now())
    place = model.live_until(moment)
    coming = [each for each in _campaign_ends(model).values() if each > moment]
    if place < len(model.newest.rows):
        coming.append(int(model.published[model.newest.rows[place]]))
    return min([(each - moment) / 1000 + 0.001 for each in coming] + [_NEVER])


def arrived_between(model: CatalogModel, before: int, after: int) -> Touched:
    """What came or ended after the moment ``before`` and by ``after`` (milliseconds since 1970)."""
    rows = model.newest.rows[model.live_until(before) : model.live_until(after)].tolist()
    turned = {slug for (slug, _), at in _campaign_ends(model).items() if before < at <= after}
    if not rows and not turned:
        return Touched()
    come = BitMap(rows)
    shelves = {slug for slug, known in model.in_category.items() if slug and known.intersect(come)}
    shelves |= {slug for slug, known in model.members_of.items() if known.rows.intersect(come)}
    return Touched(
        product_ids=frozenset(model.ids[row] for row in rows),
        slugs=frozenset(model.slugs[row] for row in rows),
        shelves=frozenset(shelves | turned),
        listed=True,
        navigation=True,
    )


def _campaign_ends(model: CatalogModel) -> dict[tuple[str, int], int]:
    """Both ends of each campaign, in milliseconds since 1970."""
    return {
        (each.slug, end): milliseconds(moment)
        for each in model.shelves.collections
        for end, moment in enumerate((each.starts_at, each.ends_at))
        if moment is not None
    }
