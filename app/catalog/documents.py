"""Products as MongoDB documents, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from app.catalog.models import (
    DENY,
    BundleComponent,
    BundlePricing,
    Category,
    Collection,
    CollectionRule,
    FixedPricing,
    Image,
    Option,
    PercentOff,
    Policy,
    PolicyKind,
    Price,
    Product,
    ProductKind,
    ProductStatus,
    Ratings,
    RuleCondition,
    RuleField,
    Variant,
)
from app.db.database import Document
from app.markets.models import STANDARD
from app.shared.money import Money


def product_to_document(product: Product) -> Document:
    """The stored shape of a product, without what is counted of it."""
    return {
        "_id": product.id,
        "slug": product.slug,
        "title": product.title,
        "vendor": product.vendor,
        "type": product.type,
        "kind": product.kind.value,
        "status": product.status.value,
        "description_html": product.description_html,
        "category": product.category,
        "tags": list(product.tags),
        "options": [{"name": each.name, "values": list(each.values)} for each in product.options],
        "variants": [_variant_to_document(variant) for variant in product.variants],
        "images": [_image_to_document(image) for image in product.images],
        "components": [
            {**asdict(part), "alternatives": list(part.alternatives)} for part in product.components
        ],
        "pricing": pricing_to_document(product.pricing) if product.pricing else None,
        "part_skus": sorted(product.part_skus),  # for the index and for looking parts up
        "attributes": dict(product.attributes),
        "tax_class": product.tax_class,
        "seo_title": product.seo_title,
        "seo_description": product.seo_description,
        "featured": product.featured,
        "published_at": product.published_at,
        "updated_at": product.updated_at,
        "revision": product.revision,
    }


def _image_to_document(image: Image) -> Document:
    return {
        "src": image.src,
        "alt": image.alt,
        "width": image.width,
        "height": image.height,
        "option_values": dict(image.option_values),
    }


def _variant_to_document(variant: Variant) -> Document:
    return {
        "sku": variant.sku,
        "options": dict(variant.options),
        "prices": {
            market: {
                "amount": price.amount.minor,
                "currency": price.amount.currency,
                "compare_at": price.compare_at.minor if price.compare_at else None,
            }
            for market, price in variant.prices.items()
        },
        "weight_grams": variant.weight_grams,
        "barcode": variant.barcode,
        "image_src": variant.image_src,
        "requires_shipping": variant.requires_shipping,
        "taxable": variant.taxable,
        "policy": {**asdict(variant.policy), "kind": variant.policy.kind.value},
    }


def pricing_to_document(pricing: BundlePricing) -> Document:
    """How a bundle is priced, as stored."""
    match pricing:
        case FixedPricing(prices=prices):
            amounts = {
                market: {"amount": price.minor, "currency": price.currency}
                for market, price in prices.items()
            }
            return {"kind": "fixed", "prices": amounts}
        case PercentOff(basis_points=share):
            return {"kind": "percent_off", "basis_points": share}


def pricing_from_document(document: Document) -> BundlePricing:
    """How a bundle is priced."""
    if document["kind"] == "percent_off":
        return PercentOff(basis_points=document["basis_points"])
    prices = document["prices"].items()
    return FixedPricing(
        prices={market: Money(price["amount"], price["currency"]) for market, price in prices}
    )


def component_from_document(document: Document) -> BundleComponent:
    """A part of a bundle."""
    return BundleComponent(
        sku=document["sku"],
        quantity=document["quantity"],
        optional=document.get("optional", False),
        alternatives=tuple(document.get("alternatives", ())),
    )


def product_from_document(document: Document) -> Product:
    """A product as stored."""
    return Product(
        id=document["_id"],
        slug=document["slug"],
        title=document["title"],
        vendor=document["vendor"],
        type=document["type"],
        kind=ProductKind(document["kind"]),
        status=ProductStatus(document["status"]),
        description_html=document["description_html"],
        category=document["category"],
        tags=tuple(document["tags"]),
        options=tuple(
            Option(name=each["name"], values=tuple(each["values"])) for each in document["options"]
        ),
        variants=tuple(_variant_from_document(each) for each in document["variants"]),
        images=tuple(Image(**each) for each in document["images"]),
        components=tuple(map(component_from_document, document["components"])),
        pricing=pricing_from_document(document["pricing"]) if document.get("pricing") else None,
        attributes=document["attributes"],
        tax_class=document.get("tax_class", STANDARD),
        seo_title=document["seo_title"],
        seo_description=document["seo_description"],
        featured=document["featured"],
        published_at=document["published_at"],
        updated_at=document["updated_at"],
        revision=document["revision"],
        ratings=_ratings(document.get("ratings", {})),
    )


def _ratings(counted: Mapping[str, int]) -> Ratings:
    return Ratings(tuple(counted.get(str(stars), 0) for stars in range(1, 6)))


def _variant_from_document(document: Document) -> Variant:
    prices = {market: _price(price) for market, price in document["prices"].items()}
    return Variant(**{**document, "prices": prices, "policy": _policy(document.get("policy"))})


def _policy(document: Document | None) -> Policy:
    return Policy(**{**document, "kind": PolicyKind(document["kind"])}) if document else DENY


def _price(document: Document) -> Price:
    compare_at = document.get("compare_at")
    currency = document["currency"]
    return Price(
        amount=Money(document["amount"], currency),
        compare_at=Money(compare_at, currency) if compare_at is not None else None,
    )


def shelf_to_document(shelf: Category | Collection) -> Document:
    """The stored shape of a category or collection."""
    document: dict[str, Any] = asdict(shelf)
    document["_id"] = document.pop("slug")
    if isinstance(shelf, Collection):
        document["product_ids"] = list(shelf.product_ids)
        document["rule"] = _rule_to_document(shelf.rule) if shelf.rule else None
    return document


def _rule_to_document(rule: CollectionRule) -> Document:
    return {
        "any_of": rule.any_of,
        "conditions": [
            {
                "field": each.subject.value,
                "values": list(each.values),
                "option": each.option,
                "least": dict(each.least),
                "most": dict(each.most),
                "negated": each.negated,
            }
            for each in rule.conditions
        ],
    }


def rule_from_document(document: Document) -> CollectionRule:
    """A rule as stored. Raises ``ValueError`` for a field that there is not."""
    return CollectionRule(
        any_of=bool(document.get("any_of")),
        conditions=tuple(
            RuleCondition(
                subject=RuleField(each["field"]),
                values=tuple(each.get("values", ())),
                option=each.get("option", ""),
                least=each.get("least", {}),
                most=each.get("most", {}),
                negated=bool(each.get("negated")),
            )
            for each in document["conditions"]
        ),
    )


def category_from_document(document: Document) -> Category:
    """A category as stored."""
    return Category(
        slug=document["_id"],
        name=document["name"],
        description=document["description"],
        image=_image(document),
        position=document["position"],
        revision=document.get("revision", 1),
    )


def collection_from_document(document: Document) -> Collection:
    """A collection as stored."""
    return Collection(
        slug=document["_id"],
        title=document["title"],
        description=document["description"],
        image=_image(document),
        product_ids=tuple(document["product_ids"]),
        position=document["position"],
        rule=rule_from_document(document["rule"]) if document.get("rule") else None,
        sort=document.get("sort", ""),
        starts_at=document.get("starts_at"),
        ends_at=document.get("ends_at"),
        revision=document.get("revision", 1),
    )


def _image(document: Document) -> Image | None:
    return Image(**document["image"]) if document.get("image") else None
