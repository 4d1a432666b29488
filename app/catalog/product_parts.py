"""The parts in which a product is edited: who edits one does not get in the way of another."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from hashlib import blake2b
from typing import Any

from app.catalog.documents import product_from_document, product_to_document
from app.catalog.models import Product
from app.db.database import Document
from app.shared.ids import ProductId, Sku
from app.shared.texts import Text


class Part(Enum):
    """A part by the fields of the stored product that belong to it."""

    DETAILS = (
        "slug", "title", "vendor", "type", "kind", "status", "description_html", "category",
        "tags", "attributes", "tax_class", "seo_title", "seo_description", "featured",
        "published_at",
    )  # fmt: skip
    VARIANTS = ("options", "variants")
    PICTURES = ("images",)

    def of(self, product: Product) -> Document:
        """This part as plain values."""
        document = product_to_document(product)
        return {name: document[name] for name in self.value}

    def print_of(self, product: Product) -> str:
        """What tells this state of the part from others; forms carry the one they were read at."""
        text = json.dumps(self.of(product), sort_keys=True, default=str)
        return blake2b(text.encode(), digest_size=12).hexdigest()


def as_plain(product: Product) -> Document:
    """A product as plain values, with all that it takes to make it again."""
    counted = {str(stars): number for stars, number in enumerate(product.ratings.counts, 1)}
    return {**product_to_document(product), "ratings": counted}


def from_plain(values: Mapping[str, Any]) -> Product:
    """The product that ``as_plain`` told of."""
    return product_from_document(dict(values))


def copy_of(product: Product, product_id: ProductId, slug: str, suffix: str) -> Product:
    """A draft like a product, for something new: its SKUs end in ``suffix``."""
    return replace(
        product,
        id=product_id,
        slug=slug,
        title=str(Text("%(title)s (copy)", title=product.title)),
        status=type(product.status).DRAFT,
        published_at=None,
        featured=False,
        revision=1,
        variants=tuple(replace(each, sku=Sku(f"{each.sku}{suffix}")) for each in product.variants),
    )
