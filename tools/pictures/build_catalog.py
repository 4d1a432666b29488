"""Write ``demo/catalog.json`` from the range in ``catalog.py``: ``python -m tools.pictures.build_catalog``."""

from __future__ import annotations

import json
import random
import re
import unicodedata
import zlib
from datetime import date, timedelta
from pathlib import Path

from tools.pictures.catalog import BUNDLES, CATEGORIES, COLLECTIONS, ITEMS, MAKERS, RULED, Item

DEMO = Path(__file__).resolve().parents[2] / "demo"
_OPENED = date(2025, 9, 1)
WIDTH, HEIGHT = 640, 800


def slug(text: str) -> str:
    """The text as a handle."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower().replace("'", "")).strip("-")


def picture_name(item: Item, colour: str) -> str:
    """The picture of an item in one colour."""
    if item.shown_as:
        return f"{item.shown_as[item.colours.index(colour)]}.webp"
    return f"{slug(item.title)}-{slug(colour)}.webp"


def prices(dollars: float, former: float | None) -> dict:
    """Prices by market in minor units: whole dollars, rupees ending in 9, euros ending in 90."""

    def of(value: float) -> dict[str, int]:
        rupees = max(round(value * 46 / 50) * 50 - 1, 99)
        return {"US": round(value) * 100, "IN": rupees * 100, "DE": round(value * 1.04) * 100 - 10}

    now, before = of(dollars), of(former) if former else {}
    return {code: {"amount": now[code], "compare_at": before.get(code)} for code in now}


def _ean(seed: str) -> str:
    """An in-house EAN-13 (prefix 20) with its check digit."""
    digits = f"20{zlib.crc32(seed.encode()) % 10**10:010d}"
    total = sum(int(d) * (3 if place % 2 else 1) for place, d in enumerate(digits))
    return digits + str(-total % 10)


def _stock(rng: random.Random) -> int:
    chance = rng.random()
    if chance < 0.05:
        return 0
    return rng.randint(1, 5) if chance < 0.15 else rng.randint(8, 90)


def _variants(item: Item, rng: random.Random) -> list[dict]:
    made = []
    for colour in item.colours:
        for size, factor in item.sizes or (("", 1.0),):
            options = {item.option: colour}
            if size:
                options["Size"] = size
            code = "-".join(
                slug(part).upper()[:14].rstrip("-") for part in (item.title, colour, size) if part
            )
            former = item.sale * factor if item.sale else None
            made.append(
                {
                    "sku": code,
                    "options": options,
                    "prices": prices(item.usd * factor, former),
                    "weight_grams": round(item.grams * factor),
                    "barcode": _ean(code),
                    "stock": _stock(rng),
                    "image": picture_name(item, colour),
                }
            )
    return made


def _product(place: int, item: Item) -> dict:
    rng = random.Random(slug(item.title))
    options = [{"name": item.option, "values": list(item.colours)}]
    if item.sizes:
        options.append({"name": "Size", "values": [name for name, _ in item.sizes]})
    first = item.text.split(". ")[0].rstrip(".") + "."
    return {
        "slug": slug(item.title),
        "title": item.title,
        "vendor": item.maker,
        "type": item.kind,
        "category": item.category,
        "description_html": f"<p>{item.text}</p><p>{MAKERS[item.maker]}</p>",
        "tags": list(item.tags),
        "featured": item.featured,
        "published_at": str(_OPENED + timedelta(days=(place * 53) % 430)),
        "attributes": {"Material": item.material, "Size": item.dimensions, "Care": item.care},
        "options": options,
        "images": [
            {
                "file": picture_name(item, colour),
                "alt": f"{item.title} in {colour.lower()}",
                "width": WIDTH,
                "height": HEIGHT,
                "option_values": {item.option: colour},
            }
            for colour in item.colours
        ],
        "tax_class": item.tax_class,
        "variants": _variants(item, rng),
        "seo": {"title": f"{item.title} by {item.maker}", "description": first},
    }


def _bundle(place: int, given: tuple, products: dict[str, dict]) -> dict:
    title, category, maker, text, parts, pricing = given
    return {
        "slug": slug(title),
        "title": title,
        "vendor": maker,
        "type": "Set",
        "category": category,
        "description_html": f"<p>{text}</p>",
        "tags": ["set", "gift"],
        "featured": False,
        "published_at": str(_OPENED + timedelta(days=300 + place)),
        "attributes": {"Contains": ", ".join(f"{count} × {name}" for name, count, *_ in parts)},
        "options": [],
        "images": [
            {
                "file": f"{slug(title)}.webp",
                "alt": title,
                "width": WIDTH,
                "height": HEIGHT,
                "option_values": {},
            }
        ],
        "variants": [
            {
                "sku": slug(title).upper(),
                "options": {},
                "weight_grams": 0,
                "barcode": "",
                "image": None,
            }
        ],
        "components": [_component(products[name], *rest) for name, *rest in parts],
        "pricing": _pricing(pricing),
        "seo": {"title": title, "description": text},
    }


def _component(product: dict, count: int, kind: str = "") -> dict:
    """A part; one that is exchangeable can be had in the product's other colours as well."""
    first, *others = product["variants"]
    colour = product["options"][0]["name"] if product["options"] else ""
    part = {"sku": first["sku"], "quantity": count}
    if kind == "optional":
        part["optional"] = True
    if kind == "exchangeable":
        part["alternatives"] = [
            each["sku"]
            for each in others
            if {**each["options"], colour: ""} == {**first["options"], colour: ""}
        ]
    return part


def _pricing(given: int | dict[str, int]) -> dict:
    """A share off in basis points, or fixed prices in minor units by market."""
    if isinstance(given, int):
        return {"kind": "percent_off", "basis_points": given}
    prices = {market: {"amount": amount} for market, amount in given.items()}
    return {"kind": "fixed", "prices": prices}


def _gift_card() -> dict:
    """Money to be spent here: three cards, round amounts in each market."""
    text = "For somebody whose taste you would rather not guess. Sent by e-mail, good for anything."
    amounts = {
        "Small": {"US": 2500, "IN": 200000, "DE": 2500},
        "Medium": {"US": 5000, "IN": 400000, "DE": 5000},
        "Large": {"US": 10000, "IN": 800000, "DE": 10000},
    }
    return {
        "slug": "gift-card",
        "title": "Gift Card",
        "vendor": "MossX",
        "type": "Gift card",
        "category": CATEGORIES[0][0],
        "gift_card": True,
        "description_html": f"<p>{text}</p><p>What is not spent at once stays on the card.</p>",
        "tags": ["gift", "gift card", "voucher"],
        "featured": False,
        "published_at": str(_OPENED),
        "attributes": {"Sent": "By e-mail, within minutes", "Good for": "As long as it takes"},
        "options": [{"name": "Card", "values": list(amounts)}],
        "images": [
            {
                "file": "gift-card.webp",
                "alt": "A green gift card",
                "width": WIDTH,
                "height": HEIGHT,
                "option_values": {},
            }
        ],
        "variants": [
            {
                "sku": f"GIFT-CARD-{name.upper()}",
                "options": {"Card": name},
                "prices": {
                    code: {"amount": amount, "compare_at": None} for code, amount in prices.items()
                },
                "weight_grams": 0,
                "barcode": "",
                "image": "gift-card.webp",
            }
            for name, prices in amounts.items()
        ],
        "seo": {"title": "Gift card", "description": text},
    }


def main() -> None:
    """Write the file."""
    products = [*(_product(place, item) for place, item in enumerate(ITEMS)), _gift_card()]
    by_title = {each["title"]: each for each in products}
    skus = [variant["sku"] for each in products for variant in each["variants"]]
    if len(skus) != len(set(skus)):
        raise SystemExit("a SKU is there twice")
    data = {
        "categories": [
            {"slug": name, "name": title, "description": text, "image": f"category-{name}.webp"}
            for name, title, text in CATEGORIES
        ],
        "collections": [
            {
                "slug": name,
                "title": title,
                "description": text,
                "image": f"collection-{name}.webp",
                "products": [slug(each) for each in titles],
            }
            for name, title, text, titles in COLLECTIONS
        ]
        + [
            {
                "slug": name,
                "title": title,
                "description": text,
                "image": picture,
                "rule": rule,
                "sort": sort,
                "starts_at": first,
                "ends_at": last,
            }
            for name, title, text, picture, rule, sort, first, last in RULED
        ],
        "products": products,
        "bundles": [_bundle(place, each, by_title) for place, each in enumerate(BUNDLES)],
    }
    DEMO.mkdir(exist_ok=True)
    (DEMO / "catalog.json").write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n")
    pictures = {image["file"] for each in products for image in each["images"]}
    print(f"{len(products)} products, {len(skus)} variants, {len(pictures)} pictures")


if __name__ == "__main__":
    main()
