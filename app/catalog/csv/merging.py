"""A product of the file and the one that is there, made one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from app.catalog.csv.categories import CategoriesByName
from app.catalog.csv.columns import as_key
from app.catalog.csv.parsing import BadRow, ParsedProduct, options_of
from app.catalog.models import Image, Product, ProductKind, ProductStatus, Variant
from app.markets.models import STANDARD
from app.shared.clock import now
from app.shared.ids import ProductId, new_id


def merge(parsed: ParsedProduct, known: Product | None, shelves: CategoriesByName) -> Product:
    """The product as the file says, keeping what the file cannot say.

    Prices of other markets stay. A variant the file leaves out goes, as at Shopify, unless a
    bad row may have been about it. Raises ``BadRow`` where such a one has other options than the
    file's.
    """
    before = {variant.sku: variant for variant in known.variants} if known else {}
    variants = tuple(
        _merge_variant(each, before.get(each.sku), says_policies=parsed.says_policies)
        for each in parsed.variants
    )
    if parsed.lacks_variants:
        variants += _kept(parsed, before.values())
    pictures = {image.src: image for image in known.images} if known else {}
    published = parsed.status is ProductStatus.PUBLISHED
    kind = known.kind if known else ProductKind.SIMPLE
    components, pricing = (known.components, known.pricing) if known else ((), None)
    if parsed.bundle:
        kind, (components, pricing) = ProductKind.BUNDLE, parsed.bundle
    elif parsed.gift_card:
        kind, components, pricing = ProductKind.GIFT_CARD, (), None
    return Product(
        id=known.id if known else ProductId(new_id("prd")),
        slug=parsed.slug,
        title=parsed.title,
        vendor=parsed.vendor,
        type=parsed.type,
        kind=kind,
        status=parsed.status,
        description_html=parsed.description_html,
        category=_category(parsed, known, shelves),
        tags=parsed.tags,
        options=options_of(variants),
        variants=variants,
        images=tuple(_merge_image(each, pictures.get(each.src)) for each in parsed.images),
        components=components,
        pricing=pricing,
        attributes={**_attributes(known), **parsed.attributes},
        tax_class=parsed.tax_class or (known.tax_class if known else STANDARD),
        seo_title=parsed.seo_title,
        seo_description=parsed.seo_description,
        featured=known.featured if known else False,
        published_at=(known.published_at if known else None) or (now() if published else None),
        updated_at=known.updated_at if known else now(),
        revision=known.revision if known else 1,
    )


def _attributes(known: Product | None) -> dict[str, str]:
    """What was known, also of files of earlier releases, which took names as they were."""
    return {as_key(name): value for name, value in known.attributes.items()} if known else {}


def _category(parsed: ParsedProduct, known: Product | None, shelves: CategoriesByName) -> str:
    """A file that names no category says nothing new of a product whose type stays what it is."""
    if known and not parsed.says_category and parsed.type == known.type:
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


def _merge_variant(parsed: Variant, known: Variant | None, *, says_policies: bool) -> Variant:
    if known is None:
        return parsed
    # Most files know two policies alone: what the shop has beyond that stays what it is.
    kept = not says_policies and (parsed.policy.below == 0) == (known.policy.below == 0)
    return replace(
        parsed,
        prices={**known.prices, **parsed.prices},
        policy=known.policy if kept else parsed.policy,
    )


def _merge_image(parsed: Image, known: Image | None) -> Image:
    if known is None:
        return parsed
    return replace(
        parsed,
        width=known.width,
        height=known.height,
        option_values=parsed.option_values or known.option_values,
    )
