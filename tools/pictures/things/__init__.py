"""What the shop sells, each built from shapes. ``main`` is the material that a colour names."""

from __future__ import annotations

import bpy

from tools.pictures.things import bath, kitchen, lights, planters, tableware, textiles, vases

_KINDS = (bath, kitchen, lights, planters, tableware, textiles, vases)


def build(name: str, main) -> list[bpy.types.Object]:
    """The objects of a thing by its name. Raises ``KeyError`` for one that there is not."""
    ways = {key: way for kind in _KINDS for key, way in vars(kind).items()}
    made = ways[name](main)
    return made if isinstance(made, list) else [made]
