"""Settings as they are stored, and what the shop says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from app.shared.texts import current_language, read_now

MOST_CANCEL_MINUTES = 10_080
MOST_RETURN_DAYS = 3_650


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """Plain values under a name; ``version`` counts their changes, 0 for what nobody stored."""

    name: str
    version: int
    values: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Logo:
    """The picture that stands for the shop's name; its size in pixels, 0 if unknown."""

    src: str
    width: int
    height: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ShopWords:
    """What the shop is called and sells, for whoever reads now; "" for what it does not say."""

    name: str
    tagline: str
    description: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ShopProfile:
    """What the shop is called, who sells, by which rules, and what everybody is told.

    ``name`` stands on every page and in every message, and ``logo`` in its place on top of the
    shop's pages. ``taglines`` say in a few words what there is to buy, ``descriptions`` in a
    sentence or two, by language. ``seller`` is a name and an address in lines, ``contact`` an
    e-mail address or "", ``announcement`` the bar's text by language. ``by_hand`` is what somebody
    stored, else it is the environment's; ``version`` counts the changes from one to the other as
    well.
    """

    name: str
    logo: Logo | None = None
    taglines: Mapping[str, str] = field(default_factory=dict)
    descriptions: Mapping[str, str] = field(default_factory=dict)
    seller: tuple[str, ...]
    tax_id: str = ""
    cancel_minutes: int  # after paying
    return_days: int  # after delivery
    contact: str = ""
    announcement: Mapping[str, str] = field(default_factory=dict)
    version: int = 0
    by_hand: bool = False

    @property
    def cancel_window(self) -> timedelta:
        """How long after paying a shopper may cancel."""
        return timedelta(minutes=self.cancel_minutes)

    @property
    def return_window(self) -> timedelta:
        """How long after delivery a return can be asked for."""
        return timedelta(days=self.return_days)

    @property
    def tagline(self) -> str:
        """The few words for whoever reads now, in English where they are not translated."""
        return read_now(self.taglines)[1]

    @property
    def description(self) -> str:
        """The sentence for whoever reads now, in English where it is not translated."""
        return read_now(self.descriptions)[1]

    @property
    def words(self) -> ShopWords:
        """All three."""
        return ShopWords(name=self.name, tagline=self.tagline, description=self.description)

    @property
    def announced(self) -> str:
        """The bar's text for whoever reads now, "" for no bar."""
        return self.announcement.get(current_language(), "")
