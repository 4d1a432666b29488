"""Draw ``demo/images/gift-card.webp``, which needs no Blender: ``python -m tools.pictures.gift_card``."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from tools.pictures.build_catalog import DEMO, HEIGHT, WIDTH

_TIMES = 3  # drawn larger, for smooth edges
_PAPER, _FLOOR = (214, 211, 205), (228, 226, 221)
_MOSS, _LEAF, _PEBBLE, _OAT = (63, 90, 54), (84, 113, 73), (122, 146, 105), (240, 235, 222)
_CARD = (400, 252)


def _font(size: int) -> ImageFont.FreeTypeFont:
    path = files("fontpkg_mukta") / "files" / "Mukta-Medium.ttf"
    return ImageFont.truetype(str(path), size * _TIMES)


def _paper() -> Image.Image:
    """A wall that runs into the floor, as in the other pictures."""
    strip = Image.new("RGB", (1, 100))
    for y in range(100):
        share = y / 99
        strip.putpixel(
            (0, y), tuple(round(a + (b - a) * share) for a, b in zip(_PAPER, _FLOOR, strict=True))
        )
    return strip.resize((WIDTH * _TIMES, HEIGHT * _TIMES), Image.Resampling.BICUBIC)


def _card() -> Image.Image:
    width, height = (side * _TIMES for side in _CARD)
    card = Image.new("RGBA", (width, height))
    draw = ImageDraw.Draw(card)
    draw.rounded_rectangle((0, 0, width - 1, height - 1), 18 * _TIMES, fill=_MOSS)
    edge = card.getchannel("A")
    pebbles = Image.new("RGBA", (width, height), (*_MOSS, 255))
    pen = ImageDraw.Draw(pebbles)
    for left, top, side, colour in ((0.56, 0.28, 0.60, _LEAF), (0.78, 0.62, 0.34, _PEBBLE)):
        box = (
            width * left,
            height * top,
            width * (left + side),
            height * top + width * side * 0.82,
        )
        pen.ellipse(box, fill=colour)
    card.paste(pebbles, (0, 0), edge)
    draw.text((28 * _TIMES, 18 * _TIMES), "MossX", font=_font(40), fill=_OAT)
    draw.text((28 * _TIMES, height - 52 * _TIMES), "Gift card", font=_font(22), fill=_OAT)
    return card


def main() -> None:
    """Write the picture."""
    scene = _paper()
    card = _card().rotate(8, expand=True, resample=Image.Resampling.BICUBIC)
    place = ((scene.width - card.width) // 2, (scene.height - card.height) // 2)
    shadow = Image.new("RGBA", scene.size)
    shade = Image.new("RGBA", card.size, (60, 58, 50, 120))
    shade.putalpha(card.getchannel("A").point(lambda alpha: alpha * 110 // 255))
    shadow.paste(shade, (place[0] + 6 * _TIMES, place[1] + 16 * _TIMES))
    shadow = shadow.filter(ImageFilter.GaussianBlur(14 * _TIMES))
    scene.paste(shadow, (0, 0), shadow)
    scene.paste(card, place, card)
    target: Path = DEMO / "images" / "gift-card.webp"
    scene.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).save(target, quality=82, method=6)


if __name__ == "__main__":
    main()
