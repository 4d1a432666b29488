"""The form of a bundle's composition. Every button but "Save" only works out what it comes to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from werkzeug.datastructures import MultiDict

from app.catalog.bundles import MAX_COMPONENTS
from app.catalog.composing import Composition
from app.catalog.models import BundleComponent, BundlePricing, FixedPricing, PercentOff
from app.markets.models import Market
from app.shared.errors import Invalid
from app.shared.ids import Sku
from app.shared.money import Money
from app.shared.numbers import basis_points, whole
from app.shared.texts import Text

_PART = re.compile(r"part\.(\d{1,2})\.(sku|quantity|optional|alternatives)")
_PLAIN = ("was", "product_id", "title", "slug", "sku", "pricing", "percent", "q", "target")
_BUTTONS = ("add", "drop_part", "up_part", "down_part", "find", "work_out")
_MOST_UNITS = 1000
_MOST_MINOR = 10**12
# Problems of the domain, by the field of this form that they are beside.
_COMPONENT = re.compile(r"components\.(\d+)\.(\w+)")


@dataclass(kw_only=True)
class PartInput:
    """A part as it was typed; alternatives are SKUs, one on each line."""

    sku: str = ""
    quantity: str = "1"
    optional: bool = False
    alternatives: str = ""

    @property
    def others(self) -> tuple[str, ...]:
        """The SKUs that may be taken instead."""
        return tuple(filter(None, map(str.strip, self.alternatives.splitlines())))


@dataclass(kw_only=True)
class BundleInput:
    """Everything that was typed, and what is wrong with it by field."""

    values: dict[str, str]
    parts: list[PartInput] = field(default_factory=list)
    prices: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


def empty_input(product_id: str) -> BundleInput:
    """The form of a new bundle."""
    values = {**dict.fromkeys(_PLAIN, ""), "product_id": product_id, "pricing": "percent"}
    return BundleInput(values={**values, "percent": "10"})


def input_of(composition: Composition) -> BundleInput:
    """The form of what is stored."""
    given = empty_input("")
    given.values["was"] = composition.print
    given.parts = [
        PartInput(
            sku=each.sku,
            quantity=str(each.quantity),
            optional=each.optional,
            alternatives="\n".join(each.alternatives),
        )
        for each in composition.components
    ]
    match composition.pricing:
        case PercentOff(basis_points=share):
            given.values["percent"] = f"{(Decimal(share) / 100).normalize():f}"
        case FixedPricing(prices=prices):
            given.values.update(pricing="fixed", percent="")
            given.prices = {code: f"{price.to_major():f}" for code, price in prices.items()}
    return given


def read_input(form: MultiDict[str, str]) -> BundleInput:
    """The form as it was sent, after what its button asked for."""
    rows: dict[int, PartInput] = {}
    for name, value in form.items():
        if found := _PART.fullmatch(name):
            row = rows.setdefault(int(found[1]), PartInput())
            setattr(row, found[2], bool(value) if found[2] == "optional" else value.strip())
    given = BundleInput(
        values={name: form.get(name, "").strip() for name in _PLAIN},
        parts=[rows[place] for place in sorted(rows)][: 2 * MAX_COMPONENTS],
        prices={
            name.removeprefix("price."): value.strip()
            for name, value in form.items()
            if name.startswith("price.") and value.strip()
        },
    )
    _press(given, form)
    return given


def only_works_out(form: MultiDict[str, str]) -> bool:
    """Whether the button that was pressed stores nothing."""
    if any(name in form for name in _BUTTONS):
        return True
    return "enter" in form and form.get("q", "").strip() != form.get("searched", "").strip()


def _press(given: BundleInput, form: MultiDict[str, str]) -> None:
    parts = given.parts
    if added := form.get("add", ""):
        target = _place(form.get("target", ""), parts)
        if target is None:
            parts.append(PartInput(sku=added))
        elif added not in {parts[target].sku, *parts[target].others}:
            parts[target].alternatives = "\n".join((*parts[target].others, added))
    if (place := _place(form.get("drop_part", ""), parts)) is not None:
        del parts[place]
    for button, step in (("up_part", -1), ("down_part", 1)):
        place = _place(form.get(button, ""), parts)
        if place is not None and 0 <= place + step < len(parts):
            parts.insert(place + step, parts.pop(place))


def _place(text: str, parts: Sequence[PartInput]) -> int | None:
    place = whole(text, None)
    return place if place is not None and place < len(parts) else None


def composition_from(given: BundleInput, markets: Sequence[Market]) -> Composition:
    """What the form says. Raises ``Invalid`` beside each field that cannot be read."""
    problems: dict[str, str] = {}
    components = tuple(_component(place, each, problems) for place, each in enumerate(given.parts))
    pricing = _pricing(given, markets, problems)
    if problems:
        raise Invalid(next(iter(problems.values())), problems)
    return Composition(components=components, pricing=pricing)


def _component(place: int, given: PartInput, problems: dict[str, str]) -> BundleComponent:
    text = given.quantity
    quantity = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0
    if not 0 < quantity <= _MOST_UNITS:
        problems[f"part.{place}.quantity"] = Text(
            "Part %(num)s: please give 1 to %(most)s units.", num=place + 1, most=_MOST_UNITS
        )
    if not given.sku:
        problems[f"part.{place}.sku"] = Text("Part %(num)s: please name a SKU.", num=place + 1)
    return BundleComponent(
        sku=Sku(given.sku),
        quantity=quantity,
        optional=given.optional,
        alternatives=tuple(map(Sku, given.others)),
    )


def _pricing(
    given: BundleInput, markets: Sequence[Market], problems: dict[str, str]
) -> BundlePricing:
    if given.values["pricing"] != "fixed":
        return PercentOff(basis_points=_basis_points(given.values["percent"], problems))
    prices = {}
    for market in markets:
        text = given.prices.get(market.code, "")
        if not text:
            continue
        try:
            amount = Money.from_major(text, market.currency)
        except ValueError:
            amount = Money(-1, market.currency)
        if 0 <= amount.minor < _MOST_MINOR:
            prices[market.code] = amount
        else:
            problems[f"price.{market.code}"] = Text(
                "Please give an amount in %(currency)s, such as 25.", currency=market.currency
            )
    if not prices and not problems:
        problems["pricing"] = Text("Please give a price in at least one market.")
    return FixedPricing(prices=prices)


def _basis_points(text: str, problems: dict[str, str]) -> int:
    try:
        points = basis_points(text.replace(",", "."))
    except ValueError:
        points = 0
    if not 0 < points < 10_000:
        problems["percent"] = Text("Please give a share between 0 and 100, such as 12.5.")
        return 0
    return points


def beside_fields(problems: Mapping[str, str]) -> dict[str, str]:
    """The domain's problems by the fields of this form."""
    return {
        f"part.{found[1]}.{found[2]}" if (found := _COMPONENT.fullmatch(name)) else name: text
        for name, text in problems.items()
    }
