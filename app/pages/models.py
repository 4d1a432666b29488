"""A page of the owner's own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.shared.texts import read_now


@dataclass(frozen=True, kw_only=True, slots=True)
class ContentPage:
    """What stands at ``/pages/<slug>``.

    ``titles`` and ``bodies`` are by language; what is not translated is read in English. A body is
    Markdown, and may hold HTML. ``in_footer`` and ``at_checkout`` say where it is linked, lowest
    ``position`` first, and ``markets`` for whom: shoppers of those, or of all if none is named. One
    that is linked nowhere can still be read. ``version`` counts its changes, 0 for one that was
    never stored.
    """

    slug: str
    titles: Mapping[str, str] = field(default_factory=dict)
    bodies: Mapping[str, str] = field(default_factory=dict)
    in_footer: bool = True
    at_checkout: bool = False
    markets: tuple[str, ...] = ()
    position: int = 0
    version: int = 0

    def is_for(self, market: str) -> bool:
        """Whether it is linked for shoppers of a market."""
        return not self.markets or market in self.markets

    @property
    def path(self) -> str:
        """Where it is read."""
        return f"/pages/{self.slug}"

    @property
    def title(self) -> str:
        """Its title for whoever reads now."""
        return read_now(self.titles)[1]

    @property
    def body(self) -> str:
        """Its text for whoever reads now."""
        return read_now(self.bodies)[1]

    @property
    def language(self) -> str:
        """The language that its text is in for whoever reads now."""
        return read_now(self.bodies)[0]
