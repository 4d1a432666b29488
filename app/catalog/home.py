"""What the owner has put on the home page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from app.catalog.models import Image
from app.shared.ids import ProductId
from app.shared.languages import DEFAULT

HOME = "/"  # stands among the slugs of shelves for the home page; no slug is like it
EVERYWHERE = "all"  # the composition for markets that have none of their own
MOST_FEATURED = 24


@dataclass(frozen=True, kw_only=True, slots=True)
class Hero:
    """What the home page begins with. Texts are by language, English always among them; ``link`` is
    a path of the shop."""

    title: Mapping[str, str]
    text: Mapping[str, str] = field(default_factory=dict)
    label: Mapping[str, str] = field(default_factory=dict)
    link: str = "/products"
    image: Image | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class HeroWords:
    """The same in one language."""

    title: str
    text: str
    label: str
    link: str
    image: Image | None


@dataclass(frozen=True, kw_only=True, slots=True)
class HomeComposition:
    """The home page of a market, or of ``EVERYWHERE``. What is empty is as it is in a shop whose
    owner has said nothing: the standard hero, every collection, the products marked as featured."""

    market: str
    hero: Hero | None = None
    collections: tuple[str, ...] = ()
    featured: tuple[ProductId, ...] = ()
    revision: int = field(default=1, compare=False)


def words_in(hero: Hero, language: str) -> HeroWords:
    """The hero as it is read in a language; what is not translated is English."""

    def said(texts: Mapping[str, str]) -> str:
        return texts.get(language) or texts.get(DEFAULT, "")

    return HeroWords(
        title=said(hero.title),
        text=said(hero.text),
        label=said(hero.label),
        link=hero.link,
        image=hero.image,
    )


def home_to_document(home: HomeComposition) -> dict[str, Any]:
    """The stored shape."""
    document: dict[str, Any] = asdict(home)
    document["_id"] = document.pop("market")
    document["collections"] = list(home.collections)
    document["featured"] = list(home.featured)
    return document


def home_from_document(document: Mapping[str, Any]) -> HomeComposition:
    """A composition as stored."""
    hero = document["hero"]
    if hero is not None:
        image = Image(**hero["image"]) if hero["image"] else None
        hero = Hero(**{**hero, "image": image})
    return HomeComposition(
        market=document["_id"],
        hero=hero,
        collections=tuple(document["collections"]),
        featured=tuple(document["featured"]),
        revision=document["revision"],
    )
