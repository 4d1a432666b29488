"""The whole shop, area by area, the lowest first."""

from __future__ import annotations

from dataclasses import dataclass

from jinja2 import Environment

from app.building.after_buying import AfterBuying, build_after_buying
from app.building.foundation import Foundation, build_foundation
from app.building.goods import Goods, build_goods
from app.building.messages import Messages, build_messages
from app.building.panel import Panel, build_panel
from app.building.paying import Paying, build_paying
from app.building.people import People, build_people
from app.building.selling import Selling, build_selling
from app.building.watching import Watching, build_watching
from app.config import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Shop:
    """Every area; each knows only those above it in this list."""

    base: Foundation
    people: People
    goods: Goods
    selling: Selling
    paying: Paying
    after: AfterBuying
    watching: Watching
    panel: Panel
    messages: Messages


def build_shop(settings: Settings, templates: Environment) -> Shop:
    """Everything wired; nothing connects before it is used."""
    base = build_foundation(settings)
    people = build_people(base)
    goods = build_goods(base)
    selling = build_selling(base, people, goods)
    paying = build_paying(base, goods, selling)
    return Shop(
        base=base,
        people=people,
        goods=goods,
        selling=selling,
        paying=paying,
        after=build_after_buying(base, people, goods, selling, paying),
        watching=build_watching(base, goods, selling, paying),
        panel=build_panel(base, people, goods, selling),
        messages=build_messages(base, selling, templates),
    )
