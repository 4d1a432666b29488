"""A product's pictures as a form: their order is the order of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from werkzeug.datastructures import MultiDict

from app.catalog.models import Image, Product
from app.shared.errors import Invalid
from app.shared.texts import Text

MOST_PICTURES = 50
_LONGEST_ALT = 500
_BETWEEN = "\x1f"  # between an option's name and its value


def choice_of(image: Image) -> str:
    """Which of ``choices_of`` a picture is assigned to."""
    return next((_joined(*pair) for pair in image.option_values.items()), "")


def choices_of(product: Product) -> list[tuple[str, str]]:
    """What a picture can be assigned to: a value of an option."""
    return [
        (_joined(option.name, value), f"{option.name}: {value}")
        for option in product.options
        for value in option.values
    ]


def _joined(name: str, value: str) -> str:
    return f"{name}{_BETWEEN}{value}"


class PicturesInput:
    """The form as it was sent."""

    def __init__(self, fields: MultiDict[str, str]) -> None:
        sources = list(dict.fromkeys(fields.getlist("src")))
        self.order = _moved(sources, fields.get("move", ""))
        self.moves = "move" in fields  # what is ticked is not meant yet
        self.removed = fields.getlist("remove")
        self.texts = {each: fields.get(f"alt.{each}", "").strip() for each in sources}
        self.choices = {each: fields.get(f"for.{each}", "") for each in sources}

    def edit(self, product: Product) -> Product:
        """The product with its pictures described, in order, without those removed; ones that
        the form does not know stay behind the others. Raises ``Invalid``."""
        problems = {
            f"alt.{src}": Text("Please use at most %(most)s characters.", most=_LONGEST_ALT)
            for src, text in self.texts.items()
            if len(text) > _LONGEST_ALT
        }
        if problems:
            raise Invalid(Text("Please check what you entered."), problems)
        known = {each.src: each for each in product.images}
        wanted = [*(src for src in self.order if src in known), *known]
        images = tuple(
            self._changed(known[src])
            for src in dict.fromkeys(wanted)
            if self.moves or src not in self.removed
        )
        return without_lost_pictures(replace(product, images=images))

    def _changed(self, image: Image) -> Image:
        if image.src not in self.texts:
            return image
        name, _, value = self.choices[image.src].partition(_BETWEEN)
        kept = choice_of(image) == self.choices[image.src]
        return replace(
            image,
            alt=self.texts[image.src],
            option_values=image.option_values if kept else {name: value} if value else {},
        )


def without_lost_pictures(product: Product) -> Product:
    """The product whose variants show none of the pictures that it has no more."""
    there = {each.src for each in product.images}
    variants = tuple(
        each if each.image_src in there else replace(each, image_src="")
        for each in product.variants
    )
    return replace(product, variants=variants)


def with_pictures(product: Product, added: Sequence[Image]) -> Product:
    """The product with more pictures, each once. Raises ``Invalid`` for too many."""
    known = {each.src for each in product.images}
    fresh = {each.src: each for each in added if each.src not in known}
    if len(known) + len(fresh) > MOST_PICTURES:
        message = Text("A product has at most %(most)s pictures.", most=MOST_PICTURES)
        raise Invalid(message, {"files": message})
    return replace(product, images=(*product.images, *fresh.values()))


def _moved(sources: list[str], move: str) -> list[str]:
    """The order after a button was pressed: ``up:`` or ``down:`` and the picture."""
    direction, _, src = move.partition(":")
    if src not in sources:
        return sources
    place = sources.index(src)
    other = place + (1 if direction == "down" else -1)
    if 0 <= other < len(sources):
        sources[place], sources[other] = sources[other], sources[place]
    return sources
