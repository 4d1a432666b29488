"""What the pages of one product share: saving, conflicts, and what the log is told."""

from __future__ import annotations

from app.admin.differences import Difference, differences, narrowed
from app.admin.guard import changed
from app.catalog.editing import ProductMoved, Saved
from app.catalog.models import Product
from app.catalog.product_parts import Part, as_plain


class Clash:
    """Two versions of a part: what is stored now, and what was about to be."""

    def __init__(self, part: Part, moved: ProductMoved) -> None:
        self.theirs = moved.theirs
        self.seen = part.print_of(moved.theirs)
        self.fields: list[Difference] = differences(part.of(moved.theirs), part.of(moved.yours))


def note_saved(saved: Saved) -> None:
    """Tell the log of a change."""
    if saved.is_changed:
        note_change(saved.before, saved.after)


def note_one_of_many(saved: Saved) -> None:
    """Tell the log of one of many changes, by what differs alone: together they are one entry, and
    a document of the database holds 16 MB."""
    old, new = narrowed(as_plain(saved.before), as_plain(saved.after))
    changed(f"product:{saved.after.id}", saved.after.title, old, new)


def note_change(before: Product | None, after: Product | None) -> None:
    """Tell the log of a product that came, changed or went: whole, so that it can be brought back,
    or of one that changed its fields that differ."""
    named = after or before
    assert named is not None  # noqa: S101 - one of them is there
    old, new = (as_plain(each) if each else None for each in (before, after))
    if old and new:
        differing = [name for name in new if old[name] != new[name]]
        old, new = ({name: each[name] for name in differing} for each in (old, new))
    changed(f"product:{named.id}", named.title, old, new)


def path_of(product_id: str, below: str = "") -> str:
    """The address of a product's page in the panel."""
    return f"/admin/products/{product_id}{below}"
