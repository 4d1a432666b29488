"""What may be taken for a bundle, what that costs, and how often it can be made: pure rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from app.catalog.errors import BundleRefused
from app.catalog.models import (
    BundleComponent,
    Choice,
    ChosenPart,
    FixedPricing,
    PercentOff,
    Price,
    Product,
    Variant,
)
from app.catalog.policies import sellable_units
from app.markets.models import PriceRounding
from app.markets.rounding import round_price
from app.shared.errors import Invalid
from app.shared.ids import Sku
from app.shared.money import Money
from app.shared.texts import Text

MAX_COMPONENTS = 12
PART = "part."  # the fields of a form that choose parts begin like this
_FULL = 10_000  # basis points
RoundingOf = Callable[[str], PriceRounding]  # of a market's code
Catalogue = Mapping[Sku, tuple[Product, Variant]]


def catalogue_of(products: Iterable[Product]) -> Catalogue:
    """Every variant with its product, by SKU."""
    return {each.sku: (product, each) for product in products for each in product.variants}


def check_bundle(product: Product) -> None:
    """Raise ``BundleRefused`` for a bundle that cannot be sold as one."""
    problems: dict[str, str] = {}
    if len(product.variants) != 1 or product.pricing is None:
        problems["pricing"] = Text("a bundle has one variant and a pricing")
    if not 0 < len(product.components) <= MAX_COMPONENTS:
        problems["components"] = Text("a bundle has 1 to %(most)s parts", most=MAX_COMPONENTS)
    elif all(each.optional for each in product.components):
        problems["components"] = Text("something in a bundle must be required")
    for place, each in enumerate(product.components):
        if each.quantity < 1:
            problems[f"components.{place}.quantity"] = Text("a part has at least 1 unit")
        if len(set(each.choices)) != len(each.choices):
            problems[f"components.{place}.alternatives"] = Text(
                "part %(num)s names an alternative twice", num=place + 1
            )
    if isinstance(product.pricing, PercentOff) and not 0 < product.pricing.basis_points < _FULL:
        problems["pricing"] = Text("the share off is more than 0 % and less than 100 %")
    _refuse(problems)


def check_parts(bundle: Product, parts: Iterable[Product], holders: Iterable[Product]) -> None:
    """Raise ``BundleRefused`` for a bundle one of whose ``parts`` cannot be one, or that is itself
    part of one of ``holders``: a set of sets would have no stock of its own to count."""
    found = catalogue_of(parts)
    problems: dict[str, str] = {}
    for place, each in enumerate(bundle.components):
        for sku in each.choices:
            if sku not in found:
                continue
            name = f"components.{place}.{'sku' if sku == each.sku else 'alternatives'}"
            if found[sku][0].is_bundle:
                problems[name] = Text("a bundle cannot be part of a bundle")
            elif found[sku][0].is_gift_card:
                problems[name] = Text("a gift card cannot be part of a bundle")
    for holder in holders:
        problems["components"] = Text(
            "this is part of the bundle “%(title)s”, so it can be neither bundle nor gift card",
            title=holder.title,
        )
    _refuse(problems)


def _refuse(problems: Mapping[str, str]) -> None:
    if problems:
        raise BundleRefused(next(iter(problems.values())), problems)


# --- choosing -------------------------------------------------------------------------------------


def first_choice(product: Product) -> Choice:
    """Each component's own SKU, optional ones included; empty for what is no bundle."""
    return tuple(
        ChosenPart(position=position, sku=each.sku, quantity=each.quantity)
        for position, each in enumerate(product.components, 1)
    )


def choose(product: Product, wanted: Mapping[int, str]) -> Choice:
    """The choice that takes ``wanted`` SKUs by position, "" leaving an optional part out, and
    each component's own SKU where nothing is said.

    Raises ``Invalid`` beside ``part.<position>``.
    """
    problems = {}
    taken = []
    for position, each in enumerate(product.components, 1):
        sku = wanted.get(position, each.sku)
        if sku in each.choices:
            taken.append(ChosenPart(position=position, sku=Sku(sku), quantity=each.quantity))
        elif sku or not each.optional:
            problems[f"{PART}{position}"] = Text(
                "Please choose one of the things offered for this part."
            )
    for position in wanted:
        if not 0 < position <= len(product.components):
            problems[f"{PART}{position}"] = Text("This set has no such part.")
    if problems:
        raise Invalid(next(iter(problems.values())), problems)
    return tuple(taken)


def nearest_choice(product: Product, wanted: Mapping[int, str]) -> Choice:
    """The choice that takes of ``wanted`` what there is."""
    known = {
        position: sku
        for position, each in enumerate(product.components, 1)
        if (sku := wanted.get(position)) in each.choices or (sku == "" and each.optional)
    }
    return choose(product, {position: sku for position, sku in known.items() if sku is not None})


def is_choice(product: Product, choice: Choice) -> bool:
    """Whether the product, as it is now, can be had like this."""
    chosen = {part.position: part for part in choice}
    if len(chosen) != len(choice) or not chosen.keys() <= set(
        range(1, len(product.components) + 1)
    ):
        return False
    return all(
        _fits(each, chosen.get(position)) for position, each in enumerate(product.components, 1)
    )


def _fits(component: BundleComponent, part: ChosenPart | None) -> bool:
    if part is None:
        return component.optional
    return part.sku in component.choices and part.quantity == component.quantity


def part_title(part: ChosenPart, found: Catalogue) -> str:
    """A part in words, such as ``2 × Dune Mug (Moss)``."""
    product, variant = found[part.sku]
    name = f"{product.title} ({variant.title})" if variant.title else product.title
    return f"{part.quantity} × {name}" if part.quantity > 1 else name


def choice_title(choice: Choice, found: Catalogue) -> str:
    """What was chosen, in words, as far as it is known."""
    return ", ".join(part_title(part, found) for part in choice if part.sku in found)


def units_of(choice: Choice) -> Counter[Sku]:
    """Units of each SKU in one set."""
    units: Counter[Sku] = Counter()
    for part in choice:
        units[part.sku] += part.quantity
    return units


def most_units(product: Product) -> Counter[Sku]:
    """The most units of each SKU that one set, however chosen, can need."""
    units: Counter[Sku] = Counter()
    for component in product.components:
        for sku in component.choices:
            units[sku] += component.quantity
    return units


# --- stock ----------------------------------------------------------------------------------------


def limited_stock(stock: Mapping[Sku, int], found: Catalogue) -> dict[Sku, int]:
    """Units that can be sold of everything that is not sold without limit."""
    sellable = {sku: sellable_units(variant, stock) for sku, (_, variant) in found.items()}
    return {sku: units for sku, units in sellable.items() if units is not None}


def sets_left(units: Mapping[Sku, int], stock: Mapping[Sku, int]) -> int | None:
    """How many sets of these units the stock makes; None if nothing of them is limited.

    A SKU that ``stock`` does not name is not limited. Below zero where more is promised than
    there is.
    """
    return min((stock[sku] // count for sku, count in units.items() if sku in stock), default=None)


def makeable_choice(
    product: Product, sold: Collection[Sku], stock: Mapping[Sku, int]
) -> Choice | None:
    """The first choice that can be made once of ``sold`` SKUs, what is optional left out last.

    None if the stock makes no set. Components may share a SKU, so what is short is tried for
    each of them.
    """
    return _make(list(enumerate(product.components, 1)), sold, dict(stock))


def _make(
    components: Sequence[tuple[int, BundleComponent]], sold: Collection[Sku], left: dict[Sku, int]
) -> Choice | None:
    if not components:
        return ()
    (position, component), *others = components
    for sku in component.choices:
        if sku not in sold or left.get(sku, component.quantity) < component.quantity:
            continue
        after = {**left, sku: left[sku] - component.quantity} if sku in left else left
        rest = _make(others, sold, after)
        if rest is not None:
            return (ChosenPart(position=position, sku=sku, quantity=component.quantity), *rest)
    return _make(others, sold, left) if component.optional else None


# --- prices ---------------------------------------------------------------------------------------


def apart(choice: Choice, found: Catalogue, market: str) -> dict[int, Money] | None:
    """What each part of one set costs on its own, by position; None unless all are sold."""
    costs = {}
    for part in choice:
        price = found[part.sku][1].price_in(market) if part.sku in found else None
        if price is None:
            return None
        costs[part.position] = price.amount * part.quantity
    return costs


def unrounded(_market: str) -> PriceRounding:
    """For whoever knows no markets: a price is what it comes to."""
    return PriceRounding.NONE


def price_of(
    product: Product,
    choice: Choice,
    found: Catalogue,
    market: str,
    rounding: PriceRounding = PriceRounding.NONE,
) -> Price | None:
    """What one set costs in a market, beside what its parts cost apart; None where it is not sold.

    A set is sold where all its chosen parts are, for a fixed price where it has one. A share off
    is rounded as the market rounds, never above what the parts cost apart.
    """
    costs = apart(choice, found, market)
    if not costs:
        return None
    amounts = list(costs.values())
    whole = sum(amounts[1:], start=amounts[0])
    match product.pricing:
        case PercentOff(basis_points=share):
            exact = Money(_less(whole.minor, share), whole.currency)
            amount = min(round_price(exact, rounding), whole, key=lambda each: each.minor)
        case FixedPricing(prices=prices) if market in prices:
            amount = prices[market]
            for position, cost in costs.items():
                if product.components[position - 1].optional:
                    amount += cost
        case _:
            return None
    return Price(amount=amount, compare_at=whole if amount < whole else None)


def _less(minor: int, basis_points: int) -> int:
    """The amount less a share of it, half up."""
    return (2 * minor * (_FULL - basis_points) + _FULL) // (2 * _FULL)


def markets_of(choice: Choice, found: Catalogue) -> set[str]:
    """Every market in which a part is sold."""
    return {code for part in choice if part.sku in found for code in found[part.sku][1].prices}


def with_prices(product: Product, found: Catalogue, rounding_of: RoundingOf) -> Product:
    """The bundle with its first choice's prices of today as its variant's."""
    choice = first_choice(product)
    codes = sorted(markets_of(choice, found))
    priced = {code: price_of(product, choice, found, code, rounding_of(code)) for code in codes}
    prices = {code: price for code, price in priced.items() if price}
    variant = product.variants[0]
    if prices == variant.prices:
        return product
    return replace(product, variants=(replace(variant, prices=prices), *product.variants[1:]))
