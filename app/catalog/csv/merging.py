"""A product of the file and the one that is there, made one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

from app.catalog.csv import columns as c
from app.catalog.csv.categories import CategoriesByName
from app.catalog.csv.parsed import BadRow, ParsedProduct
from app.catalog.models import (
    UNCOUNTED,
    Image,
    Option,
    Policy,
    Product,
    ProductKind,
    ProductStatus,
    Variant,
)
from app.markets.models import STANDARD
from app.shared.clock import now
from app.shared.ids import ProductId, Sku, new_id

_OF_PRODUCT = {
    "vendor": c.VENDOR, "type": c.TYPE, "description_html": c.BODY, "tags": c.TAGS,
    "seo_title": c.SEO_TITLE, "seo_description": c.SEO_DESCRIPTION,
}  # fmt: skip
_OF_VARIANT = {
    "weight_grams": c.GRAMS, "barcode": c.BARCODE, "image_src": c.VARIANT_IMAGE,
    "requires_shipping": c.SHIPPING, "taxable": c.TAXABLE,
}  # fmt: skip


def with_own_skus(parsed: ParsedProduct, known: Product | None) -> ParsedProduct:
    """The product of the file with the SKUs that its variants have in the shop, where the file
    names these by their options alone."""
    if known is None or not parsed.made_up:
        return parsed
    there = {frozenset(each.options.items()): each.sku for each in known.variants}
    skus = {each.sku: each.sku for each in parsed.variants}
    for each in parsed.variants:
        own = there.get(frozenset(each.options.items()))
        if own is not None and own not in skus and each.sku in parsed.made_up:
            skus[each.sku] = own
    return replace(
        parsed,
        variants=tuple(replace(each, sku=skus[each.sku]) for each in parsed.variants),
        stock={skus[sku]: units for sku, units in parsed.stock.items()},
        stock_was={skus[sku]: units for sku, units in parsed.stock_was.items()},
        lines={skus[sku]: line for sku, line in parsed.lines.items()},
    )


def merge(parsed: ParsedProduct, known: Product | None, shelves: CategoriesByName) -> Product:
    """The product as the file says, keeping what the file cannot say, or has no column for.

    Prices of other markets stay. A variant the file leaves out goes, as at Shopify, unless a
    bad row may have been about it. Raises ``BadRow`` where such a one has other options than the
    file's, and for a product with options in a file without.
    """
    _check_options(parsed, known)
    before = {variant.sku: variant for variant in known.variants} if known else {}
    variants = tuple(
        _merge_variant(each, before.get(each.sku), parsed.columns) for each in parsed.variants
    )
    if parsed.lacks_variants:
        variants += _kept(parsed, before.values())
    status = _status(parsed, known)
    published = status is ProductStatus.PUBLISHED
    kind = known.kind if known else ProductKind.SIMPLE
    components, pricing = (known.components, known.pricing) if known else ((), None)
    if parsed.bundle:
        kind, (components, pricing) = ProductKind.BUNDLE, parsed.bundle
    elif parsed.gift_card:
        kind, components, pricing = ProductKind.GIFT_CARD, (), None
    product = Product(
        id=known.id if known else ProductId(new_id("prd")),
        slug=parsed.slug,
        title=parsed.title,
        vendor=parsed.vendor,
        type=parsed.type,
        kind=kind,
        status=status,
        description_html=parsed.description_html,
        category=_category(parsed, known, shelves),
        tags=parsed.tags,
        options=options_of(variants),
        variants=variants,
        images=_merge_images(parsed, known, variants),
        components=components,
        pricing=pricing,
        attributes=_attributes(parsed.attributes, known),
        tax_class=parsed.tax_class or (known.tax_class if known else STANDARD),
        seo_title=parsed.seo_title,
        seo_description=parsed.seo_description,
        featured=known.featured if known else False,
        published_at=parsed.published_at
        or (known.published_at if known else None)
        or (now() if published else None),
        updated_at=known.updated_at if known else now(),
        revision=known.revision if known else 1,
    )
    return replace(product, **_unsaid(_OF_PRODUCT, known, parsed.columns)) if known else product


def options_of(variants: Sequence[Variant]) -> tuple[Option, ...]:
    """What there is to choose between variants that all have the same options."""
    return tuple(
        Option(name=key, values=tuple(dict.fromkeys(each.options[key] for each in variants)))
        for key in variants[0].options
    )


def _unsaid(
    fields: Mapping[str, str], known: Product | Variant, columns: AbstractSet[str]
) -> dict[str, Any]:
    """What is known of fields that the file has no column for."""
    return {name: getattr(known, name) for name, column in fields.items() if column not in columns}


def _check_options(parsed: ParsedProduct, known: Product | None) -> None:
    if known and known.options and c.option_name(1) not in parsed.columns:
        reason = f"the variants of {parsed.slug} have options, and the file has no column"
        raise BadRow(parsed.line, f"{reason} {c.option_name(1)}; {parsed.slug} was left out")


def _status(parsed: ParsedProduct, known: Product | None) -> ProductStatus:
    says = not parsed.columns.isdisjoint((c.STATUS, c.PUBLISHED))
    return parsed.status if says or known is None else known.status


def _attributes(given: Mapping[str, str], known: Product | None) -> dict[str, str]:
    """What was known, also of files of earlier releases, which took names as they were, or took
    every dollar out of them."""
    there = (
        {c.as_attribute(name): value for name, value in known.attributes.items()} if known else {}
    )
    for name, value in given.items():
        bare = c.as_key(name)
        was_bare = name not in there and bare in there and bare not in given
        there[bare if was_bare else name] = value
    return there


def _category(parsed: ParsedProduct, known: Product | None, shelves: CategoriesByName) -> str:
    """A file that names no category says nothing new of a product whose type stays what it is."""
    same_type = known and (c.TYPE not in parsed.columns or parsed.type == known.type)
    if known and same_type and not parsed.says_category:
        return known.category
    return shelves.slug_of(parsed.categories, known.category if known else "")


def _kept(parsed: ParsedProduct, before: Iterable[Variant]) -> tuple[Variant, ...]:
    """The variants that a bad row may have been about: the file has neither their SKU nor another
    one with their options."""
    named = {each.sku for each in parsed.variants}
    taken = [each.options for each in parsed.variants]
    kept = tuple(each for each in before if each.sku not in named and each.options not in taken)
    names = parsed.variants[0].options.keys()
    for each in kept:
        if each.options.keys() != names:
            raise BadRow(
                parsed.line,
                f"the options of {each.sku} would not fit the file's, and a row of this product "
                f"cannot be used; {parsed.slug} was left out",
            )
    return kept


def _merge_variant(parsed: Variant, known: Variant | None, columns: AbstractSet[str]) -> Variant:
    if known is None:
        return parsed
    return replace(
        parsed,
        prices={**known.prices, **parsed.prices},
        policy=_policy(parsed.policy, known.policy, columns),
        **_unsaid(_OF_VARIANT, known, columns),
    )


def _policy(parsed: Policy, known: Policy, columns: AbstractSet[str]) -> Policy:
    """Most files know two policies alone, some none: what the shop has beyond that stays."""
    if c.STOCK_POLICY in columns:
        return parsed
    if c.POLICY in columns:
        same = (parsed.below == 0) == (known.below == 0)
    else:
        same = c.TRACKER not in columns or (parsed == UNCOUNTED) == (known == UNCOUNTED)
    return known if same else parsed


def _merge_images(
    parsed: ParsedProduct, known: Product | None, variants: Sequence[Variant]
) -> tuple[Image, ...]:
    if known is None:
        return parsed.images
    there = {image.src: image for image in known.images}
    images = {} if c.IMAGE in parsed.columns else dict(there)
    for each in parsed.images:
        before = there.get(each.src)
        merged = _merge_image(each, before, known.variants, variants)
        if before and c.IMAGE_ALT not in parsed.columns:
            merged = replace(merged, alt=before.alt)
        images[each.src] = merged
    for variant in variants:  # also what the file has no column for, or a bad row
        if variant.image_src in there:
            images.setdefault(variant.image_src, there[variant.image_src])
    return tuple(images.values())


def _merge_image(
    parsed: Image, known: Image | None, before: Iterable[Variant], after: Sequence[Variant]
) -> Image:
    """What a picture belongs to stays while it is there, and the same variants show it."""
    if known is None:
        return parsed
    stays = _shown_by(known, before) == _shown_by(known, after) and any(
        known.option_values.items() <= each.options.items() for each in after
    )
    chosen = known.option_values if stays or not parsed.option_values else parsed.option_values
    return replace(parsed, width=known.width, height=known.height, option_values=chosen)


def _shown_by(image: Image, variants: Iterable[Variant]) -> set[Sku]:
    return {each.sku for each in variants if each.image_src == image.src}
