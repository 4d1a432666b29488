"""A catalog of any size for measuring: varied, valid, and the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from app.catalog.documents import product_to_document, shelf_to_document
from app.catalog.list_repository import ListRepository
from app.catalog.models import (
    Category,
    Collection,
    Image,
    Option,
    Price,
    Product,
    ProductKind,
    ProductStatus,
    Variant,
)
from app.db.database import Database, Document
from app.inventory.models import LOW, MANY
from app.shared.clock import now
from app.shared.ids import ProductId, Sku
from app.shared.money import Money
from bench.words import ADJECTIVES, COLOURS, GERMAN, HINDI, MATERIALS, NOUNS, SENTENCES, SIZES

CATEGORIES = 40
VENDORS = 400
_BATCH = 1000
_FIRST_DAY = datetime(2023, 1, 1, tzinfo=UTC)
_RATES = {"US": ("USD", 100), "IN": ("INR", 7900), "DE": ("EUR", 109)}  # minor units for 1.00


def products(count: int, seed: int = 1) -> Iterator[Product]:
    """``count`` published products."""
    for number in range(count):
        yield _product(number, random.Random(f"{seed}:{number}"))


def _product(number: int, dice: random.Random) -> Product:
    noun = dice.choice(NOUNS)
    options = _options(dice)
    variants = tuple(_variants(number, dice, options))
    return Product(
        id=ProductId(f"prd_{number:026}"),
        slug=f"product-{number}",
        title=_title(dice, noun),
        vendor=f"Maker {min(int(dice.paretovariate(0.6)), VENDORS)}",
        type=noun,
        kind=ProductKind.SIMPLE,
        status=ProductStatus.PUBLISHED,
        description_html="".join(f"<p>{each}</p>" for each in dice.sample(SENTENCES, 6)),
        category=f"category-{dice.randrange(CATEGORIES)}",
        tags=tuple(dice.sample(ADJECTIVES, 4)),
        options=options,
        variants=variants,
        images=(
            Image(src=f"bench/{number}.webp", alt=noun, width=1200, height=1200),
            Image(src=f"bench/{number}b.webp", alt="", width=1200, height=1200),
        ),
        featured=dice.random() < 0.01,
        published_at=_FIRST_DAY + timedelta(seconds=dice.randrange(3 * 365 * 86_400)),
        updated_at=_FIRST_DAY + timedelta(minutes=number),
    )


def _title(dice: random.Random, noun: str) -> str:
    first, second = dice.sample(ADJECTIVES, 2)
    kind = dice.random()
    if kind < 0.1:
        return f"{dice.choice(GERMAN)} {first}"
    if kind < 0.2:
        return f"{dice.choice(HINDI)} {noun}"
    return f"{first.capitalize()} {second} {noun}"


def _options(dice: random.Random) -> tuple[Option, ...]:
    colours = Option(name="Colour", values=tuple(dice.sample(COLOURS, dice.randrange(1, 4))))
    kind = dice.random()
    if kind < 0.4:
        return (colours, Option(name="Size", values=tuple(sorted(dice.sample(SIZES, 2)))))
    if kind < 0.7:
        return (colours, Option(name="Material", values=(dice.choice(MATERIALS),)))
    return (colours,)


def _variants(number: int, dice: random.Random, options: tuple[Option, ...]) -> Iterator[Variant]:
    """One to six variants, each sold in at least one market."""
    base = dice.randrange(5, 400)
    choices: list[dict[str, str]] = [{}]
    for option in options:
        choices = [{**each, option.name: value} for each in choices for value in option.values]
    left_out = dice.choice(("IN", "DE", "", "", "", "", "", "", "", ""))
    for place, chosen in enumerate(choices):
        amount = base + place * dice.randrange(3)
        yield Variant(
            sku=Sku(f"SKU-{number}-{place}"),
            options=chosen,
            prices={
                market: Price(amount=Money(amount * rate + dice.choice((0, 50, 99)), currency))
                for market, (currency, rate) in _RATES.items()
                if market != left_out
            },
            weight_grams=dice.randrange(50, 2000),
        )


def stock_levels(product: Product) -> Iterator[Document]:
    """What is on the shelves: every seventh variant is sold out, some have few left."""
    dice = random.Random(product.id)
    for variant in product.variants:
        units = 0 if dice.random() < 1 / 7 else dice.choice((1, 3, 8, 40, 200))
        yield {
            "_id": variant.sku,
            "on_hand": units,
            "reserved": 0,
            "available": units,
            "at": {"main": {"on_hand": units, "reserved": 0, "available": units}},
            "many": MANY,
            "below": 0,
            "low_at": LOW,
            "low_own": False,
            "is_low": units <= LOW,
            "low_since": now() - timedelta(hours=dice.randrange(2000)) if units <= LOW else None,
            "marks": ["at:main", "any"] if units else ["out", "any"],
            "moves": 1 if units else 0,
            "updated_at": now(),
        }


def first_count(level: Document) -> Document:
    """The movement that says where the stock came from."""
    units = level["on_hand"]
    return {
        "_id": f"count:{level['_id']}",
        "sku": level["_id"],
        "number": 1,
        "location": "main",
        "on_hand": units,
        "reserved": 0,
        "cause": "count",
        "by": "bench",
        "reason": "",
        "order_id": "",
        "after": {"on_hand": units, "reserved": 0},
        "total_after": units,
        "at": level["updated_at"],
    }


def shelves(count: int) -> Iterator[Category | Collection]:
    """The categories, and twelve collections of up to two thousand products."""
    for number in range(CATEGORIES):
        yield Category(slug=f"category-{number}", name=f"Category {number}", position=number)
    for number in range(12):
        dice = random.Random(number)
        chosen = dice.sample(range(count), min(count // 10, 2000 if number == 0 else 60))
        ids = tuple(ProductId(f"prd_{each:026}") for each in chosen)
        yield Collection(
            slug=f"collection-{number}",
            title=f"Collection {number}",
            product_ids=ids,
            position=number,
        )


def fill(
    database: Database, count: int, progress: Callable[[int, int], None], seed: int = 1
) -> None:
    """Put ``count`` products, with stock and shelves, into an empty, migrated database."""
    made, listed = products(count, seed), ListRepository(database)
    done = 0
    while batch := list(islice(made, _BATCH)):
        database["products"].insert_many(
            [product_to_document(each) for each in batch], ordered=False
        )
        listed.add(batch)
        levels = [level for each in batch for level in stock_levels(each)]
        database["stock_levels"].insert_many(levels, ordered=False)
        counts = [first_count(level) for level in levels if level["on_hand"]]
        database["stock_movements"].insert_many(counts, ordered=False)
        done += len(batch)
        progress(done, count)
    for shelf in shelves(count):
        name = "categories" if isinstance(shelf, Category) else "collections"
        database[name].insert_one(shelf_to_document(shelf))
