"""A bundle as its page shows it: the parts, what can be taken instead, and what that costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.catalog.bundles import (
    Catalogue,
    first_choice,
    limited_stock,
    makeable_choice,
    price_of,
    sets_left,
    units_of,
)
from app.catalog.models import BundleComponent, Choice, ChosenPart, PolicyKind, Price, Product
from app.catalog.policies import Promise, Standing, latest, promise_of, waiting_units
from app.catalog.rules import variant_images, variant_url
from app.catalog.views import BundlePart, BundleView, PartChoice
from app.markets.models import Market
from app.shared.clock import now
from app.shared.ids import Sku
from app.shared.money import Money
from app.shared.texts import Text


def view_bundle(
    bundle: Product,
    found: Catalogue,
    stock: Mapping[Sku, int],
    market: Market,
    wanted: Choice = (),
) -> BundleView:
    """The bundle in the ``wanted`` choice, else in the first one that can be made and is sold.

    ``found`` has what is in range of its parts.
    """
    sold = {sku: each for sku, each in found.items() if each[1].price_in(market.code)}
    limited = limited_stock(stock, found)
    makeable = makeable_choice(bundle, sold, limited)
    choice = wanted or makeable or first_choice(bundle)
    price = price_of(bundle, choice, found, market.code, market.rounding)
    left = sets_left(units_of(choice), limited)
    standing, promise = _standing(choice, found, stock)
    shown = _View(bundle=bundle, found=found, limited=limited, market=market, choice=choice)
    return BundleView(
        price=price,
        left=left,
        standing=standing if price is not None and makeable else Standing.OUT,
        promise=promise,
        parts=tuple(shown.parts()),
        product_ids=frozenset(product.id for product, _ in found.values()),
    )


def _standing(
    choice: Choice, found: Catalogue, stock: Mapping[Sku, int]
) -> tuple[Standing, Promise | None]:
    """How one set can be had: as the part that has to wait longest."""
    standings, promises = [Standing.IN_STOCK], []
    for sku, units in units_of(choice).items():
        if sku not in found:
            continue
        policy = found[sku][1].policy
        if waiting_units(policy, units, stock.get(sku, 0)) and policy.below != 0:
            pre_order = policy.kind is PolicyKind.PRE_ORDER
            standings.append(Standing.PRE_ORDER if pre_order else Standing.BACK_ORDER)
            promises.append(promise_of(policy))
    return max(standings), latest(promises, now())


class _View:
    """One bundle in one choice."""

    def __init__(
        self,
        *,
        bundle: Product,
        found: Catalogue,
        limited: Mapping[Sku, int],
        market: Market,
        choice: Choice,
    ) -> None:
        self._bundle = bundle
        self._found = found
        self._limited = limited
        self._market = market
        self._choice = choice

    def parts(self) -> Iterable[BundlePart]:
        """The components that are in range, with what is selected for each."""
        selected = {part.position: part.sku for part in self._choice}
        for position, component in enumerate(self._bundle.components, 1):
            sku = selected.get(position, component.sku)
            if sku not in self._found:
                continue
            product, variant = self._found[sku]
            yield BundlePart(
                position=position,
                product_id=product.id,
                title=product.title,
                variant_title=variant.title,
                url=variant_url(product, variant.options),
                image=next(iter(variant_images(product, variant)), None),
                quantity=component.quantity,
                optional=component.optional,
                choices=tuple(self._choices(position, component, selected.get(position, ""))),
            )

    def _choices(
        self, position: int, component: BundleComponent, selected: str
    ) -> Iterable[PartChoice]:
        if not (component.optional or component.alternatives):
            return
        for sku in component.choices:
            if sku in self._found:
                product, variant = self._found[sku]
                label = f"{product.title}, {variant.title}" if variant.title else product.title
                yield self._part_choice(position, component, sku, label, sku == selected)
        if component.optional:
            yield self._part_choice(position, component, "", Text("Without it"), not selected)

    def _part_choice(
        self, position: int, component: BundleComponent, sku: str, label: str, selected: bool
    ) -> PartChoice:
        others = tuple(part for part in self._choice if part.position != position)
        part = ChosenPart(position=position, sku=Sku(sku), quantity=component.quantity)
        choice = tuple(sorted((*others, part), key=_position)) if sku else others
        return PartChoice(
            sku=sku,
            label=label,
            selected=selected,
            available=not sku or self._limited.get(Sku(sku), part.quantity) >= part.quantity,
            difference=None if selected else self._difference(choice),
        )

    def _difference(self, choice: Choice) -> Money | None:
        """What this choice costs more or less than the one shown; None if it is the same, or
        either is not sold."""
        shown = self._price(self._choice)
        other = self._price(choice)
        if shown is None or other is None or shown.amount == other.amount:
            return None
        return other.amount - shown.amount

    def _price(self, choice: Choice) -> Price | None:
        market = self._market
        return price_of(self._bundle, choice, self._found, market.code, market.rounding)


def _position(part: ChosenPart) -> int:
    return part.position
