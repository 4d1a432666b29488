"""Render the demo store's pictures with Blender's Python module (``pip install bpy``).

``python -m tools.pictures.render [name …]`` from the repository's root; pictures that are there
already are left alone.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from tools.pictures import materials, studio, things
from tools.pictures.build_catalog import DEMO, HEIGHT, WIDTH, picture_name, slug
from tools.pictures.catalog import CATEGORIES, COLLECTIONS, ITEMS, Item

IMAGES = DEMO / "images"
_QUALITY = 84
_BY_TITLE = {item.title: item for item in ITEMS}


def _save(render: Path, target: Path) -> None:
    with Image.open(render) as picture:
        picture.convert("RGB").save(target, quality=_QUALITY, method=6)


def _things(item: Item, colour: str, x: float = 0, y: float = 0, lift: float = 0):
    made = things.build(item.thing, materials.KINDS[item.surface](colour))
    for each in made:
        each.location.x += x
        each.location.y += y
        each.location.z += lift
    return made


def photograph(target: Path, item: Item, colour: str, samples: int) -> None:
    """One item in one colour."""
    studio.clear()
    studio.set_up(WIDTH, HEIGHT, samples, 2)
    studio.backdrop(item.paper)
    studio.daylight()
    studio.frame(_things(item, colour), item.view, 0.72)
    _shoot(target)


def group(target: Path, titles: tuple[str, ...], paper: str, size: tuple[int, int], **how) -> None:
    """Several items side by side, the tall ones behind."""
    samples, view = how["samples"], how.get("view", "normal")
    studio.clear()
    studio.set_up(*size, samples, 2)
    studio.backdrop(paper)
    studio.daylight(1.7)
    everything, x = [], 0.0
    for place, title in enumerate(titles):
        item = _BY_TITLE[title]
        made = _things(item, item.colours[place % len(item.colours)])
        half = _half_width(made)
        x += half + (0.12 if place else -half)
        for each in made:
            each.location.x += x
            each.location.y += 0.75 if place % 2 else -0.35
        x += half
        everything += made
    studio.frame(everything, view, how.get("fill", 0.8), how.get("shift", (0.0, 0.0)))
    _shoot(target)


def _half_width(made) -> float:
    corners = studio._corners(made)
    return max(abs(c.x) for c in corners) * 0.82


def _shoot(target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        render = Path(folder) / "picture.png"
        studio.shoot(render)
        _save(render, target)


def arranged(target: Path, places: dict[str, tuple[float, float, float]]) -> None:
    """Several items where they are put."""
    studio.clear()
    studio.set_up(WIDTH, HEIGHT, 12, 2)
    studio.backdrop("Oat")
    studio.daylight(1.4)
    everything = []
    for title, (x, y, z) in places.items():
        everything += _things(_BY_TITLE[title], _BY_TITLE[title].colours[0], x, y, z)
    studio.frame(everything, "normal", 0.8)
    _shoot(target)


_BUNDLE_SHOTS = {
    "The Breakfast Set": {"Bram's Board": (0, 0, 0), "Dune Mug": (-0.62, 0.2, 0.16), "Fjord Breakfast Bowl": (0.5, -0.2, 0.16)},
    "The Window Sill": {"Bottle Vase": (-0.95, -0.3, 0), "Moon Vase": (-0.1, 0.6, 0), "Terra Planter": (1.05, -0.2, 0)},
    "The Long Bath": {"Bath Towels": (0.55, 0.75, 0), "Bath Salts": (-0.95, 0.45, 0), "Body Oil": (-0.45, -0.5, 0), "Garden Soap": (0.75, -0.85, 0)},
}  # fmt: skip
_CATEGORY_SHOTS = {
    "tableware": ("Dune Mug", "Alder Pitcher", "Fjord Breakfast Bowl"),
    "vases-planters": ("Bottle Vase", "Moon Vase", "Wave Vase"),
    "lighting": ("Taper Holder", "Mushroom Lamp", "Scented Jar Candle"),
    "kitchen": ("Pepper Mill", "Utensil Crock", "Oil Bottle"),
    "textiles": ("Linen Cushion", "Fringed Throw"),
    "bath-body": ("Hand Wash", "Bath Salts", "Garden Soap"),
}
_COLLECTION_SHOTS = {
    "slow-mornings": (("Pebble Sugar Jar", "Heron Teapot", "Dune Mug", "Alder Pitcher", "Fjord Breakfast Bowl", "Egg Cups"), "Oat"),
    "table-for-friends": (("Reed Tumbler", "Reed Carafe", "Orchard Salad Bowl", "Taper Holder", "Pinch Bowl"), "Sage"),
    "evening-light": (("Scented Jar Candle", "Mushroom Lamp", "Tealight Cup", "Storm Lantern", "Pillar Candles"), "Blush"),
    "green-thumb": (("Terra Planter", "Stilt Planter", "Slant Planter", "Column Vase", "Meadow Bowl Planter"), "Fog"),
}  # fmt: skip


def jobs():
    """Every picture as (name, how to take it), the most wanted first."""
    for item in ITEMS:
        yield (
            picture_name(item, item.colours[0]),
            lambda t, i=item: photograph(t, i, i.colours[0], 10),
        )
    for name, (titles, paper) in _COLLECTION_SHOTS.items():
        shift = (-0.17, 0.0) if name == COLLECTIONS[0][0] else (0.0, 0.0)
        fill = 0.62 if name == COLLECTIONS[0][0] else 0.84
        yield (
            f"collection-{name}.webp",
            lambda t, a=titles, p=paper, s=shift, f=fill: group(
                t, a, p, (1440, 810), samples=12, view="level", fill=f, shift=s
            ),
        )
    for name, _, _ in CATEGORIES:
        yield (
            f"category-{name}.webp",
            lambda t, a=_CATEGORY_SHOTS[name]: group(
                t, a, _BY_TITLE[a[0]].paper, (480, 480), samples=12, fill=0.78
            ),
        )
    for title, places in _BUNDLE_SHOTS.items():
        yield f"{slug(title)}.webp", lambda t, p=places: arranged(t, p)
    for item in ITEMS:
        for colour in item.colours[1:]:
            yield picture_name(item, colour), lambda t, i=item, c=colour: photograph(t, i, c, 10)


def main() -> None:
    """Take what is missing, or what is named."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    wanted = set(sys.argv[1:])
    for name, take in jobs():
        target = IMAGES / name
        if (wanted and name not in wanted) or (not wanted and target.exists()):
            continue
        started = time.monotonic()
        take(target)
        print(
            f"{name}: {time.monotonic() - started:.1f} s, {target.stat().st_size // 1024} KB",
            flush=True,
        )


if __name__ == "__main__":
    main()
