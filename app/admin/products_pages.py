"""What the pages of one product share: saving, conflicts, and what the log is told."""

from __future__ import annotations

from app.admin.differences import Difference, differences
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


def note_change(before: Product | None, after: Product | None) -> None:
    """Tell the log of a product that came, changed or went."""
    named = after or before
    assert named is not None  # noqa: S101 - one of them is there
    changed(
        f"product:{named.id}",
        named.title,
        as_plain(before) if before else None,
        as_plain(after) if after else None,
    )


def path_of(product_id: str, below: str = "") -> str:
    """The address of a product's page in the panel."""
    return f"/admin/products/{product_id}{below}"
