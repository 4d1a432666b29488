"""Catalogs at random, what a model says of them, and the same worked out the slow and plain way."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from app.catalog.models import (
    Collection,
    CollectionRule,
    Policy,
    PolicyKind,
    Product,
    ProductKind,
    ProductStatus,
    RuleCondition,
    RuleField,
    Variant,
)
from app.catalog.query import OPTION, ListingQuery
from app.catalog.readmodel.edit import ModelEdit
from app.catalog.readmodel.entries import is_published, make_entry
from app.catalog.readmodel.model import CatalogModel, empty_model
from app.shared.clock import now
from app.shared.ids import ProductId, Sku
from tests.support.catalog import make_product, make_variant

COLOURS = ("Moss", "Clay", "Sky", "Ink", "Snow")
SIZES = ("S", "M", "L", "XL")
VENDORS = ("Halden", "Fell", "Moor", "Tarn", "")
CATEGORIES = ("bowls", "cups", "plates", "")
WORDS = ("walnut", "oak", "linen", "müsli", "clay", "small", "गिलास", "weiß", "tray", "lamp")
TYPES = ("Bowl", "Cup", "")
TAGS = ("wood", "gift", "new", "blue")
MARKETS = ("US", "IN", "DE")


@dataclass
class Shop:
    """Everything a model is made of."""

    products: dict[ProductId, Product] = field(default_factory=dict)
    stock: dict[Sku, int] = field(default_factory=dict)
    sales: dict[ProductId, int] = field(default_factory=dict)
    collections: tuple[Collection, ...] = ()

    def build(self) -> CatalogModel:
        """The model made of all of it at once."""
        return self.apply(empty_model(), list(self.products), resold=self.sales)

    def apply(
        self,
        model: CatalogModel,
        ids: Iterable[ProductId],
        resold: Iterable[ProductId] = (),
    ) -> CatalogModel:
        """The model with what changed of these products."""
        edit = ModelEdit(model)
        ids = dict.fromkeys(ids)
        known = [self.products[each] for each in ids if each in self.products]
        shown = [each for each in known if is_published(each)]
        gone = set(ids) - {each.id for each in shown}
        edit.apply([make_entry(each, self.stock) for each in shown], gone)
        new = [each.id for each in shown if each.id not in model.row_of]
        edit.set_sales({each: self.sales.get(each, 0) for each in [*resold, *new]})
        edit.set_shelves((), self.collections)
        return edit.done()


def random_variant(dice: random.Random, sku: str, options: dict[str, str]) -> Variant:
    """A variant with prices in some markets."""
    sold_in = [each for each in MARKETS if dice.random() < 0.85]
    prices = {each: dice.randrange(1, 60) * 100 for each in sold_in} or {"US": 500}
    return replace(make_variant(sku, options, **prices), policy=random_policy(dice))


def random_policy(dice: random.Random) -> Policy:
    """Mostly none, at times one of any kind."""
    if dice.random() < 0.8:
        return Policy()
    limit = dice.choice((None, 1, 3))
    if limit is None or dice.random() < 0.5:
        return Policy(kind=PolicyKind.BACK_ORDER, limit=limit)
    return Policy(kind=PolicyKind.PRE_ORDER, limit=limit, ships_on=now() + timedelta(days=9))


def random_product(dice: random.Random, name: ProductId) -> Product:
    """A product of any kind; ``name`` is its id and makes its slug and SKUs its own."""
    colours = dice.sample(COLOURS, dice.randrange(1, 4))
    sizes = dice.sample(SIZES, dice.randrange(1, 3)) if dice.random() < 0.7 else [None]
    variants = [
        random_variant(
            dice,
            f"{name}-{colour}-{size}",
            {"Colour": colour, **({"Size": size} if size else {})},
        )
        for colour in colours
        for size in sizes
    ]
    dice.shuffle(variants)
    age = timedelta(days=dice.randrange(0, 9), minutes=dice.randrange(2))
    return make_product(
        " ".join(dice.sample(WORDS, 3)),
        *variants[: dice.randrange(1, 6)],
        id=name,
        slug=f"p-{name}",
        vendor=dice.choice(VENDORS),
        category=dice.choice(CATEGORIES),
        type=dice.choice(TYPES),
        tags=tuple(dice.sample(TAGS, dice.randrange(3))),
        featured=dice.random() < 0.2,
        kind=ProductKind.BUNDLE if dice.random() < 0.1 else ProductKind.SIMPLE,
        status=ProductStatus.PUBLISHED if dice.random() < 0.85 else ProductStatus.DRAFT,
        published_at=now() - age if dice.random() < 0.9 else now() + timedelta(days=3),
    )


def random_query(dice: random.Random) -> list[tuple[str, str]]:
    """Pairs of a query string with any filters."""
    pairs: list[tuple[str, str]] = []
    for name, values in (("option.Colour", COLOURS), ("option.Size", SIZES), ("vendor", VENDORS)):
        if dice.random() < 0.35:
            pairs += [(name, each) for each in dice.sample(values, dice.randrange(1, 3))]
    if dice.random() < 0.35:
        pairs.append(("in_stock", "1"))
    if dice.random() < 0.35:
        pairs.append(("min_price", str(dice.randrange(0, 40))))
    if dice.random() < 0.35:
        pairs.append(("max_price", str(dice.randrange(20, 60))))
    return pairs


def random_rule(dice: random.Random) -> CollectionRule:
    """A rule with some conditions of any kind."""
    conditions = []
    for subject in dice.sample(list(RuleField), dice.randrange(1, 4)):
        values = {
            RuleField.TYPE: TYPES[:2],
            RuleField.VENDOR: VENDORS[:4],
            RuleField.CATEGORY: CATEGORIES[:3],
            RuleField.TAG: TAGS,
            RuleField.OPTION: COLOURS,
        }.get(subject)
        priced = subject is RuleField.PRICE
        conditions.append(
            RuleCondition(
                subject=subject,
                values=tuple(dice.sample(values, dice.randrange(1, 3))) if values else (),
                option="Colour" if subject is RuleField.OPTION else "",
                least={"US": dice.randrange(30) * 100} if priced and dice.random() < 0.5 else {},
                most={"US": 2900, "DE": 1500} if priced and dice.random() < 0.7 else {},
                negated=dice.random() < 0.3,
            )
        )
    return CollectionRule(conditions=tuple(conditions), any_of=dice.random() < 0.4)


def belongs(product: Product, rule: CollectionRule, stock: Mapping[Sku, int], market: str) -> bool:
    """Whether a published product is one of the rule's, worked out the plain way."""
    answers = [_has(product, each, stock, market) is not each.negated for each in rule.conditions]
    return any(answers) if rule.any_of else all(answers)


def _has(product: Product, condition: RuleCondition, stock: Mapping[Sku, int], market: str) -> bool:
    match condition.subject:
        case RuleField.STOCK:
            return any(
                _buyable(product, each, stock) and each.price_in(market) is not None
                for each in product.variants
            )
        case RuleField.PRICE:
            least, most = condition.least.get(market), condition.most.get(market)
            prices = [each.price_in(market) for each in product.variants]
            return (least is not None or most is not None) and any(
                (least is None or price.amount.minor >= least)
                and (most is None or price.amount.minor <= most)
                for price in prices
                if price
            )
        case RuleField.OPTION:
            held = {each.options.get(condition.option) for each in product.variants}
        case RuleField.TAG:
            held = set(product.tags)
        case plain:
            held = {str(getattr(product, plain.value))}
    return not held.isdisjoint(condition.values)


@dataclass
class Expected:
    """What a listing should have: products, and per filter how many each value has."""

    products: list[Product]
    counts: dict[str, Counter[str]]


def expect(
    products: Iterable[Product], stock: Mapping[Sku, int], query: ListingQuery, market: str
) -> Expected:
    """Work a listing out by looking at every variant of every product."""
    live = [
        each for each in products if is_published(each) and (each.published_at or now()) <= now()
    ]
    active = query.filter_names
    found = [each for each in live if _fitting(each, stock, query, market, active)]
    counts: dict[str, Counter[str]] = {}
    for name in ("in_stock", "vendor", "option.Colour", "option.Size"):
        others = [each for each in active if each != name]
        counts[name] = Counter()
        for product in live:
            variants = _fitting(product, stock, query, market, others)
            counts[name].update(_values(name, product, variants, stock))
    return Expected(found, counts)


def _fitting(
    product: Product,
    stock: Mapping[Sku, int],
    query: ListingQuery,
    market: str,
    names: Iterable[str],
) -> list[Variant]:
    found = []
    for variant in product.variants:
        price = variant.price_in(market)
        if price is None:
            continue
        if query.floor is not None and price.amount.minor < query.floor.minor:
            continue
        if query.ceiling is not None and price.amount.minor > query.ceiling.minor:
            continue
        if all(_meets(product, variant, stock, query, name) for name in names):
            found.append(variant)
    return found


def _meets(
    product: Product, variant: Variant, stock: Mapping[Sku, int], query: ListingQuery, name: str
) -> bool:
    if name == "in_stock":
        return _buyable(product, variant, stock)
    if name == "vendor":
        return product.vendor in query.vendors
    return variant.options.get(name.removeprefix(OPTION)) in query.values_of(name)


def _buyable(product: Product, variant: Variant, stock: Mapping[Sku, int]) -> bool:
    below = 0 if variant.policy.kind is PolicyKind.DENY else variant.policy.limit
    has_stock = below is None or stock.get(variant.sku, 0) + below > 0
    return has_stock and not product.is_bundle  # these are made of nothing here


def _values(
    name: str, product: Product, variants: list[Variant], stock: Mapping[Sku, int]
) -> set[str]:
    if name == "in_stock":
        return {"1"} if any(_buyable(product, each, stock) for each in variants) else set()
    if name == "vendor":
        return {product.vendor} if variants and product.vendor else set()
    option = name.removeprefix(OPTION)
    return {each.options[option] for each in variants if option in each.options}


def described(model: CatalogModel) -> dict[str, object]:
    """All that a model says, without its row and variant numbers."""

    def names(rows: Iterable[int]) -> list[str]:
        return sorted(model.ids[row] for row in rows)

    def variant(number: int) -> tuple[str, int]:
        row = model.row_of_variant[number]
        return (model.ids[row], number - int(model.first[row]))

    def variants(numbers: Iterable[int]) -> list[tuple[str, int]]:
        return sorted(map(variant, numbers))

    rows = sorted(model.present)
    return {
        "rows": {
            model.ids[row]: (
                model.slugs[row],
                model.row_of[model.ids[row]] == row,
                int(model.published[row]),
                int(model.sales[row]),
                int(model.revision[row]),
                int(model.count[row]),
                int(model.shown[row]),
                int(model.text_print[row]),
                model.keywords[row].tolist(),
                model.skus[model.first[row] : model.first[row] + model.count[row]].tolist(),
            )
            for row in rows
        },
        "known": sorted(model.row_of),
        "sets": {
            name: names(getattr(model, name))
            for name in ("present", "featured", "bundles", "in_stock")
        },
        "types": {key: names(value) for key, value in model.types.items()},
        "tags": {key: names(value) for key, value in model.tags.items()},
        "vendors": {key: names(value) for key, value in model.vendors.items()},
        "categories": {key: names(value) for key, value in model.in_category.items()},
        "option rows": {key: names(value) for key, value in model.option_rows.items()},
        "option variants": {key: variants(value) for key, value in model.option_variants.items()},
        "buyable": variants(model.buyable),
        "newest": [model.ids[row] for row in model.newest.rows],
        "bestselling": [model.ids[row] for row in model.bestselling.rows],
        "collections": {
            key: (
                names(value.rows)
                if value.order is None
                else [model.ids[row] for row in value.order],
                {market: names(rows) for market, rows in (value.by_market or {}).items() if rows},
            )
            for key, value in model.members_of.items()
        },
        "markets": {
            code: {
                "rows": {
                    model.ids[row]: (int(market.lowest[row]), int(market.highest[row]))
                    for row in market.rows
                },
                "variants": {variant(each): int(market.prices[each]) for each in market.variants},
                "partly": names(market.partly),
                "cheapest": [model.ids[row] for row in market.cheapest.rows],
                "dearest": [model.ids[row] for row in market.dearest.rows],
            }
            for code, market in model.markets.items()
            if market.rows
        },
        "words": {word: names(model.search.find(word, model.present).rows) for word in WORDS},
    }
