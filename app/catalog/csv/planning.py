"""What an import would change, in words for whoever decides on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from app.catalog.csv.importing import Decision
from app.catalog.models import Price, Product, Variant

_MOST_FIELDS = 12  # of one product
_LONGEST = 120  # characters of a value
_PLAIN = (
    "title", "vendor", "type", "status", "category", "tax_class", "seo_title", "seo_description",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldChange:
    """One thing that would be different; "" stands for nothing."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedProduct:
    """A product that would be new, or changed; ``more`` changes are left out."""

    slug: str
    title: str
    is_new: bool
    changes: tuple[FieldChange, ...] = ()
    more: int = 0


def planned_products(decision: Decision) -> Iterator[PlannedProduct]:
    """The products of a batch that would be written, new ones first."""
    for product in decision.new:
        yield PlannedProduct(slug=product.slug, title=product.title, is_new=True)
    for product in decision.changed:
        changes = list(_changes(decision.known[product.slug], product))
        yield PlannedProduct(
            slug=product.slug,
            title=product.title,
            is_new=False,
            changes=tuple(changes[:_MOST_FIELDS]),
            more=max(len(changes) - _MOST_FIELDS, 0),
        )


def planned_stock(decision: Decision) -> Iterator[FieldChange]:
    """The SKUs of a batch that would be counted to another number."""
    for sku, units in decision.stock.items():
        before = decision.on_hand.get(sku)
        if before != units:
            yield FieldChange(
                name=sku, before="" if before is None else str(before), after=str(units)
            )


def _changes(before: Product, after: Product) -> Iterator[FieldChange]:
    for name in _PLAIN:
        yield from _change(name.replace("_", " "), getattr(before, name), getattr(after, name))
    yield from _change("published at", _moment(before), _moment(after))
    yield from _change("kind", before.kind.value, after.kind.value)
    yield from _change("tags", ", ".join(before.tags), ", ".join(after.tags))
    yield from _change("description", before.description_html, after.description_html)
    yield from _change("pictures", _pictures(before), _pictures(after))
    yield from _maps("attribute", before.attributes, after.attributes)
    if (before.components, before.pricing) != (after.components, after.pricing):
        yield FieldChange(name="bundle", before="", after="…")
    yield from _variant_changes(before.variants, after.variants)


def _moment(product: Product) -> str:
    return f"{product.published_at:%Y-%m-%d %H:%M} UTC" if product.published_at else ""


def _variant_changes(before: Iterable[Variant], after: Iterable[Variant]) -> Iterator[FieldChange]:
    old, new = ({each.sku: each for each in variants} for variants in (before, after))
    for sku in new.keys() - old.keys():
        yield from _change(f"variant {sku}", "", new[sku].title or sku)
    for sku in old.keys() - new.keys():
        yield from _change(f"variant {sku}", old[sku].title or sku, "")
    for sku, variant in new.items():
        if sku in old:
            yield from _fields_of(sku, old[sku], variant)


def _fields_of(sku: str, before: Variant, after: Variant) -> Iterator[FieldChange]:
    yield from _maps(f"{sku} price", _prices(before), _prices(after))
    yield from _maps(f"{sku} option", before.options, after.options)
    for name in ("weight_grams", "barcode", "image_src", "requires_shipping", "taxable"):
        field = name.replace("_", " ")
        yield from _change(f"{sku} {field}", str(getattr(before, name)), str(getattr(after, name)))
    yield from _change(f"{sku} policy", before.policy.kind.value, after.policy.kind.value)


def _prices(variant: Variant) -> dict[str, str]:
    return {market: _price(price) for market, price in variant.prices.items()}


def _price(price: Price) -> str:
    former = f" (was {price.compare_at.to_major()})" if price.compare_at else ""
    return f"{price.amount.to_major()} {price.amount.currency}{former}"


def _pictures(product: Product) -> str:
    return ", ".join(image.src for image in product.images)


def _maps(name: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[FieldChange]:
    for key in sorted({*before, *after}):
        yield from _change(f"{name} {key}", before.get(key, ""), after.get(key, ""))


def _change(name: str, before: str, after: str) -> Iterator[FieldChange]:
    if before != after:
        yield FieldChange(name=name[:_LONGEST], before=before[:_LONGEST], after=after[:_LONGEST])
